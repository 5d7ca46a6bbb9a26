import type { SnapshotQuery, SnapshotRow } from "../../snapshots/snapshot-store.ts";
import { EvidenceScan } from "./evidence-scan.ts";
import type { EvidenceTable } from "./evidence-table.ts";
import { endOf, evidenceKey, evidencePrefix } from "./row-key.ts";

/**
 * Of each (check, currency, period) of a key the greatest version that a query takes, in that order. It reads downwards:
 * the first row of a group that fits is the answer, and what is left of the group is passed over.
 */
export async function newestOf(table: EvidenceTable, query: SnapshotQuery): Promise<SnapshotRow[]> {
  const prefix = evidencePrefix(query.key, query);
  const scan = new EvidenceScan(table);
  const found: SnapshotRow[] = [];
  let group = "";
  let done = false;
  for (let start = endOf(prefix), ended = false; !ended && start !== prefix; ) {
    const answer = await scan.read({ start, end: prefix, limit: ROWS, reversed: true });
    ended = answer.ended;
    for (const row of answer.rows) {
      const own = evidencePrefix(row.key, row);
      if (own !== group) done = !inQuery(row, query);
      group = own;
      if (!done && fits(row, query)) {
        found.push(row);
        done = true;
      } else if (query.version !== undefined && row.version < query.version) done = true;
      start = done ? group : belowOf(row, query);
    }
  }
  return found.reverse();
}

/** Rows in one answer: enough for all that most keys have. */
const ROWS = 64;

/** Where to read on within a group. Version 0 is never there, so the place itself is no row that was read. */
function belowOf(row: SnapshotRow, { version }: SnapshotQuery): string {
  return evidenceKey({ ...row, version: Math.min(row.version - 1, version ?? row.version) });
}

function inQuery(row: SnapshotRow, { check, currency, period }: SnapshotQuery): boolean {
  return (
    (check === undefined || row.check === check) &&
    (currency === undefined || row.currency === currency) &&
    (period === undefined || row.period === period)
  );
}

function fits(row: SnapshotRow, { version, asOf }: SnapshotQuery): boolean {
  return (version === undefined || row.version === version) && (asOf === undefined || row.time <= asOf);
}
