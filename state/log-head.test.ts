import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Disk, DiskFile } from "../base/disk.ts";
import { MemoryDisk } from "../base/memory-disk.ts";
import { BLOCK_HEADER_BYTES } from "./block.ts";
import { BLOCK_BYTES, BlockCache } from "./block-cache.ts";
import { LogHead } from "./log-head.ts";
import { Segment } from "./segment.ts";

/** A head at the end of a segment, and what was written to it. */
class Written {
  readonly cache: BlockCache;
  readonly head: LogHead;
  readonly blocks: { readonly number: number; readonly length: number; readonly byte: number }[] = [];
  readonly file: DiskFile;

  constructor(limit: number, disk: Disk = new MemoryDisk()) {
    this.cache = new BlockCache(limit);
    this.head = new LogHead(this.cache);
    this.head.segment = Segment.create(disk, "state", "a", 1, []);
    this.file = this.head.segment.file;
  }

  /** Writes a block that is full of one byte. */
  append(bytes: number): void {
    const { head } = this;
    const byte = this.blocks.length % 251;
    head.begin(bytes);
    const number = head.block;
    head.buffer.fill(byte, head.length, head.length + bytes);
    head.length += bytes;
    head.close();
    this.blocks.push({ number, length: BLOCK_HEADER_BYTES + bytes, byte });
  }

  check(at: number, bytes: Buffer): void {
    const { length, byte } = this.blocks[at]!;
    const content = bytes.subarray(BLOCK_HEADER_BYTES, length);
    expect(content.equals(Buffer.alloc(length - BLOCK_HEADER_BYTES, byte)), `bytes of block ${at}`).toBe(true);
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ append: fc.integer({ min: 1, max: BLOCK_BYTES - BLOCK_HEADER_BYTES }) }) },
  { weight: 1, arbitrary: fc.record({ append: fc.integer({ min: 1, max: 3 * BLOCK_BYTES }) }) },
  { weight: 4, arbitrary: fc.record({ get: fc.nat({ max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ peek: fc.nat({ max: 12 }) }) },
  { weight: 1, arbitrary: fc.constant({ write: true }) },
);

describe("the head of a log", () => {
  it.each([
    ["a block at once", 8 * BLOCK_BYTES],
    ["some blocks at once", 200 * BLOCK_BYTES],
  ])("keeps what was got last while %s is written, and all is found again", (_, limit) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 50, maxLength: 400, size: "max" }), (steps) => {
        const written = new Written(limit);
        const { cache, head, blocks } = written;
        let last: { at: number; bytes: Buffer } = { at: -1, bytes: Buffer.alloc(0) };
        for (const one of steps) {
          if ("append" in one) written.append(one.append);
          else if ("write" in one) head.write();
          else if (blocks.length > 0) {
            const isKept = "get" in one;
            const at = Math.max(0, blocks.length - 1 - (isKept ? one.get : one.peek));
            const { number } = blocks[at]!;
            last = { at, bytes: isKept ? cache.get(number) : cache.peek(number) };
          }
          if (last.at >= 0) written.check(last.at, last.bytes);
          expect(cache.memory).toBeLessThanOrEqual(limit);
        }
        head.write();
        head.release();
        for (const [at, { number }] of blocks.entries()) written.check(at, cache.peek(number));
      }),
      { numRuns: 60 },
    );
  });

  it("writes many blocks at once, and does not cache what nobody has read", () => {
    const sizes: number[] = [];
    const disk = diskThat(({ length }) => sizes.push(length));
    const written = new Written(64 << 20, disk);
    const before = written.cache.memory;
    for (let i = 0; i < 1_000; i++) written.append(BLOCK_BYTES - BLOCK_HEADER_BYTES);
    written.head.write();
    const [header, ...blocks] = sizes;
    expect([header! < 100, new Set(blocks.slice(0, -1))]).toEqual([true, new Set([16 * BLOCK_BYTES])]);
    expect(blocks.reduce((sum, bytes) => sum + bytes, 0)).toBe(1_000 * BLOCK_BYTES);
    expect(written.cache.memory - before).toBeLessThan(20 * BLOCK_BYTES);
  });

  it("caches what somebody has read", () => {
    let reads = 0;
    const disk = diskThat(
      () => {},
      () => reads++,
    );
    const written = new Written(64 << 20, disk);
    for (let i = 0; i < 100; i++) {
      written.append(1_000);
      if (i < 10) written.cache.get(written.blocks[i]!.number);
    }
    written.head.write();
    written.head.release();
    for (let at = 0; at < 20; at++) written.check(at, written.cache.get(written.blocks[at]!.number));
    expect(reads).toBe(10);
  });

  it("goes on behind a write that failed, with nothing lost", () => {
    let fails = false;
    const disk = diskThat(() => {
      if (fails) throw new Error("full");
    });
    const written = new Written(8 * BLOCK_BYTES, disk);
    written.append(10_000);
    fails = true;
    expect(() => written.append(10_000)).toThrow("full");
    expect(() => written.head.write()).toThrow("full");
    expect(written.blocks).toHaveLength(1);
    fails = false;
    written.append(10_000);
    written.head.write();
    written.head.release();
    for (const at of [0, 1]) written.check(at, written.cache.peek(written.blocks[at]!.number));
  });
});

/** A disk that tells of what is written and read. */
function diskThat(onWrite: (bytes: Uint8Array) => void, onRead: () => void = () => {}): Disk {
  const disk = new MemoryDisk();
  const { open } = disk;
  disk.open = (path, mode) => {
    const file = open.call(disk, path, mode);
    const { read, write } = file;
    file.write = (bytes, position) => {
      onWrite(bytes);
      write.call(file, bytes, position);
    };
    file.read = (...args) => {
      onRead();
      return read.apply(file, args);
    };
    return file;
  };
  return disk;
}
