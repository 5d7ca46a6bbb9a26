import type { Key } from "../base/key.ts";
import { MOST_SHOWN, OrderedEntries } from "./ordered-entries.ts";
import type { RowWriter } from "./row-codec.ts";
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

/** The rows of a key by identity: a plain list while they are few, as they nearly always are. */
export class RowSet {
  readonly #rows: CountedRow[] = [];
  /** Positions in `#rows`; kept once there are many. */
  #index: Map<string, number> | undefined;
  /** Kept from when it was first asked for. */
  #ordered: OrderedEntries | undefined;

  get size(): number {
    return this.#rows.length;
  }

  has(id: string): boolean {
    return this.#positionOf(id) >= 0;
  }

  /** Adds entries of a row; a row that is there gets them on top. */
  add(id: string, entries: readonly Entry[]): CountedRow {
    const at = this.#positionOf(id);
    if (at >= 0) {
      const row = this.#rows[at]!;
      row.entries = [...row.entries, ...entries];
      this.#ordered?.add(row, entries);
      return row;
    }
    const row = { id, entries, counts: true };
    this.#rows.push(row);
    this.#ordered?.add(row, entries);
    if (this.#index !== undefined) this.#index.set(id, this.#rows.length - 1);
    else if (this.#rows.length > FEW) this.#index = new Map(this.#rows.map((known, position) => [known.id, position]));
    return row;
  }

  /** Takes a row away; undefined if it is not there. */
  remove(id: string): CountedRow | undefined {
    const at = this.#positionOf(id);
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
    for (const row of this.#rows) row.counts = false;
    this.#rows.length = 0;
    this.#index = undefined;
    this.#ordered = undefined;
  }

  /** The entries in order, where there are more rows than a verdict shows: they are kept in order from then on. */
  get ordered(): OrderedEntries | undefined {
    if (this.#rows.length > MOST_SHOWN) this.#ordered ??= new OrderedEntries(this.#rows);
    else this.#ordered = undefined;
    return this.#ordered;
  }

  /** All entries, in no order. */
  entries(): Entry[] {
    return this.#rows.flatMap((row) => row.entries);
  }

  /** Writes the number of rows, and each of them. */
  write(rows: RowWriter): void {
    rows.out.uint(this.#rows.length);
    for (const { id, entries } of this.#rows) rows.write(id, entries);
  }

  #positionOf(id: string): number {
    if (this.#index !== undefined) return this.#index.get(id) ?? -1;
    for (let at = 0; at < this.#rows.length; at++) if (this.#rows[at]!.id === id) return at;
    return -1;
  }
}
