import fc from "fast-check";
import { compressFrameSync, compressSync, decompressFrameSync } from "lz4-napi";
import { describe, expect, it } from "vitest";
import { compress } from "./compress.ts";
import { forEachBlock, parseLz4Frame } from "./lz4/frame.ts";
import { RecordPool } from "./record-pool.ts";

/** What repeats at all distances, near and far, and what does not. */
const texts = fc
  .record({
    words: fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 20 }),
    order: fc.array(fc.record({ word: fc.nat(19), times: fc.nat(8) }), { maxLength: 200 }),
    noise: fc.uint8Array({ maxLength: 500 }),
    turns: fc.constantFrom(1, 1, 1, 60),
  })
  .map(({ words, order, noise, turns }) => {
    const repeated = order.flatMap(({ word, times }) => Array<Uint8Array>(times).fill(words[word % words.length]!));
    return Buffer.concat(Array.from({ length: turns }, () => [...repeated, noise]).flat());
  });

const writers = {
  "as Kafka's producers here write it": (text: Buffer) => compress(text, "lz4"),
  "in blocks of 64 kB": (text: Buffer) => compressFrameSync(text),
  "with blocks that refer to those before": linkedFrame,
} as const;
const frames = fc
  .record({ text: texts, writer: fc.constantFrom(...Object.values(writers)) })
  .map(({ text, writer }) => ({ text, frame: writer(text) }));

describe("a pool of records", () => {
  it("has what frames of LZ4 were made of, one behind the other, at the same places while it grows", () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 12 }), (all) => {
        const pool = new RecordPool();
        const ranges = all.map(({ frame }) => [pool.addLz4(frame, parseLz4Frame(frame)), pool.length] as const);
        const back = ranges.map(([start, end]) => pool.bytes.toString("latin1", start, end));
        expect(back).toEqual(all.map(({ text }) => text.toString("latin1")));
      }),
      { numRuns: 100 },
    );
  });

  it("takes of damaged blocks just what another library takes, with the same bytes, and refuses the others", () => {
    const pool = new RecordPool();
    const outcomes = { taken: 0, refused: 0 };
    const changes = fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(frames, changes, ({ frame }, bytes) => {
        const damaged = Buffer.from(frame);
        const places = inBlocks(frame);
        for (const { at, byte } of bytes) if (places.length > 0) damaged[places[at % places.length]!] = byte;
        const theirs = attempt(() => decompressFrameSync(damaged));
        const ours = attempt(() => added(pool, damaged));
        expect(ours?.toString("latin1")).toBe(theirs?.toString("latin1"));
        outcomes[ours === undefined ? "refused" : "taken"]++;
      }),
      { numRuns: 1_500 },
    );
    expect(Math.min(outcomes.taken, outcomes.refused)).toBeGreaterThan(100);
  });

  it("refuses a frame that is cut off anywhere, or goes on, and whatever else its header or its lengths may say", () => {
    const pool = new RecordPool();
    const changes = fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { maxLength: 3 });
    fc.assert(
      fc.property(frames, changes, fc.nat(), ({ text, frame }, bytes, cut) => {
        expect(() => added(pool, frame.subarray(0, cut % frame.length))).toThrow(RangeError);
        expect(() => added(pool, Buffer.concat([frame, Buffer.alloc(1 + (cut % 9))]))).toThrow(RangeError);
        const damaged = Buffer.from(frame);
        for (const { at, byte } of bytes) damaged[at % Math.min(frame.length, 20)] = byte;
        attempt(() => added(pool, damaged));
        expect(added(pool, frame).equals(text)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

function added(pool: RecordPool, frame: Buffer): Buffer {
  pool.clear();
  const start = pool.addLz4(frame, parseLz4Frame(frame));
  return pool.bytes.subarray(start, pool.length);
}

/** The places of all bytes of its blocks: of a stored one, any byte is as good as another. */
function inBlocks(frame: Buffer): number[] {
  const places: number[] = [];
  forEachBlock(frame, parseLz4Frame(frame), (start, end) => {
    for (let at = start; at < end; at++) places.push(at);
  });
  return places;
}

function attempt(decompress: () => Buffer): Buffer | undefined {
  try {
    return decompress();
  } catch (error) {
    // Nothing else than a refusal, neither a defect nor a trap of WebAssembly, which has an error of its own.
    if (error instanceof WebAssembly.RuntimeError || error instanceof TypeError) throw error;
    return undefined;
  }
}

/** As liblz4 writes it by default: each block of 200 bytes may refer to all before it. */
function linkedFrame(text: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0xc0])];
  for (let at = 0; at < text.length; at += 200) {
    const block = compressSync(text.subarray(at, at + 200), text.subarray(0, at)).subarray(4);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat([...parts, Buffer.alloc(4)]);
}
