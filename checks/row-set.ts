import { hashText } from "../base/hash.ts";
import type { Key } from "../base/key.ts";
import { MOST_SHOWN, OrderedEntries } from "./ordered-entries.ts";
import type { RowWriter } from "./row-codec.ts";
import type { PackWriter, RowPack } from "./row-pack.ts";
import type { JudgedEntry } from "./totals.ts";

/** Where a row that takes part in a check comes from: its evidence, shared by the legs that it feeds. */
export interface RowEvidence {
  /** Identity of the row within the check: input, table and primary key. */
  readonly id: string;
  readonly input: number;
  readonly table: number;
  readonly row: Key;
  readonly major: number;
  readonly minor: number;
  readonly sub: number;
  /** Event time of the change; −∞ for the seed. */
  readonly time: number;
  /** When the seed was taken, for a row of it; else null. */
  readonly seed: number | null;
  /** Values of the model's fields, in order, for people. */
  readonly fields: readonly unknown[];
}

/** A row's part in one leg. */
export interface Entry extends JudgedEntry {
  readonly from: RowEvidence;
}

/** A row that counts. */
export interface CountedRow {
  readonly id: string;
  entries: readonly Entry[];
  /** False once the row was taken away: who still points at it passes it over. */
  counts: boolean;
}

/** Rows up to which looking at each is quicker than a map. */
const FEW = 16;
/** Rows of a pack at most. One of fewer than half of them is packed anew with what came since. */
const MOST_PACKED = 64;
/** Packs up to which looking at each is quicker than a map. */
const FEW_PACKS = 8;

/**
 * The rows of a key by identity: a plain list while they are few, as they nearly always are. Of a key with many those that were
 * written lie in packs, and are no objects unless somebody asks for one of them.
 */
export class RowSet {
  /** Those that are in no pack. */
  readonly #rows: CountedRow[] = [];
  /** Positions in `#rows`; kept once there are many. */
  #index: Map<string, number> | undefined;
  #packs: RowPack[] = [];
  /** Rows in packs. */
  #packed = 0;
  /** By hash at least one of the packs that have a row of it, and such as are packs no more; kept once there are many. */
  #byHash: Map<number, RowPack> | undefined;
  /** All entries were asked for, as they are likely to be again. */
  #isOpen = false;
  /** Kept from when it was first asked for. */
  #ordered: OrderedEntries | undefined;

  /** Rows that `writePacked` wrote, into a set without rows. */
  takePacks(packs: RowPack[]): void {
    this.#packs = packs;
    this.#packed = packs.reduce((sum, { count }) => sum + count, 0);
  }

  get size(): number {
    return this.#rows.length + this.#packed;
  }

  has(id: string): boolean {
    return this.#positionOf(id) >= 0 || this.#packOf(id) !== undefined;
  }

  /** Adds entries of a row; a row that is there gets them on top. */
  add(id: string, entries: readonly Entry[]): void {
    const at = this.#placeOf(id);
    if (at >= 0) {
      const row = this.#rows[at]!;
      row.entries = [...row.entries, ...entries];
      this.#ordered?.add(row, entries);
      return;
    }
    const row = { id, entries, counts: true };
    this.#push(row);
    this.#ordered?.add(row, entries);
  }

  /** Takes a row away; undefined if it is not there. */
  remove(id: string): CountedRow | undefined {
    const at = this.#placeOf(id);
    if (at < 0) return undefined;
    const row = this.#rows[at]!;
    const last = this.#rows.pop()!;
    this.#index?.delete(id);
    if (last !== row) {
      this.#rows[at] = last;
      this.#index?.set(last.id, at);
    }
    row.counts = false;
    this.#ordered?.remove(row.entries);
    return row;
  }

  clear(): void {
    this.#rows.length = 0;
    this.#index = undefined;
    this.takePacks([]);
    this.#byHash = undefined;
    this.#isOpen = false;
    this.#ordered = undefined;
  }

