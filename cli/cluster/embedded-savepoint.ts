import { existsSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { systemDisk } from "../../base/disk.ts";
import { raise } from "../../base/errors.ts";
import { haveJobInCommon } from "../../checks/joint-job.ts";
import type { Graph } from "../../dataflow/graph.ts";
import { readSavepoint, type Savepoint } from "../../runtime/checkpoint/savepoint.ts";
import { requireUsable } from "../../runtime/checkpoint/upgrade.ts";

/** What a job on the cluster begins from: a savepoint of Flink's, by its address there, or one of the embedded runner. */
export type BegunFrom = { readonly flink: string } | { readonly embedded: Savepoint; readonly folder: string };

/**
 * Tells whose a savepoint is. One of the embedded runner is read, and must be whole and fit the job; what Flink wrote is
 * Flink's to judge, and may lie where only Flink reaches it. SAVEPOINT_NOT_FOUND, SAVEPOINT_OF_OTHER_JOB,
 * CHECKPOINT_DAMAGED, CHECKPOINT_VERSION, STATE_INCOMPATIBLE, STATE_DROPPED.
 */
export function savepointAt(place: string, graph: Graph, allowDropped: boolean): BegunFrom {
  const folder = resolve(place);
  if (!existsSync(join(folder, "savepoint.json"))) return { flink: addressOf(place, folder) };
  const embedded = readSavepoint(systemDisk, folder);
  if (!haveJobInCommon(embedded.job, graph.name))
    raise("SAVEPOINT_OF_OTHER_JOB", { dir: folder, job: graph.name, other: embedded.job });
  requireUsable(embedded, graph, allowDropped);
  return { embedded, folder };
}

/** A place on this machine becomes absolute, if there is a savepoint; one with a scheme, or elsewhere, stays as it is. */
function addressOf(place: string, folder: string): string {
  if (/^[a-z][\w+.-]*:\//i.test(place)) return place;
  if (existsSync(folder))
    return existsSync(join(folder, "_metadata")) ? folder : raise("SAVEPOINT_NOT_FOUND", { dir: folder });
  return isAbsolute(place) ? place : raise("SAVEPOINT_NOT_FOUND", { dir: folder });
}
