import { Batch } from "../../base/batch.ts";
import type { Float64Column, Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import { packCurrency } from "../../base/money.ts";
import type { Random } from "../../base/random.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import { ADD, AS_IT_WAS, changeColumns, changeLayout, RETRACT } from "../../dataflow/change-layout.ts";
import type { Model } from "../../dataflow/model.ts";

/** A row of a model with the fields `paymentId`, `amount` and `note`. */
export interface WholeRow {
  readonly paymentId: string;
  /** In minor units. */
  readonly amount: number | null;
  /** Rows with the note `void` do not get through the condition. */
  readonly note: string;
  /** Its business time, where the model has one. */
  readonly at?: number;
}

/** A record of a table's log. */
export interface LogChange {
  readonly row: string;
  readonly position: number;
  readonly time: number;
  /** It was read by the snapshot: then `time` is when. */
  readonly isSeed: boolean;
  readonly before: WholeRow | null;
  readonly after: WholeRow | null;
}

/** A row that comes or goes, with the place of its change. */
export interface Coming {
  readonly change: LogChange;
  readonly sign: number;
  readonly row: WholeRow;
  /** It says what the row before it said. */
  readonly isAsItWas?: boolean;
}

const KEYS = ["'1", "'2", "'3", "'4"];

/** The log of a table, with changes of a few rows: new ones, other fields, other keys, none of what is read, and ends. */
export class WholeRowLog {
  readonly changes: LogChange[] = [];
  readonly #random: Random;
  readonly #rows = new Map<string, WholeRow>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** The next change, at a time. */
  write(time: number, isSeed = false): void {
    const random = this.#random;
    const row = isSeed ? `seed-${this.changes.length}` : random.pick([...this.#rows.keys(), `row-${random.below(6)}`]);
    const before = this.#rows.get(row) ?? null;
    const after = before === null ? this.#fresh() : this.#next(before);
    if (after === null) this.#rows.delete(row);
    else this.#rows.set(row, after);
    this.changes.push({ row, position: this.changes.length, time, isSeed, before, after });
  }

  #fresh(): WholeRow {
    const random = this.#random;
    const amount = random.chance(0.1) ? null : random.pick([500, 500, 1_000]);
    return { paymentId: random.pick(KEYS), amount, note: random.pick(["", "", "booked", "void"]) };
  }

  #next(row: WholeRow): WholeRow | null {
    const random = this.#random;
    if (random.chance(0.25)) return null;
    if (random.chance(0.3)) return row;
    const { paymentId, amount, note } = this.#fresh();
    return random.pick([
      { ...row, paymentId },
      { ...row, amount },
      { ...row, note },
      { paymentId, amount, note },
    ]);
  }
}

/** What a row stage makes of the changes of one table. */
export class ReferenceStage {
  readonly #known = new Map<string, { readonly position: number; readonly row: WholeRow | null }>();

  take(change: LogChange): Coming[] {
    const known = this.#known.get(change.row);
    if (known !== undefined && known.position >= change.position) return [];
    this.#known.set(change.row, { position: change.position, row: change.after });
    const former = known?.row ?? null;
    if (former !== null && change.after !== null && isSame(former, change.after)) return [];
    return comings(change, former, change.after);
  }
}

/** What comes of a change without a row stage. */
export function unstaged(change: LogChange): Coming[] {
  const { before, after } = change;
  const isUnchanged = before !== null && after !== null && isSame(before, after);
  return comings(change, isUnchanged ? null : before, after).map((coming) => ({ ...coming, isAsItWas: isUnchanged }));
}

function comings(change: LogChange, former: WholeRow | null, row: WholeRow | null): Coming[] {
  const all = [
    ...(former === null ? [] : [{ change, sign: RETRACT, row: former }]),
    ...(row === null ? [] : [{ change, sign: ADD, row }]),
  ];
  return all.filter((coming) => coming.row.note !== "void");
}

/** The log as a connector says it that stops at times and says again what it said: how many changes have been said in all. */
export function saidAgain(random: Random, said: number): number {
  return random.chance(0.3) ? Math.max(0, said - 1 - random.below(8)) : said;
}

/** Rows as a check gets them. */
export function batchOf(model: Model, rows: readonly Coming[]): Batch {
  const batch = new Batch(changeLayout(model));
  batch.grow(rows.length);
  batch.count = rows.length;
  for (const column of batch.columns) column.nulls.fill(0);
  const columns = changeColumns(batch);
  for (const [at, { change, sign, row, isAsItWas }] of rows.entries()) {
    if (isAsItWas === true) columns.absent.values[at] = AS_IT_WAS;
    columns.kind.values[at] = sign;
    columns.time.values[at] = change.isSeed ? BEFORE_ALL_TIME : change.time;
    if (change.isSeed) columns.seed.values[at] = change.time;
    else columns.seed.nulls[at] = 1;
    columns.row.set(at, change.row);
    columns.major.values[at] = 1;
    columns.minor.values[at] = Math.floor(change.position / 3);
    columns.sub.values[at] = change.position % 3;
    (batch.column("paymentId") as TextColumn).set(at, row.paymentId);
    if (row.amount === null) batch.column("amount").nulls[at] = 1;
    else (batch.column("amount") as Int64Column).setNumber(at, row.amount);
    (batch.column("amount.currency") as Int32Column).set(at, packCurrency("EUR"));
    (batch.column("note") as TextColumn).set(at, row.note);
    if (model.businessTime !== undefined && row.at !== undefined)
      (batch.column(model.businessTime) as Float64Column).set(at, row.at);
  }
  return batch;
}

function isSame(one: WholeRow, other: WholeRow): boolean {
  return one.paymentId === other.paymentId && one.amount === other.amount && one.note === other.note;
}
