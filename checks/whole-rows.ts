import { raise } from "../base/errors.ts";
import { BEFORE_ALL_TIME, formatTime, seconds } from "../base/time.ts";
import type { MoneyValue } from "../dataflow/model.ts";
import type { Ledger } from "./ledger.ts";
import type { EngineAlertRecord } from "./records.ts";
import { comparePlaces, type Place } from "./row-marks.ts";
import type { Entry, RowEvidence } from "./row-set.ts";
import type { CheckInput, CheckRule } from "./rule.ts";

/** A row as it comes, and what it would be of its key. */
export interface ComingRow {
  readonly isAdd: boolean;
  /** It says what was known of the row, if anything was. */
  readonly isAsItWas: boolean;
  readonly from: RowEvidence;
  /** Its part in each leg. */
  entriesOf(from: RowEvidence): readonly Entry[];
}

/** A change that is no repeat, as a ledger takes it. */
export interface RowChange {
  readonly isAdd: boolean;
  readonly from: RowEvidence;
  readonly entries: readonly Entry[];
}

/** How far behind a row's last change in its log one may lie that is younger: clocks of databases are set back a little. */
const CLOCK_STEP_MS = seconds(10);

const NOTHING: readonly RowChange[] = [];

/**
 * Rows of tables that are declared `before: full`, which come without a row stage (dataflow/whole-rows.ts): drops what is not
 * newer than a row's last change under the key, and takes as little notice as a row stage would of all others that change nothing.
 */
export class WholeRows {
  readonly #rule: CheckRule;
  readonly #inputs: readonly CheckInput[];
  readonly #alert: (alert: EngineAlertRecord) => void;
  readonly #isOne = (from: RowEvidence) => this.has(from);

  /** `alert`: told where changes were missed. */
  constructor(rule: CheckRule, inputs: readonly CheckInput[], alert: (alert: EngineAlertRecord) => void) {
    this.#rule = rule;
    this.#inputs = inputs;
    this.#alert = alert;
  }

  /** True for rows that come without a row stage. */
  has({ input, table }: Pick<RowEvidence, "input" | "table">): boolean {
    return this.#inputs[input]!.stageless?.has(table) === true;
  }

  /**
   * What a row changes of its key, in order: nothing where it is a repeat, or says what is known. `judgedThrough`: all points
   * through this have been judged. POSITION_WENT_BACK.
   */
  take(ledger: Ledger, coming: ComingRow, judgedThrough: number): readonly RowChange[] {
    const { isAdd, from: row } = coming;
    const marks = ledger.marksOf(this.#isOne);
    const last = marks.of(row.id);
    const order = last === undefined ? 1 : comparePlaces(row, last.at) || Number(isAdd) - Number(last.isThere);
    if (last !== undefined && order <= 0) {
      if (isYounger(row, last.at)) this.#refuse(row);
      return NOTHING;
    }
    // A row's own changes are in log order, but a statement's time may lie before that of an earlier commit.
    const from = last === undefined || row.time >= last.at.time ? row : { ...row, time: last.at.time };
    if (marks.isCrowded) marks.forgetGoneBefore(judgedThrough - this.#rule.retainMs);
    const wasThere = last?.isThere === true;
    if (!isAdd) {
      marks.goes(from);
      return wasThere ? [{ isAdd, from, entries: coming.entriesOf(from) }] : NOTHING;
    }
    const entries = coming.entriesOf(from);
    if (last === undefined && coming.isAsItWas && this.#wasForgotten(ledger, from, entries)) return NOTHING;
    if (wasThere && saysTheSame(last.from, from, entries)) {
      marks.stays(from);
      return NOTHING;
    }
    marks.comes(from, entries.length > 0);
    if (!wasThere) return [{ isAdd, from, entries }];
    if (contradicts(last.from, from)) this.#tellMissed(from);
    return [
      { isAdd: false, from, entries: [] },
      { isAdd, from, entries },
    ];
  }

  /** True where a row that stays as it was is not known any more: its key was forgotten, or what was due by it long ago. */
  #wasForgotten({ memory }: Ledger, { time }: RowEvidence, entries: readonly Entry[]): boolean {
    if (memory === "forgotten") return true;
    const lastDue = entries.reduce((last, { dueAt }) => Math.max(last, dueAt), BEFORE_ALL_TIME);
    return Number.isFinite(lastDue) && lastDue + this.#rule.retainMs < time;
  }

  #refuse(row: RowEvidence): never {
    const { source, table } = this.#tableOf(row);
    const position = `${row.major}/${row.minor}/${row.sub}`;
    raise("POSITION_WENT_BACK", { source, table, position, time: formatTime(timeOf(row)) });
  }

  #tellMissed(from: RowEvidence): void {
    const { source, table } = this.#tableOf(from);
    const message = `Row ${from.row} of ${table} was added again, and differs from the changes seen of it: changes were missed, or a later snapshot was read.`;
    this.#alert({ id: `SEED_DIFFERS/${source}/${table}`, code: "SEED_DIFFERS", source, message });
  }

  #tableOf({ input, table }: RowEvidence) {
    return this.#inputs[input]!.model.from[table]!;
  }
}

/** A change that is older by its position and clearly younger by its time is no repeat. */
export function isYounger(change: Place, last: Place): boolean {
  return comparePlaces(change, last) < 0 && timeOf(change) > timeOf(last) + CLOCK_STEP_MS;
}

/** Event time of a change, or the time of the seed for a row of the seed. */
function timeOf({ time, seed }: Place): number {
  return time === BEFORE_ALL_TIME ? (seed ?? time) : time;
}

/** True where a row that is there says what it said; one that took part in no leg still takes part in none. */
function saysTheSame(known: RowEvidence | undefined, { fields }: RowEvidence, entries: readonly Entry[]): boolean {
  if (known === undefined) return entries.length === 0;
  return fields.every((value, field) => isSame(value, known.fields[field]));
}

/** True where something that was known is otherwise. Fields that were added to a model since are not known. */
function contradicts(known: RowEvidence | undefined, { fields }: RowEvidence): boolean {
  return known === undefined || known.fields.some((value, field) => value !== null && !isSame(value, fields[field]));
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === other || Object.is(one, other)) return true;
  if (!isMoney(one) || !isMoney(other)) return false;
  return one.minor === other.minor && one.currency === other.currency;
}

function isMoney(value: unknown): value is MoneyValue {
  return typeof value === "object" && value !== null;
}
