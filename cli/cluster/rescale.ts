import { setTimeout as sleep } from "node:timers/promises";
import { raise } from "../../base/errors.ts";
import {
  type FlinkApi,
  isOver,
  type JobDetails,
  type JobSummary,
  type JobVertex,
  type Requirements,
} from "./flink-api.ts";

const LOOK_EVERY_MS = 500;

/**
 * Has the adaptive scheduler give a job another parallelism, and waits until it has it; false where the job has another
 * scheduler, and nothing was changed. JOB_NOT_RESCALED where there are no slots for that.
 */
export async function rescaleInPlace(
  api: FlinkApi,
  { jid, name }: JobSummary,
  parallelism: number,
  timeoutMs: number,
): Promise<boolean> {
  const before = await api.requirements(jid);
  const details = await api.job(jid);
  if (before === undefined || details === undefined) return false;
  await api.require(jid, wanted(details, before, parallelism));
  const until = performance.now() + timeoutMs;
  for (;;) {
    const now = await api.job(jid);
    if (now !== undefined && isDone(now, parallelism)) return true;
    if (now === undefined || isOver(now.state) || performance.now() > until)
      raise("JOB_NOT_RESCALED", { job: name, id: jid, url: api.url, parallelism, state: stateOf(now) });
    await sleep(LOOK_EVERY_MS);
  }
}

/** The bounds of each vertex. */
function wanted({ vertices }: JobDetails, before: Requirements, parallelism: number): Requirements {
  const bounds = vertices.map((vertex) => {
    const { id } = vertex;
    const lowerBound = before[id]?.parallelism.lowerBound ?? 1;
    const upperBound = subtasksOf(vertex, parallelism);
    return [id, { parallelism: { lowerBound: Math.min(lowerBound, upperBound), upperBound } }] as const;
  });
  return Object.fromEntries(bounds);
}

function isDone({ state, vertices }: JobDetails, wanted: number): boolean {
  return (
    state === "RUNNING" &&
    vertices.every((vertex) => vertex.status === "RUNNING" && vertex.parallelism === subtasksOf(vertex, wanted))
  );
}

/** What proves frontiers must see all heartbeats: `KafkaEnds.java` gives it one subtask, and this name. */
const PROOFS = "prove frontiers";

function subtasksOf({ name, maxParallelism }: JobVertex, wanted: number): number {
  return name.includes(PROOFS) ? 1 : Math.min(wanted, maxParallelism);
}

function stateOf(details: JobDetails | undefined): string {
  if (details === undefined) return "unknown";
  return `${details.state}, with parallelism ${Math.max(0, ...details.vertices.map(({ parallelism }) => parallelism))}`;
}
