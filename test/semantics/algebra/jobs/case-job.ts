import type { Job } from "../../../../checks/job.ts";
import type { Environment } from "../../../../dataflow/environment.ts";
import { jobOf } from "../../../support/job-harness.ts";
import type { AlgebraCase } from "../format.ts";
import { broadcastJob } from "./broadcasts.ts";
import { aggregateJob, deduplicateJob, topNJob } from "./changelogs.ts";
import { changelogJoinJob, intervalJoinJob, temporalJoinJob, windowJoinJob } from "./joins.ts";
import { lookupJob, type Oracle } from "./lookups.ts";
import { processJob } from "./processes.ts";
import { coGroupJob, unionJob, windowJob } from "./windows.ts";

/** A case's operator as a job, made by the builders that users have. Its look-ups ask the oracle. */
export function caseJob(one: AlgebraCase, oracle: Oracle): Job {
  return jobOf((env) => build(env, one, oracle));
}

function build(env: Environment, { operator, steps }: AlgebraCase, oracle: Oracle): void {
  const retracts = steps.some(([input]) => input.type === "row" && input.kind === "retract");
  switch (operator.kind) {
    case "window":
      return windowJob(env, operator);
    case "union":
      return unionJob(env, operator);
    case "co-group":
      return coGroupJob(env, operator);
    case "interval-join":
      return intervalJoinJob(env, operator);
    case "window-join":
      return windowJoinJob(env, operator);
    case "changelog-join":
      return changelogJoinJob(env, operator);
    case "temporal-join":
      return temporalJoinJob(env, operator);
    case "deduplicate":
      return deduplicateJob(env, operator);
    case "top-n":
      return topNJob(env, operator, retracts);
    case "aggregate":
      return aggregateJob(env, operator, retracts);
    case "process":
      return processJob(env, operator);
    case "broadcast":
      return broadcastJob(env, operator);
    case "async-lookup":
      return lookupJob(env, operator, oracle);
  }
}
