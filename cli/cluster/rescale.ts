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

/** What came of it; where the job had what was asked for, and where its scheduler cannot give it, nothing was changed. */
export type Rescaled = "given" | "had" | "cannot";

/**
 * Has the adaptive scheduler give a job another parallelism, and waits until it has it. JOB_NOT_RESCALED where there are no
 * slots for that.
 */
export async function rescaleInPlace(
  api: FlinkApi,
  { jid, name }: JobSummary,
  parallelism: number,
  timeoutMs: number,
): Promise<Rescaled> {
  const before = await api.requirements(jid);
  const details = await api.job(jid);
  if (details !== undefined && hasAlready(details, before, parallelism)) return "had";
  if (before === undefined || details === undefined) return "cannot";
  await api.require(jid, wanted(details, before, parallelism));
  const until = performance.now() + timeoutMs;
  for (;;) {
    const now = await api.job(jid);
    if (now !== undefined && isDone(now, parallelism)) return "given";
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

/** It has less than it wants where there are no slots for it. */
function hasAlready({ vertices }: JobDetails, before: Requirements | undefined, parallelism: number): boolean {
  return vertices.every((vertex) => {
    const subtasks = subtasksOf(vertex, parallelism);
    const bounds = before?.[vertex.id]?.parallelism;
    return vertex.parallelism === subtasks && (bounds === undefined || bounds.upperBound === subtasks);
  });
}

function isDone(details: JobDetails, parallelism: number): boolean {
  const { state, vertices } = details;
  return (
    state === "RUNNING" &&
    vertices.every(({ status }) => status === "RUNNING") &&
    hasAlready(details, undefined, parallelism)
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
