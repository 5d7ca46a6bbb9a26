import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isError, raise } from "../../base/errors.ts";
import type { Beginning } from "../run-state.ts";
import { type FlinkApi, isOver } from "./flink-api.ts";
import { requireRunnable, withdrawn } from "./refused-start.ts";
import type { Steps } from "./steps.ts";
import type { Submission } from "./submission.ts";

/** The main class of every job's jar. */
export const ENTRY_CLASS = "countercheck.flink.ClusterJob";

/** The Flink that jars are made for. */
const FLINK = /^2\./;
const MEGABYTE = 1_000_000;

/** A job that was started on a cluster. */
export interface Submitted {
  readonly id: string;
  readonly job: string;
  readonly beginning: Beginning;
  /** Flink's savepoint that it began from. */
  readonly savepoint: string | undefined;
}

/** How a job is started. */
export interface StartRequest {
  readonly parallelism: number;
  readonly allowDroppedState: boolean;
  /** Flink's savepoint that it is said to begin from: the cluster looks at it before anything begins. */
  readonly from?: string | undefined;
  /** The one that it does begin from; asked for last, when all else is there. */
  readonly savepoint: () => Promise<string | undefined>;
  readonly steps: Steps;
}

/** Refuses a cluster that cannot run jobs of ours, or has one of that name already. CLUSTER_ANSWER_INVALID, CLUSTER_UNSUITABLE, JOB_ALREADY_ON_CLUSTER. */
export async function requireRoomFor(api: FlinkApi, job: string): Promise<void> {
  await requireFlink(api);
  const there = (await api.jobs()).find(({ name, state }) => name === job && !isOver(state));
  if (there !== undefined) raise("JOB_ALREADY_ON_CLUSTER", { job, id: there.jid, url: api.url });
}

/** CLUSTER_ANSWER_INVALID, CLUSTER_UNSUITABLE. */
export async function requireFlink(api: FlinkApi): Promise<void> {
  const { "flink-version": version } = await api.overview();
  if (version === undefined)
    raise("CLUSTER_ANSWER_INVALID", { url: api.url, request: "GET /overview", reason: "it has no version" });
  if (!FLINK.test(version)) raise("CLUSTER_UNSUITABLE", { url: api.url, version });
}

/**
 * Uploads the jar of a submission, begins its epoch and starts it. The uploaded jar is deleted again: what runs has a copy.
 * CLUSTER_SAVEPOINT_UNUSABLE, JOB_START_REFUSED, what `Submission` and `FlinkHttp` raise, and what `savepoint` does.
 */
export async function startOnCluster(api: FlinkApi, submission: Submission, request: StartRequest): Promise<Submitted> {
  const { graph, beginning } = submission;
  const { parallelism, allowDroppedState, from, savepoint, steps } = request;
  const folder = mkdtempSync(join(tmpdir(), "countercheck-submit-"));
  try {
    const path = join(folder, "job.jar");
    await submission.writeJar(path);
    steps.begin(`Uploading ${Math.round(statSync(path).size / MEGABYTE)} MB`);
    const jar = await api.upload(path, `${graph.name}.jar`, (bytes, of) =>
      steps.far(`${Math.floor((bytes / of) * 100)} %`),
    );
    try {
      steps.begin("Asking the cluster whether it can run the job");
      await requireRunnable(api, jar, { entryClass: ENTRY_CLASS, parallelism, from, allowDroppedState });
      const savepointPath = await savepoint();
      steps.begin("Starting");
      await submission.claim();
      const id = randomUUID().replaceAll("-", "");
      const how = { entryClass: ENTRY_CLASS, jobId: id, parallelism, savepointPath };
      try {
        await started(api, id, () => api.run(jar, { ...how, allowNonRestoredState: allowDroppedState }));
      } catch (error) {
        throw await withdrawn(api, submission, id, { error, steps });
      }
      return { id, job: graph.name, beginning, savepoint: savepointPath };
    } finally {
      await forgotten(api, jar);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A start whose answer was lost may have been one. */
async function started(api: FlinkApi, id: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!isError(error, "CLUSTER_UNAVAILABLE") || (await api.job(id)) === undefined) throw error;
  }
}

/** What is left there takes room, and no more than that. */
async function forgotten(api: FlinkApi, jar: string): Promise<void> {
  try {
    await api.deleteJar(jar);
  } catch (error) {
    const isOfCluster = ["CLUSTER_UNAVAILABLE", "CLUSTER_REFUSED", "CLUSTER_ANSWER_INVALID"] as const;
    if (!isOfCluster.some((code) => isError(error, code))) throw error;
  }
}
