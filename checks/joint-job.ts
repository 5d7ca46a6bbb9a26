import { isError, raise } from "../base/errors.ts";
import type { Node } from "../dataflow/graph.ts";
import { type Job, JobEnvironment, requireJobName } from "./job.ts";

/** Between the names of jobs in the name of what they are together. */
const AND = "+";

/**
 * Several jobs as one: one graph, in which a model that several of them read is decoded once and has one state of rows.
 * `name` is by default their names, joined. JOBS_COLLIDE where two of them call different things alike; JOB_NAME_INVALID.
 */
export function jointJob(jobs: readonly Job[], name?: string): Job {
  if (name !== undefined) requireJobName(name);
  const repeated = jobs.find((job, i) => jobs.some((other, j) => j < i && other.name === job.name));
  if (repeated !== undefined)
    raise("JOBS_COLLIDE", { one: repeated.name, other: repeated.name, reason: "they have the same name" });
  const joint = name ?? jobs.map((job) => job.name).join(AND);
  const build = (env: JobEnvironment) => buildAll(jobs, env);
  return {
    name: joint,
    build,
    graph() {
      const env = new JobEnvironment();
      build(env);
      return env.graph(joint);
    },
  };
}

/** True for runs that have a job in common, or the name: the one may go on from what the other left. */
export function haveJobInCommon(one: string, other: string): boolean {
  const jobs = new Set(one.split(AND));
  return other.split(AND).some((name) => jobs.has(name));
}

function buildAll(jobs: readonly Job[], env: JobEnvironment): void {
  const builders = new Map<Node, string>();
  for (const job of jobs) {
    env.beginPart();
    try {
      job.build(env);
    } catch (error) {
      if (!isError(error, "JOB_DUPLICATE_NAME")) throw error;
      raiseCollision(job.name, builders, error.details, error);
    }
    for (const node of env.graph(job.name).nodes) {
      if (builders.has(node)) continue;
      if (node.type === "sink") requireOwnSink(node.sink, job.name, builders);
      builders.set(node, job.name);
    }
  }
}

/** Says which other job has the name; one job that uses it twice is told as if it were alone. */
function raiseCollision(
  one: string,
  builders: ReadonlyMap<Node, string>,
  { kind, name }: Readonly<Record<string, unknown>>,
  cause: Error,
): never {
  const isIt = (node: Node) =>
    kind === "model" ? node.type === "changes" && node.model.name === name : node.uid === name;
  const other = [...builders].find(([node]) => isIt(node))?.[1];
  if (other === undefined) throw cause;
  const reason =
    kind === "model"
      ? `both have a model ${name}, which are not the same object: import it from one file`
      : `both use the uid ${name}: rename one of the two`;
  raise("JOBS_COLLIDE", { one, other, reason }, { cause });
}

function requireOwnSink(sink: string, one: string, builders: ReadonlyMap<Node, string>): void {
  const other = [...builders].find(([node, job]) => job !== one && node.type === "sink" && node.sink === sink)?.[1];
  if (other !== undefined)
    raise("JOBS_COLLIDE", { one, other, reason: `both write to the sink ${sink}: give each a sink of its own` });
}
