import type { SnapshotQuery, SnapshotRow } from "../../snapshots/snapshot-store.ts";
import { EvidenceScan } from "./evidence-scan.ts";
import type { EvidenceTable } from "./evidence-table.ts";
import { endOf, evidenceKey, evidencePrefix } from "./row-key.ts";

/**
 * Of each (check, currency, period) of a key the greatest version that was not overtaken and that a query takes, in that
 * order. It reads downwards: the first row of a group that fits is the answer, until one below it is of a higher epoch.
 */
export async function newestOf(table: EvidenceTable, query: SnapshotQuery): Promise<SnapshotRow[]> {
  const prefix = evidencePrefix(query.key, query);
  const scan = new EvidenceScan(table);
  const newest = new Map<string, SnapshotRow>();
  let start = endOf(prefix);
  for (let limit = FIRST_ROWS, ended = false; !ended && start !== prefix; limit *= 2) {
    const answer = await scan.read({ start, end: prefix, limit, reversed: true });
    ended = answer.ended;
    for (const row of answer.rows) {
      const group = evidencePrefix(row.key, row);
      const found = newest.get(group);
      if (found !== undefined && found.epoch < row.epoch) newest.delete(group);
      if (!newest.has(group) && fits(row, query)) newest.set(group, row);
      start = newest.has(group) || canFitBelow(row, query) ? belowOf(row, query) : group;
    }
  }
  return [...newest.values()].reverse();
}

/** Rows in the first answer: enough for all that most keys have. */
const FIRST_ROWS = 64;

/** Where to read on within a group. Version 0 is never there, so the place itself is no row that was read. */
function belowOf(row: SnapshotRow, { version }: SnapshotQuery): string {
  return evidenceKey({ ...row, version: Math.min(row.version - 1, version ?? row.version) });
}

function canFitBelow(row: SnapshotRow, query: SnapshotQuery): boolean {
  return inQuery(row, query) && (query.version === undefined || row.version > query.version);
}

function inQuery(row: SnapshotRow, { check, currency, period }: SnapshotQuery): boolean {
  return (
    (check === undefined || row.check === check) &&
    (currency === undefined || row.currency === currency) &&
    (period === undefined || row.period === period)
  );
}

function fits(row: SnapshotRow, query: SnapshotQuery): boolean {
  const { version, asOf } = query;
  return (
    inQuery(row, query) &&
    (version === undefined || row.version === version) &&
    (asOf === undefined || row.time <= asOf)
  );
}
