import { assert } from "../base/errors.ts";
import type { SnapshotRow } from "./snapshot-store.ts";

/** Throws a BUG for a snapshot that no backend can keep as it is. */
export function assertSnapshot({ version, epoch, time, writtenAt }: SnapshotRow): void {
  assert(Number.isSafeInteger(version) && version > 0, `a snapshot's version is counted from 1, not ${version}`);
  assert(Number.isSafeInteger(epoch) && epoch >= 0, `a snapshot's epoch is counted, not ${epoch}`);
  assert(Number.isSafeInteger(time), `a snapshot's time is whole milliseconds, not ${time}`);
  assert(
    Number.isSafeInteger(writtenAt) && writtenAt >= 0,
    `a snapshot is written at whole milliseconds since 1970, not ${writtenAt}`,
  );
}
