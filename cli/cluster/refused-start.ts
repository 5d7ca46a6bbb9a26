import { CountercheckError, isError, messageOf, raise } from "../../base/errors.ts";
import { type FlinkApi, isOver, type PlanRequest } from "./flink-api.ts";
import type { Steps } from "./steps.ts";
import type { Submission } from "./submission.ts";

/** What a cluster is asked of a job before it begins. */
export interface LookRequest extends Omit<PlanRequest, "args"> {
  /** Flink's savepoint that it is to begin from. */
  readonly from: string | undefined;
  readonly allowDroppedState: boolean;
}

/** Begins what `SavepointLook.java` says. */
const UNUSABLE = /The savepoint cannot be begun from: (.*)$/s;

/**
 * Has the cluster make the plan of an uploaded jar's job, and look at the savepoint where it will look for it: nothing is
 * changed. CLUSTER_SAVEPOINT_UNUSABLE, and what `FlinkHttp` raises.
 */
export async function requireRunnable(api: FlinkApi, jar: string, request: LookRequest): Promise<void> {
  const { entryClass, parallelism, from, allowDroppedState } = request;
  const args = from === undefined ? [] : [from, String(allowDroppedState)];
  try {
    await api.plan(jar, { entryClass, parallelism, args });
  } catch (error) {
    const [, reason] = (isError(error, "CLUSTER_REFUSED") && UNUSABLE.exec(String(error.details.reason))) || [];
    if (reason === undefined) throw error;
    raise("CLUSTER_SAVEPOINT_UNUSABLE", { url: api.url, place: from!, reason }, { cause: error });
  }
}

/** What a start failed with whose epoch has begun. */
interface FailedStart {
  readonly error: unknown;
  readonly steps: Steps;
}

/**
 * Takes back the epoch of a start that the cluster has certainly refused, and gives the error to throw. A job that is over
 * without a checkpoint has brought nothing out, and never will; of any other a start may still be under way.
 */
export async function withdrawn(
  api: FlinkApi,
  submission: Submission,
  id: string,
  { error, steps }: FailedStart,
): Promise<unknown> {
  const { graph, beginning } = submission;
  const job = graph.name;
  try {
    if (isError(error, "CLUSTER_REFUSED") && (await isRefused(api, id))) {
      await submission.withdraw();
      const { url } = api;
      const reason = String(error.details.reason).replace(/^\d+: /, "");
      return new CountercheckError("JOB_START_REFUSED", { job, id, url, reason }, { cause: error });
    }
  } catch (second) {
    steps.note(`The epoch of ${job} could not be taken back: ${messageOf(second)}`);
  }
  steps.note(
    `Whether ${job} was started is not known: \`countercheck jobs list\` shows it. Its epoch ${beginning.epoch} has begun, and no embedded run of before goes on: submit it again.`,
  );
  return error;
}

async function isRefused(api: FlinkApi, id: string): Promise<boolean> {
  const job = await api.job(id);
  return job !== undefined && isOver(job.state) && (await api.checkpoints(id)).counts.completed === 0;
}
