import type { Batch } from "../../base/batch.ts";
import type { Int64Column } from "../../base/columns.ts";
import type { Key } from "../../base/key.ts";
import { comparatorOf } from "../aggregates/order.ts";
import { ADD, RETRACT } from "../change-layout.ts";
import { fieldTaker, type KeptRow, rowTaker } from "../kept-rows.ts";
import type { Fields } from "../model.ts";
import type { StateCodec } from "../operator.ts";
import { avroCodec, fieldsCodec } from "../state-codec.ts";
import { KeyedRows } from "./keyed-rows.ts";
import { rowCopier, rowPutter } from "./row-writers.ts";
import { isSameKept } from "./same-row.ts";

/** What a ranking is made of. */
export interface TopPlan {
  readonly fields: Fields;
  /** The text column that holds the key. */
  readonly key: string;
  /** How many rows of a key are ranked before those that are shown. */
  readonly skip: number;
  /** How many rows of a key are shown. */
  readonly n: number;
  /** The field that rows are ordered by. */
  readonly by: string;
  readonly isDescending: boolean;
  /** The field of the result that shows the rank, if one does. */
  readonly rank: string | undefined;
  /** Rows can be retracted, so that all of them are kept. */
  readonly retracts: boolean;
  readonly ttlMs: number | undefined;
}

/** The first rows of each key by the order of a field; of equal ones, those that came first. */
export class TopRows extends KeyedRows<KeptRow[]> {
  readonly #plan: TopPlan;
  /** Rows are shown up to this place, which is the next one's. */
  readonly #end: number;
  /** Nulls are below all values, as in Flink's SQL. */
  readonly #compare: (a: unknown, b: unknown) => number;
  readonly #put: (row: number, kept: KeptRow) => void;
  readonly #ranks: Int64Column | undefined;
  #copy!: (row: number, to: number) => void;
  #take!: (row: number) => KeptRow;
  /** The row that is being added, and its number in the batch: shown, it is copied from there. */
  #added: KeptRow | undefined;
  #addedRow = 0;
  #takeValue!: (row: number) => unknown;

  constructor(plan: TopPlan) {
    const { fields, key, rank, by, isDescending, ttlMs } = plan;
    const emits = rank === undefined ? fields : { ...fields, [rank]: { kind: "integer" } as const };
    super({ key, codec: rankedCodec(plan), emits, ttlMs });
    this.#plan = plan;
    this.#end = plan.skip + plan.n;
    this.#compare = nullable(comparatorOf(fields[by]!.kind) as (a: unknown, b: unknown) => number, isDescending);
    const { batch } = this.output;
    this.#put = rowPutter(batch, fields);
    this.#ranks = rank === undefined ? undefined : (batch.column(rank) as Int64Column);
  }

  protected override bind(batch: Batch): void {
    const { fields, by } = this.#plan;
    this.#copy = rowCopier(batch, this.output.batch, fields);
    this.#take = rowTaker(batch, fields);
    this.#takeValue = fieldTaker(batch, by, fields[by]!);
  }

  protected override onRow(
    kept: KeptRow[] | undefined,
    _key: Key,
    row: number,
    _time: number,
    isAdd: boolean,
  ): KeptRow[] | null | undefined {
    const rows = kept ?? [];
    return isAdd ? this.#add(rows, row) : this.#retract(rows, row);
  }

  #add(rows: KeptRow[], row: number): KeptRow[] | null {
    const { by, retracts } = this.#plan;
    const value = this.#takeValue(row);
    let at = rows.length;
    if (at > 0 && this.#compare(rows[at - 1]![by], value) > 0) at = this.#placeBehind(rows, value);
    if (at >= this.#end && !retracts) return null;
    this.#added = this.#take(row);
    this.#addedRow = row;
    rows.splice(at, 0, this.#added);
    if (at < this.#end) this.#showAdded(rows, at);
    this.#added = undefined;
    if (!retracts && rows.length > this.#end) rows.pop();
    return rows;
  }

  #retract(rows: KeptRow[], row: number): KeptRow[] | null | undefined {
    const gone = this.#take(row);
    const at = this.#find(rows, gone);
    if (at < 0) return null;
    if (at < this.#end) this.#showRetracted(rows, at);
    rows.splice(at, 1);
    return rows.length === 0 ? undefined : rows;
  }

  /** The row at a place is new; what was there, and behind it, is one rank lower now. */
  #showAdded(rows: readonly KeptRow[], at: number): void {
    const first = Math.max(at, this.#plan.skip);
    if (this.#ranks === undefined) {
      this.#replace(rows[this.#end], rows[first], 0);
      return;
    }
    const end = Math.min(this.#end, rows.length);
    for (let i = first; i < end; i++) this.#replace(rows[i + 1], rows[i], i + 1);
  }

  /** The row at a place is about to go; what is behind it will be one rank higher. */
  #showRetracted(rows: readonly KeptRow[], at: number): void {
    const first = Math.max(at, this.#plan.skip);
    if (this.#ranks === undefined) {
      this.#replace(rows[first], rows[this.#end], 0);
      return;
    }
    const end = Math.min(this.#end, rows.length);
    for (let i = first; i < end; i++) this.#replace(rows[i], rows[i + 1], i + 1);
  }

  /** One row is shown no longer, and another one instead, if there are any; nothing where they have the same values. */
  #replace(before: KeptRow | undefined, now: KeptRow | undefined, rank: number): void {
    if (before !== undefined && now !== undefined && isSameKept(this.#plan.fields, before, now)) return;
    if (before !== undefined) this.#show(RETRACT, before, rank);
    if (now !== undefined) this.#show(ADD, now, rank);
  }

  #show(kind: number, kept: KeptRow, rank: number): void {
    const row = this.emit(kind);
    if (kept === this.#added) this.#copy(this.#addedRow, row);
    else this.#put(row, kept);
    this.#ranks?.setNumber(row, rank);
  }

  /** The place behind all rows that do not come after the value. */
  #placeBehind(rows: readonly KeptRow[], value: unknown): number {
    const { by } = this.#plan;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(rows[middle]![by], value) > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The place of the first row with the same values, or −1. */
  #find(rows: readonly KeptRow[], row: KeptRow): number {
    const { by, fields } = this.#plan;
    let found = -1;
    for (let i = this.#placeBehind(rows, row[by]) - 1; i >= 0 && this.#compare(rows[i]![by], row[by]) === 0; i--) {
      if (isSameKept(fields, rows[i]!, row)) found = i;
    }
    return found;
  }
}

/** Rows that were kept in another order, or fewer of them, cannot be gone on with: Avro compares records by name. */
function rankedCodec({ fields, by, isDescending, retracts, skip, n }: TopPlan): StateCodec<KeptRow[]> {
  const name = `${retracts ? "All" : `First${skip + n}`}_${isDescending ? "desc" : "asc"}_${by}`;
  return avroCodec({ type: "array", items: { ...JSON.parse(fieldsCodec(fields).schema), name } });
}

function nullable(compare: (a: unknown, b: unknown) => number, isDescending: boolean) {
  const sign = isDescending ? -1 : 1;
  return (a: unknown, b: unknown) => {
    if (a === null || b === null) return sign * ((b === null ? 1 : 0) - (a === null ? 1 : 0));
    return sign * compare(a, b);
  };
}
