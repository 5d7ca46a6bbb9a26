import { raise } from "../../base/errors.ts";
import { type FlinkApi, isOver, type JobSummary } from "./flink-api.ts";
import { keptPlace } from "./kept-place.ts";

/**
 * The job that a name or an id means: of several with one name that which goes on, and else the newest.
 * JOB_ON_CLUSTER_UNKNOWN, JOB_ON_CLUSTER_AMBIGUOUS.
 */
export async function findJob(api: FlinkApi, job: string): Promise<JobSummary> {
  const jobs = await api.jobs();
  const named = jobs.filter(({ jid, name }) => jid === job.toLowerCase() || name === job);
  const going = named.filter(({ state }) => !isOver(state));
  if (going.length > 1)
    raise("JOB_ON_CLUSTER_AMBIGUOUS", { job, url: api.url, ids: going.map(({ jid }) => jid).join(", ") });
  const found = going[0] ?? named.toSorted((a, b) => b["start-time"] - a["start-time"])[0];
  if (found !== undefined) return found;
  const known = [...new Set(jobs.map(({ name }) => name))].join(", ") || "none";
  return raise("JOB_ON_CLUSTER_UNKNOWN", { job, url: api.url, known });
}

/** The same, of a job that goes on. JOB_ON_CLUSTER_OVER besides. */
export async function findGoing(api: FlinkApi, job: string): Promise<JobSummary> {
  const found = await findJob(api, job);
  if (!isOver(found.state)) return found;
  const place = keptPlace(await api.checkpoints(found.jid));
  const again =
    place === undefined
      ? "It left no savepoint: `countercheck submit` begins anew"
      : `\`countercheck submit --from-savepoint ${place}\` goes on from where it was`;
  return raise("JOB_ON_CLUSTER_OVER", { job: found.name, id: found.jid, state: found.state, url: api.url, again });
}