  /** The entries in order, where there are more rows than a verdict shows: they are kept in order from then on. */
  get ordered(): OrderedEntries | undefined {
    if (this.size > MOST_SHOWN) this.#ordered ??= new OrderedEntries(this.#opened());
    else this.#ordered = undefined;
    return this.#ordered;
  }

  /** All entries, in no order. */
  entries(): Entry[] {
    return this.#opened().flatMap((row) => row.entries);
  }

  /** Bytes of rows of which there are no objects. */
  get bytesLeft(): number {
    return this.#isOpen ? 0 : this.#packs.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Writes the number of rows, and each of them. */
  write(rows: RowWriter): void {
    rows.out.uint(this.size);
    for (const { rows: packed } of this.#packs) for (const { id, entries } of packed) rows.write(id, entries);
    for (const { id, entries } of this.#rows) rows.write(id, entries);
  }

  /** Writes the rows in packs, which are then left in them: only what came or changed since the last time is written anew. */
  writePacked({ out, packs: writer }: RowWriter): void {
    this.#pack(writer!);
    out.uint(this.#packs.length);
    for (const { count, bytes } of this.#packs) {
      out.uint(count);
      out.block(bytes);
    }
  }

  #pack(writer: PackWriter): void {
    const last = this.#packs.at(-1);
    if (this.#rows.length > 0 && last !== undefined && last.count < MOST_PACKED / 2) this.#unpack(last);
    for (let at = 0; at < this.#rows.length; at += MOST_PACKED) {
      const pack = writer.pack(this.#rows.slice(at, at + MOST_PACKED), this.#isOpen);
      this.#packs.push(pack);
      this.#packed += pack.count;
      if (this.#byHash !== undefined) enter(pack, this.#byHash);
    }
    this.#rows.length = 0;
    this.#index = undefined;
  }

  /** Its rows are in no pack from now on. */
  #unpack(pack: RowPack): void {
    this.#packs.splice(this.#packs.indexOf(pack), 1);
    this.#packed -= pack.count;
    for (const row of pack.rows) this.#push(row);
  }

  #push(row: CountedRow): void {
    this.#rows.push(row);
    if (this.#index !== undefined) this.#index.set(row.id, this.#rows.length - 1);
    else if (this.#rows.length > FEW) this.#index = new Map(this.#rows.map((known, position) => [known.id, position]));
  }

  /** All rows, as objects from now on. */
  #opened(): readonly CountedRow[] {
    this.#isOpen = true;
    return this.#packs.length === 0 ? this.#rows : [...this.#packs.flatMap(({ rows }) => rows), ...this.#rows];
  }

  /** The position in `#rows` of a row that is to be changed; −1 if it is not there. */
  #placeOf(id: string): number {
    const at = this.#positionOf(id);
    if (at >= 0) return at;
    const pack = this.#packOf(id);
    if (pack === undefined) return -1;
    this.#unpack(pack);
    return this.#positionOf(id);
  }

  #positionOf(id: string): number {
    if (this.#index !== undefined) return this.#index.get(id) ?? -1;
    for (let at = 0; at < this.#rows.length; at++) if (this.#rows[at]!.id === id) return at;
    return -1;
  }

  #packOf(id: string): RowPack | undefined {
    if (this.#packs.length === 0) return undefined;
    const hash = hashText(id);
    const has = (pack: RowPack) => pack.find(id, hash) !== undefined;
    if (this.#packs.length <= FEW_PACKS) return this.#packs.find(has);
    this.#byHash ??= byHash(this.#packs);
    const pack = this.#byHash.get(hash);
    if (pack === undefined) return undefined;
    return this.#packs.includes(pack) && has(pack) ? pack : this.#packs.find(has);
  }
}

function byHash(packs: readonly RowPack[]): Map<number, RowPack> {
  const found = new Map<number, RowPack>();
  for (const pack of packs) enter(pack, found);
  return found;
}

function enter(pack: RowPack, to: Map<number, RowPack>): void {
  for (let row = 0; row < pack.count; row++) to.set(pack.hashAt(row), pack);
}
