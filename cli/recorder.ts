import { type FinalRecord, OUTPUTS, type Status } from "../checks/records.ts";
import type { AlertRecord, VerdictRecord } from "../schemas/contracts.ts";
import { toJson } from "./terminal.ts";
import { writeText } from "./write-text.ts";

/** What of an emitted verdict does not depend on clocks, offsets or positions. */
export type HistoryEntry = Pick<
  VerdictRecord,
  | "check"
  | "key"
  | "currency"
  | "version"
  | "status"
  | "class"
  | "time"
  | "baseline"
  | "atRisk"
  | "lower"
  | "upper"
  | "actual"
  | "legs"
>;

/** Keeps what a bounded run emitted, for files and for scoring. */
export class Recorder {
  readonly finals: FinalRecord[] = [];
  readonly history: HistoryEntry[] = [];
  readonly alerts: AlertRecord[] = [];

  emitted(output: string, record: unknown): void {
    if (output === OUTPUTS.finals) this.finals.push(record as FinalRecord);
    else if (output === OUTPUTS.alerts) this.alerts.push(record as AlertRecord);
    else if (output === OUTPUTS.verdicts) this.history.push(historyEntry(record as VerdictRecord));
  }

  /** Final verdicts by status. */
  counts(): Record<Status, number> {
    const counts = { pass: 0, fail: 0, pending: 0, unobservable: 0 };
    for (const { status } of this.finals) counts[status]++;
    return counts;
  }

  /** Writes the final verdict per (check, key, currency), sorted, as JSON lines. */
  writeFinals(path: string): void {
    const sorted = [...this.finals].sort(byKey);
    writeLines(
      path,
      sorted.map(({ check, key, currency, status, class: cause, baseline, atRisk }) => {
        return { check, key, currency, status, class: cause, baseline, atRisk };
      }),
    );
  }
}

/** Writes all emitted verdicts, sorted, as JSON lines. FILE_NOT_WRITTEN. */
export function writeHistory(path: string, history: readonly HistoryEntry[]): void {
  writeLines(path, [...history].sort(byVersion));
}

/** What the history tells of a verdict. */
export function historyEntry(record: VerdictRecord): HistoryEntry {
  const { check, key, currency, version, status, time, baseline, atRisk, lower, upper, actual, legs } = record;
  return {
    check,
    key,
    currency,
    version,
    status,
    class: record.class,
    time,
    baseline,
    atRisk,
    lower,
    upper,
    actual,
    legs,
  };
}

function writeLines(path: string, records: readonly object[]): void {
  writeText(path, records.map((record) => `${toJson(record)}\n`).join(""));
}

interface Named {
  readonly check: string;
  readonly key: string;
  readonly currency: string;
}

function byKey(left: Named, right: Named): number {
  return compare(left.check, right.check) || compare(left.key, right.key) || compare(left.currency, right.currency);
}

function byVersion(left: HistoryEntry, right: HistoryEntry): number {
  return byKey(left, right) || left.version - right.version;
}

/** By code units: the same in every locale. */
function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
