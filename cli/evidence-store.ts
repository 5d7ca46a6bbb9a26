import type { SnapshotStore } from "../snapshots/snapshot-store.ts";
import { SqliteSnapshotStore } from "../snapshots/sqlite-snapshot-store.ts";
import { readConfig } from "./config.ts";
import { openHBase } from "./open-hbase.ts";
import { outputPaths } from "./outputs.ts";

/** An evidence store that was opened to be looked at, and where it is, for people. */
export interface OpenEvidence extends AsyncDisposable {
  readonly store: SnapshotStore;
  readonly place: string;
}

/** The evidence of an output folder, or where a configuration file says. What reading it and opening it raises. */
export function openEvidence(where: { readonly dir?: string; readonly config?: string }): OpenEvidence {
  const config = where.config === undefined ? undefined : readConfig(where.config);
  const hbase = config?.snapshots?.hbase;
  const dir = config?.output ?? where.dir!;
  const store: SnapshotStore =
    hbase === undefined ? new SqliteSnapshotStore(outputPaths.snapshots(dir)) : openHBase(hbase, config!);
  const place = hbase === undefined ? dir : `${hbase.table} of ${hbase.url}`;
  return { store, place, [Symbol.asyncDispose]: async () => store.close() };
}
