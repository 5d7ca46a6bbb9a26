import { setTimeout as sleep } from "node:timers/promises";
import { isError, raise } from "../../base/errors.ts";
import { tellNote } from "../notes.ts";
import { type CompletedCheckpoint, type FlinkApi, isOver, type JobDetails, type JobException } from "./flink-api.ts";
import { rootCauseOf } from "./root-cause.ts";

/** How a job is looked at while it starts. */
export interface FollowOptions {
  /** From now on, in ms. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** What it is at. */
  readonly onStep: (step: string) => void;
  /** Why it begins again, if it does. */
  readonly onFailure: (reason: string) => void;
}

const LOOK_EVERY_MS = 500;
/** A job that has failed so often before its first checkpoint does not start. */
const MOST_FAILURES = 3;

/**
 * Looks at a job until its first checkpoint is complete: from then on nothing of it is lost. Undefined where the signal
 * came first. JOB_FAILED_ON_CLUSTER, JOB_NOT_STARTED.
 */
export async function followStart(
  api: FlinkApi,
  { id, job }: { readonly id: string; readonly job: string },
  { timeoutMs, signal, onStep, onFailure }: FollowOptions,
): Promise<CompletedCheckpoint | undefined> {
  const until = performance.now() + timeoutMs;
  let step = "";
  let failures = 0;
  let reason = "";
  while (!signal.aborted) {
    const details = await api.job(id);
    const exceptions = details === undefined ? [] : await api.exceptions(id);
    if (exceptions.length > failures) {
      failures = exceptions.length;
      const next = reasonOf(exceptions[0]!);
      if (next !== reason && !isOver(details!.state) && failures < MOST_FAILURES) onFailure(next);
      reason = next;
    }
    if (details !== undefined && (isOver(details.state) || failures >= MOST_FAILURES))
      raiseFailed(details, api, reason);
    const completed = details && (await api.checkpoints(id)).latest.completed;
    if (completed) return completed;
    const next = stepOf(details);
    if (next !== step) onStep(next);
    step = next;
    if (performance.now() > until)
      raise("JOB_NOT_STARTED", {
        job,
        id,
        url: api.url,
        seconds: timeoutMs / 1_000,
        state: next,
        reason: reason && ` ${reason}`,
      });
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

/**
 * Waits until a job is over that was told to end. A cluster that is there for one job ends with it: where it no longer answers,
 * people are told so. JOB_NOT_ENDED.
 */
export async function followEnd(api: FlinkApi, id: string, timeoutMs: number): Promise<void> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const details = await api.job(id).catch(unlessGone);
    if (details === GONE) return tellNote(goneText(api.url));
    if (details === undefined || isOver(details.state)) return;
    if (performance.now() > until)
      raise("JOB_NOT_ENDED", { job: details.name, id, url: api.url, seconds: timeoutMs / 1_000, state: details.state });
    await sleep(LOOK_EVERY_MS);
  }
}

const GONE = Symbol("gone");

function unlessGone(error: unknown): typeof GONE {
  if (isError(error, "CLUSTER_UNAVAILABLE")) return GONE;
  throw error;
}

function goneText(url: string): string {
  return `${url} no longer answers: a cluster that is there for one job ends with it. If it is there for several, look whether the job is over.`;
}

/** A failure for people: the root cause, and where in the job's files it was. */
export function reasonOf({ stacktrace, taskName }: JobException): string {
  const { message, stack } = rootCauseOf(stacktrace);
  const where = taskName === null || taskName === undefined ? "" : `in ${taskName.replace(/ - execution #\d+$/, "")}: `;
  return [where + message, ...stack.map((frame) => `    ${frame}`)].join("\n");
}

function raiseFailed({ name, jid, state }: JobDetails, api: FlinkApi, reason: string): never {
  const then = isOver(state)
    ? "It is over."
    : `Flink begins it again and again; \`countercheck jobs cancel ${name}\` ends that.`;
  raise("JOB_FAILED_ON_CLUSTER", {
    job: name,
    id: jid,
    url: api.url,
    reason: reason || `its state is ${state}.`,
    then,
  });
}

function stepOf(details: JobDetails | undefined): string {
  if (details === undefined) return "Starting";
  if (details.state !== "RUNNING") return `Starting: ${details.state.toLowerCase()}`;
  const waiting = details.vertices.filter(({ status }) => status !== "RUNNING").length;
  return waiting === 0
    ? "Running, and waiting for the first checkpoint"
    : `Starting: waiting for slots and tasks (${details.vertices.length - waiting} of ${details.vertices.length} run)`;
}
