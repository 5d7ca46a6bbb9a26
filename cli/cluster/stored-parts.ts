import type { Disk } from "../../base/disk.ts";
import { SnapshotParts } from "../../runtime/snapshot-parts.ts";
import type { CheckpointPart } from "../../runtime/task.ts";
import { StateStore, type StorePart } from "../../state/state-store.ts";

/** Stores whose records are read as parts. */
export interface StoredParts {
  readonly disk: Disk;
  /** Of their files, which are left as they are. */
  readonly folder: string;
  /** Used meanwhile, at most. */
  readonly memoryBytes: number;
  readonly stores: readonly StorePart[];
  /** The uid that the records of a table have in parts; of tables that are not named there are none. */
  readonly uids: ReadonlyMap<string, string>;
  /** Whether records of a table, in a group, are wanted. */
  readonly owns: (table: string, group: number) => boolean;
}

/** Hands out all records that are wanted, as parts that are valid during the call. STATE_CORRUPT, STATE_MEMORY_EXCEEDED. */
export function readStoredParts(from: StoredParts, take: (part: CheckpointPart) => void): void {
  const { disk, folder: dir, memoryBytes, stores, uids, owns } = from;
  // It puts nothing, and so makes no file there.
  const store = new StateStore({ disk, dir, prefix: "unused", memoryBytes });
  try {
    store.restore(stores, (table, group) => uids.has(table) && owns(table, group));
    const all = new SnapshotParts({ own: [], uids, snapshot: store.snapshot() });
    for (let parts = all.next(); parts !== undefined; parts = all.next()) for (const part of parts) take(part);
  } finally {
    store.close();
  }
}
