import type { VerdictRecord } from "../schemas/contracts.ts";
import type { SnapshotRow } from "../snapshots/snapshot-store.ts";

/** The evidence of a verdict; `verdict` is the record by its contract, `writtenAt` a wall time that stays the same for ever. */
export function evidenceRow(record: VerdictRecord, epoch: number, verdict: Uint8Array, writtenAt: number): SnapshotRow {
  const { key, check, currency, period, version, time, status, class: cause, baseline } = record;
  return { key, check, currency, period, version, epoch, time, writtenAt, status, class: cause, baseline, verdict };
}
