import type { SnapshotRow } from "./snapshot-store.ts";

/**
 * Rows of a history that were overtaken: a higher epoch has said a version before them. The rows are whole histories of
 * (key, check, currency, period), one behind the other and in ascending versions, as the pages of `history` put together.
 */
export function overtakenIn(history: readonly SnapshotRow[]): ReadonlySet<SnapshotRow> {
  const overtaken = new Set<SnapshotRow>();
  let highest: SnapshotRow | undefined;
  for (const row of history) {
    if (highest === undefined || !isSameSubject(row, highest) || row.epoch >= highest.epoch) highest = row;
    else overtaken.add(row);
  }
  return overtaken;
}

function isSameSubject(one: SnapshotRow, other: SnapshotRow): boolean {
  return (
    one.key === other.key && one.check === other.check && one.currency === other.currency && one.period === other.period
  );
}
