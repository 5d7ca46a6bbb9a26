import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { raise } from "../../base/errors.ts";
import type { FlinkApi, JobSummary } from "./flink-api.ts";
import { rootCauseOf } from "./root-cause.ts";

const LOOK_EVERY_MS = 300;

/** How a savepoint of a job on the cluster is asked for. */
export interface ClusterSavepoint {
  /** Folder for savepoints, as Flink reaches it. Default: the one that the cluster is configured with. */
  readonly folder: string | undefined;
  readonly timeoutMs: number;
  /** `keep` and `drain` end the job with the savepoint; `drain` ends its sources before. */
  readonly stop?: "keep" | "drain" | undefined;
}

/** Has Flink write a savepoint; gives its address. SAVEPOINT_NOT_WRITTEN. */
export async function writeClusterSavepoint(
  api: FlinkApi,
  { jid, name }: JobSummary,
  { folder, timeoutMs, stop }: ClusterSavepoint,
): Promise<string> {
  const trigger = stop === undefined ? await api.savepoint(jid, folder) : await api.stop(jid, folder, stop === "drain");
  const until = performance.now() + timeoutMs;
  const place = folder ?? "the folder for savepoints that the cluster is configured with";
  for (;;) {
    const { status, location, failure } = await api.savepointProgress(jid, trigger);
    if (location !== undefined) return location;
    const reason = failure !== undefined ? rootCauseOf(failure).message.replace(/\.+$/, "") : undefined;
    if (status === "COMPLETED" || reason !== undefined)
      raise("SAVEPOINT_NOT_WRITTEN", { job: name, folder: place, reason: reason ?? "Flink does not say why" });
    if (performance.now() > until)
      raise("SAVEPOINT_NOT_WRITTEN", {
        job: name,
        folder: place,
        reason: `it is not done after ${timeoutMs / 1_000} s`,
      });
    await sleep(LOOK_EVERY_MS);
  }
}

/** A folder as Flink is told of it: one on this machine by its absolute path, others by their address. */
export function savepointFolder(dir: string): string {
  return /^[a-z][\w+.-]*:\//i.test(dir) ? dir : resolve(dir);
}
