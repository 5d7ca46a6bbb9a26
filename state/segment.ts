import { posix } from "node:path";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { Disk, DiskFile } from "../base/disk.ts";
import { raise } from "../base/errors.ts";
import { BLOCK_HEADER_BYTES, BlockKind, blockLength, damaged, readBlock, sealBlock } from "./block.ts";
import type { GroupRuns } from "./store-part.ts";

/**
 * A file of the log: eight bytes that name the format and its version, a block with the segment's order and the names
 * of its tables, in the order of their numbers, and blocks of records. It is only ever appended to, by the store that made it.
 */
export class Segment {
  readonly name: string;
  /** A key's newest record is the one in the segment with the highest order. */
  readonly order: number;
  readonly tables: readonly string[];
  readonly file: DiskFile;
  /** Numbers of its blocks of records, oldest first. */
  readonly blocks: number[] = [];
  /** Bytes written, or those that belong to the checkpoint that was restored. */
  bytes: number;
  /** Bytes of this store in it: all but what other workers have in a file that is shared. */
  ownBytes = 0;
  /** Bytes of records that are the newest of their key. */
  liveBytes = 0;
  /** What counts of a file that is shared; undefined: all of it. */
  only: GroupRuns | undefined;
  /** Part of a checkpoint, which may need the file still when nothing in it is live; else it goes with its records. */
  isNamed = false;
  #holds = 1;
  #whenFree: () => void = () => {};

  private constructor(name: string, order: number, tables: readonly string[], file: DiskFile, bytes: number) {
    this.name = name;
    this.order = order;
    this.tables = tables;
    this.file = file;
    this.bytes = bytes;
  }

  /** A new file, with its header written. */
  static create(disk: Disk, dir: string, name: string, order: number, tables: readonly string[]): Segment {
    const out = new ByteWriter();
    for (let i = 0; i < BLOCK_HEADER_BYTES; i++) out.byte(0);
    out.uint(order);
    out.uint(tables.length);
    for (const table of tables) out.text(table);
    sealBlock(out.buffer, out.length, BlockKind.header, FORMAT.length);
    const file = disk.open(posix.join(dir, name), "create");
    file.write(Buffer.concat([FORMAT, out.bytes()]), 0);
    const segment = new Segment(name, order, tables, file, FORMAT.length + out.length);
    segment.ownBytes = segment.bytes;
    return segment;
  }

  /** A file that is there, of which the first `bytes` belong to a checkpoint. STATE_CORRUPT if it is damaged, shorter, or gone. */
  static open(disk: Disk, dir: string, name: string, bytes: number): { segment: Segment; firstBlock: number } {
    const path = posix.join(dir, name);
    if (!disk.exists(path)) raise("STATE_CORRUPT", { file: path, position: 0, reason: "it is not there" });
    const file = disk.open(path, "read");
    try {
      if (file.size() < bytes) damaged(file, file.size(), `it ends there, before byte ${bytes}`);
      const format = Buffer.alloc(FORMAT.length);
      file.read(format, 0, FORMAT.length, 0);
      if (!format.equals(FORMAT)) damaged(file, 0, "it is no state of the format that this program knows, 1");
      const length = blockLength(file, FORMAT.length, bytes);
      const block = Buffer.alloc(length);
      readBlock(file, FORMAT.length, length, BlockKind.header, block);
      const input = new ByteReader().reset(block, BLOCK_HEADER_BYTES, length);
      const order = input.uint();
      const tables = Array.from({ length: input.uint() }, () => input.text());
      const segment = new Segment(name, order, tables, file, bytes);
      segment.isNamed = true;
      return { segment, firstBlock: FORMAT.length + length };
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Makes all that was written durable; the file stays open meanwhile. */
  async sync(): Promise<void> {
    this.hold();
    try {
      await this.file.sync();
    } finally {
      this.release();
    }
  }

  /** Keeps the file open, and its blocks in place, until `release`. */
  hold(): void {
    this.#holds++;
  }

  release(): void {
    if (--this.#holds > 0) return;
    this.#whenFree();
    this.file.close();
  }

  /** The log does not need it any more: it is closed, after `whenFree`, once nobody holds it. */
  retire(whenFree: () => void): void {
    this.#whenFree = whenFree;
    this.release();
  }
}

const FORMAT = Buffer.from("ccstate\u0001", "latin1");
