import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { hashText } from "../base/hash.ts";
import { RowReader, RowWriter } from "./row-codec.ts";
import type { CountedRow } from "./row-set.ts";
import type { RuleLeg } from "./rule.ts";
import { StateReader, StateWriter } from "./state-bytes.ts";
import { isOfNow, type LayoutMapping, type StateLayout } from "./state-layout.ts";

const HASH_BYTES = 4;

/**
 * Rows of a key that lie in bytes until somebody asks for them, and are written as those bytes. They can be read apart from all
 * else of the key.
 */
export class RowPack {
  /** How many rows there are. */
  readonly count: number;
  /** A hash of each row's identity, and the rows. They are never changed. */
  readonly bytes: Buffer;
  readonly #reader: PackReader;
  #rows: readonly CountedRow[] | undefined;

  /** `rows`: what the bytes say, where it is known. */
  constructor(reader: PackReader, count: number, bytes: Buffer, rows?: readonly CountedRow[]) {
    this.#reader = reader;
    this.count = count;
    this.bytes = bytes;
    this.#rows = rows;
  }

  /** The rows, the same objects each time. */
  get rows(): readonly CountedRow[] {
    this.#rows ??= this.#reader.read(this.bytes, this.count);
    return this.#rows;
  }

  /** The row of an identity, whose hash it is, if it is one of these. */
  find(id: string, hash: number): CountedRow | undefined {
    for (let at = 0; at < this.count; at++) {
      if (this.hashAt(at) === hash) return this.rows.find((row) => row.id === id);
    }
    return undefined;
  }

  /** The hash of a row's identity. */
  hashAt(row: number): number {
    return this.bytes.readInt32LE(row * HASH_BYTES);
  }
}

/** Reads packs that were written in a layout, in the terms of the layout now. */
export class PackReader {
  /** Packs may be kept as they are: nothing of the layout is otherwise now. */
  readonly isOfNow: boolean;
  readonly #bytes = new ByteReader();
  readonly #input = new StateReader();
  readonly #rows: RowReader;

  /** `legs`: those of the rule now. */
  constructor(mapping: LayoutMapping, legs: readonly RuleLeg[]) {
    this.isOfNow = isOfNow(mapping);
    this.#rows = new RowReader(this.#input, mapping, legs);
  }

  /** Reads how many packs there are, and takes each in as bytes. */
  packs(input: StateReader): RowPack[] {
    const packs: RowPack[] = [];
    for (let left = input.uint(); left > 0; left--) packs.push(new RowPack(this, input.uint(), input.block()));
    return packs;
  }

  /** The rows of a pack. */
  read(bytes: Buffer, count: number): CountedRow[] {
    this.#input.start(this.#bytes.reset(bytes, count * HASH_BYTES, bytes.length));
    return Array.from({ length: count }, () => ({ ...this.#rows.read(), counts: true }));
  }
}

/** Packs rows. */
export class PackWriter {
  readonly #reader: PackReader;
  readonly #bytes = new ByteWriter();
  readonly #out = new StateWriter();
  readonly #rows: RowWriter;

  /** `reader`: that of the layout. */
  constructor(layout: StateLayout, reader: PackReader) {
    this.#reader = reader;
    this.#rows = new RowWriter(this.#out, layout);
  }

  /** A pack of rows; `areKept`: as objects too, since somebody has asked for them. */
  pack(rows: readonly CountedRow[], areKept: boolean): RowPack {
    const bytes = this.#bytes;
    bytes.clear();
    this.#out.start(bytes);
    for (const { id } of rows) bytes.uint32(hashText(id) >>> 0);
    for (const { id, entries } of rows) this.#rows.write(id, entries);
    const own = Buffer.allocUnsafeSlow(bytes.length);
    bytes.buffer.copy(own, 0, 0, bytes.length);
    return new RowPack(this.#reader, rows.length, own, areKept ? rows : undefined);
  }
}
