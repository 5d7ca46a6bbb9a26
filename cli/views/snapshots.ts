import { displayKey } from "../../base/key.ts";
import type { Delivered, VerdictRecord } from "../../schemas/contracts.ts";
import { overtakenIn } from "../../snapshots/overtaken.ts";
import type { SnapshotRow } from "../../snapshots/snapshot-store.ts";
import { printable, shortTime, table } from "../table.ts";

/** Emitted verdicts, a line each, and how to see more. Where they are of several runs, each with the epoch of its own. */
export function scanText(verdicts: readonly (VerdictRecord & Delivered)[], next: string | null): string {
  if (verdicts.length === 0) return "No verdicts.";
  const ofSeveral = verdicts.some(({ epoch }) => epoch !== verdicts[0]!.epoch);
  const rows = verdicts.map((verdict) => {
    const { time, check, key, currency, version, epoch, status, class: cause, baseline, atRisk } = verdict;
    const what = cause === null ? "" : baseline ? `${cause} (baseline)` : cause;
    const said = ofSeveral ? [String(version), String(epoch)] : [String(version)];
    return [shortTime(time), check, displayKey(key), ...said, status, what, `${atRisk} ${currency}`];
  });
  const names = ["time", "check", "key", "version", ...(ofSeveral ? ["epoch"] : []), "verdict", "class"];
  const titles = names.map((title) => ({ title }));
  const text = table([...titles, { title: "at risk", align: "right" }], rows);
  return next === null ? text : `${text}\nMore: --after ${next}`;
}

/** Precedes the evidence of a version that was overtaken. */
export function overtakenText({ version, epoch }: SnapshotRow): string {
  return `Version ${version} of epoch ${epoch} no longer counts: a later run began before it.`;
}

/** What there is of a key: `versions 1 to 3 in EUR of payment-settlement, from 2026-03-02T04:52:04Z to 2026-03-03T10:00:00Z`. */
export function knownText(history: readonly SnapshotRow[]): string {
  const overtaken = overtakenIn(history);
  const ranges = new Map<string, { first: SnapshotRow; last: SnapshotRow }>();
  for (const row of history) {
    const id = `${row.currency} of ${row.check}${overtaken.has(row) ? " (overtaken by a later run)" : ""}`;
    const range = ranges.get(id);
    if (range === undefined) ranges.set(id, { first: row, last: row });
    else range.last = row;
  }
  const texts = [...ranges].map(([id, { first, last }]) =>
    first.version === last.version
      ? `version ${first.version} in ${id}, from ${shortTime(first.time)}`
      : `versions ${first.version} to ${last.version} in ${id}, from ${shortTime(first.time)} to ${shortTime(last.time)}`,
  );
  return printable(texts.join("; "));
}
