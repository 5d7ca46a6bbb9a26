import { raise } from "../base/errors.ts";
import type { SnapshotRow } from "./snapshot-store.ts";

/**
 * Throws a BUG for a snapshot that no backend can keep as it is: its version is counted from 1, its epoch from 0, its times
 * are whole milliseconds, and it is not written before 1970.
 */
export function assertSnapshot({ version, epoch, time, writtenAt }: SnapshotRow): void {
  const areWhole = [version, epoch, time, writtenAt].every(Number.isSafeInteger);
  if (areWhole && version > 0 && epoch >= 0 && writtenAt >= 0) return;
  raise("BUG", { what: `a snapshot of version ${version}, epoch ${epoch}, time ${time}, written at ${writtenAt}` });
}
