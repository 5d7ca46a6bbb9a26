import { Batch } from "../../base/batch.ts";
import type { Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import { BEFORE_ALL_TIME, days, hours, milliseconds, minutes } from "../../base/time.ts";
import { type Job, job } from "../../checks/job.ts";
import { ADD, changeColumns, changeLayout, RETRACT } from "../../dataflow/change-layout.ts";
import { id, model, money, table, text } from "../../dataflow/model.ts";
import type { ShortOfMemory } from "./short-memory.ts";

/** Of source `shop`. */
export const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { paymentId: id(), amount: money(), note: text() },
});
/** Of source `ledger`. */
export const Line = model("Line", { from: table("ledger", "lines"), fields: { paymentId: id(), amount: money() } });

/** Models of the check, in the order of its inputs. */
export const KINDS = [Payment, Line] as const;
export type Kind = (typeof KINDS)[number];

/** What versions of the job differ in. */
export interface Version {
  readonly skewMs: number;
  readonly retainDays: number;
  /** How long before a deadline a person is warned; absent: never. */
  readonly warnMinutes?: number | undefined;
}

/**
 * A job whose one check says that payments are settled within an hour. It says the same in both forms: with a tolerance, which
 * is of nothing, its keys are not plain.
 */
export function comparedJob({ skewMs, retainDays, warnMinutes }: Version, isPlain: boolean): Job {
  return job("compared", (env) => {
    env.reconcile("compared", {
      by: "paymentId",
      expect: { captured: env.changes(Payment).sum("amount") },
      actual: { settled: env.changes(Line).sum("amount") },
      missingAfter: hours(1),
      skew: milliseconds(skewMs),
      retain: days(retainDays),
      ...(warnMinutes === undefined ? {} : { warnBefore: minutes(warnMinutes) }),
      ...(isPlain ? {} : { tolerance: { absolute: "0" } }),
    });
  });
}

/** A payment or a line. */
export interface Row {
  readonly key: Buffer;
  /** Its identity. */
  readonly row: string;
  /** In minor units. */
  readonly amount: number;
  /** Packed. */
  readonly currency: number;
  /** Of a payment. */
  readonly note?: string;
}

/** Hands rows and frontiers to the check of a `comparedJob`, to which nothing has come. */
export class ComparedRun {
  readonly check: ShortOfMemory;
  readonly #frontiers = new Map<string, number>();
  /** By source: when the newest row of its seed was read. */
  readonly #seeds = new Map<string, number>();
  #position = 0;

  /** All before `start` has been read; without it nothing is known of any source. */
  constructor(check: ShortOfMemory, start?: number) {
    this.check = check;
    if (start === undefined) return;
    this.advance("shop", start - 1);
    this.advance("ledger", start - 1);
  }

  /** Rows of the seed, which were read at a time. */
  seed(kind: Kind, rows: readonly Row[], time: number): void {
    const { source } = kind.from[0]!;
    this.#seeds.set(source, Math.max(time, this.#seeds.get(source) ?? 0));
    const batch = this.#batchOf(kind, ADD, rows, BEFORE_ALL_TIME);
    const { seed } = changeColumns(batch);
    seed.nulls.fill(0);
    seed.values.fill(time);
    this.check.batch(KINDS.indexOf(kind), batch);
  }

  /** Rows that are added or retracted, by `sign`, at a time. */
  put(kind: Kind, sign: number, rows: readonly Row[], time: number): void {
    this.check.batch(KINDS.indexOf(kind), this.#batchOf(kind, sign, rows, time));
  }

  /** A row is changed at a time: it goes and comes again, in one batch. */
  update(kind: Kind, from: Row, to: Row, time: number): void {
    const batch = this.#batchOf(kind, ADD, [from, to], time);
    changeColumns(batch).kind.values[0] = RETRACT;
    this.check.batch(KINDS.indexOf(kind), batch);
  }

  /** The frontier of a source; one behind its last is none. */
  advance(source: string, through: number): void {
    if (through <= (this.#frontiers.get(source) ?? 0)) return;
    this.#frontiers.set(source, through);
    this.check.control({ type: "frontier", source, through, since: this.#seeds.get(source) ?? 0 });
  }

  /** Lines cannot be read from a time on. */
  suspend(id: string, time: number): void {
    const what = { models: ["Line"], cause: "truncate", message: "truncated" } as const;
    this.check.control({ type: "suspension", suspension: { id, source: "ledger", table: "lines", time, ...what } });
  }

  resume(suspension: string): void {
    this.check.control({ type: "resumed", suspension });
  }

  #batchOf(kind: Kind, sign: number, rows: readonly Row[], time: number): Batch {
    const batch = new Batch(changeLayout(kind));
    batch.grow(rows.length);
    batch.count = rows.length;
    for (const column of batch.columns) column.nulls.fill(0);
    const columns = changeColumns(batch);
    columns.seed.nulls.fill(1);
    columns.kind.values.fill(sign);
    columns.time.values.fill(time);
    columns.major.values.fill(1);
    for (const [at, { key, row, amount, currency, note }] of rows.entries()) {
      columns.row.set(at, row);
      columns.minor.values[at] = this.#position++;
      (batch.column("paymentId") as TextColumn).put(at, key, 0, key.length);
      (batch.column("amount") as Int64Column).setNumber(at, amount);
      (batch.column("amount.currency") as Int32Column).set(at, currency);
      if (kind === Payment && note === undefined) batch.column("note").nulls[at] = 1;
      else if (note !== undefined) (batch.column("note") as TextColumn).set(at, note);
    }
    return batch;
  }
}

/** Ends a check and gives all that it said: in order for each key, in an order of its own for the whole. */
export function allSaid(check: ShortOfMemory) {
  const keys = check.keys;
  check.end();
  const of = (name: string) => check.told.filter(({ output }) => output === name).map(({ record }) => record);
  const minutes = new Map<unknown, [number, number]>();
  for (const { minute, pass, pending } of of("counts")) {
    const [passes, pendings] = minutes.get(minute) ?? [0, 0];
    minutes.set(minute, [passes + Number(pass), pendings + Number(pending)]);
  }
  return {
    keys,
    verdicts: of("verdicts")
      .sort(byKey)
      .map(({ rule: _, ...verdict }) => verdict),
    alerts: of("alerts").sort(byKey),
    counts: [...minutes].sort(([one], [other]) => Number(one) - Number(other)),
    finals: of("finals").sort(byKey),
    engine: of("engine").map(({ id }) => id),
  };
}

function byKey(one: Record<string, unknown>, other: Record<string, unknown>): number {
  return String(one.key) < String(other.key) ? -1 : String(one.key) > String(other.key) ? 1 : 0;
}
