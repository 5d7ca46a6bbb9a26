import { printable } from "../table.ts";
import type { FlinkApi } from "./flink-api.ts";
import { followStart } from "./follow.ts";
import type { Submission } from "./submission.ts";
import { type StartRequest, startOnCluster } from "./submit.ts";

/** How a job is started, and how long it may take to its first checkpoint. */
export interface LaunchRequest extends StartRequest {
  readonly timeoutMs: number;
  /** Aborts the waiting, not the job. */
  readonly signal: AbortSignal;
}

/** A job that runs on a cluster: plain data. */
export interface Launched {
  readonly job: string;
  readonly id: string;
  readonly epoch: number;
  readonly parallelism: number;
  /** Flink's savepoint that it began from. */
  readonly savepoint: string | null;
  /** Null where nobody waited for it. */
  readonly firstCheckpoint: { readonly id: number; readonly ms: number; readonly bytes: number } | null;
}

/** Starts a submission and waits for its first checkpoint. What `startOnCluster` and `followStart` raise. */
export async function launch(api: FlinkApi, submission: Submission, request: LaunchRequest): Promise<Launched> {
  const { parallelism, steps, timeoutMs, signal } = request;
  const { id, job, beginning, savepoint } = await startOnCluster(api, submission, request);
  const first = await followStart(
    api,
    { id, job },
    {
      timeoutMs,
      signal,
      onStep: (step) => steps.begin(step),
      onFailure: (reason) => steps.note(`It failed, and Flink begins it again: ${reason}`),
    },
  );
  return {
    ...{ job, id, epoch: beginning.epoch, parallelism, savepoint: savepoint ?? null },
    firstCheckpoint: first ? { id: first.id, ms: first.end_to_end_duration, bytes: first.state_size } : null,
  };
}

/** The same for people. */
export function launchedText(
  { job, id, epoch, parallelism, savepoint, firstCheckpoint }: Launched,
  url: string,
): string {
  const begun = savepoint === null ? "" : `, from ${savepoint}`;
  const first =
    firstCheckpoint === null
      ? "Its first checkpoint was not waited for."
      : `Its first checkpoint was complete after ${firstCheckpoint.ms} ms.`;
  return printable(
    `${job} runs at ${url} with parallelism ${parallelism}, as ${id}, in epoch ${epoch}${begun}. ${first}`,
  );
}
