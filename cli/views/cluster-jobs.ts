import { formatTime } from "../../base/time.ts";
import { type CompletedCheckpoint, type FlinkApi, isOver, type JobSummary } from "../cluster/flink-api.ts";
import { reasonOf } from "../cluster/follow.ts";
import { keptPlace } from "../cluster/kept-place.ts";
import { type OperatorFigures, operatorFigures } from "../cluster/operator-metrics.ts";
import { grouped, printable, printableLines, shortTime, table } from "../table.ts";

/** A job in a list: plain data. */
export interface ListedJob {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly seconds: number;
}

/** How a job is: plain data. */
export interface DescribedJob extends ListedJob {
  /** Null where the job does not tell. */
  readonly epoch: number | null;
  /** The embedded run's savepoint that it was submitted with. */
  readonly begunFrom: string | null;
  /** How often it was begun again; tasks and operators are counted since the last time. */
  readonly restarts: number | null;
  readonly tasks: readonly DescribedTask[];
  /** Uids and sources, with what is counted of them. */
  readonly operators: readonly DescribedOperator[];
  /** Bytes of memory of all Node processes, and of evidence and notices that wait; null where nothing is told (yet). */
  readonly node: { readonly rssBytes: number | null; readonly waitingBytes: number | null };
  /** Sources that have other partitions than were planned: their frontiers stand still. */
  readonly sourcesNotProven: number | null;
  readonly checkpoints: {
    readonly completed: number;
    /** Those that failed, and those that were due while not all tasks ran: Flink counts them together. */
    readonly failed: number;
    /** The last that had begun and failed. */
    readonly lastFailed: { readonly id: number; readonly reason: string | null } | null;
    readonly last: DescribedCheckpoint | null;
    readonly lastSavepoint: DescribedCheckpoint | null;
    /** Where Flink began it, or began it again. */
    readonly restoredFrom: string | null;
    /** Of a job that is over: what it can be begun from again. */
    readonly kept: string | null;
  };
  /** Failures, the newest first. */
  readonly failures: readonly { readonly at: string; readonly reason: string }[];
}

/** A chain of operators. */
export interface DescribedTask {
  readonly name: string;
  readonly parallelism: number;
  readonly status: string;
  readonly recordsIn: number;
  readonly recordsOut: number;
}

/** An operator or a source; figures are null where nothing is told (yet). */
export interface DescribedOperator extends Omit<OperatorFigures, "frontier"> {
  /** Event time through which all is read, ISO 8601. */
  readonly frontier: string | null;
}

/** A checkpoint that is complete. */
export interface DescribedCheckpoint {
  readonly id: number;
  readonly at: string;
  readonly ms: number;
  readonly bytes: number;
  /** Null where it is not there any more. */
  readonly path: string | null;
}

/** Asks the cluster how a job is. What `FlinkHttp` raises. */
export async function describedJob(api: FlinkApi, job: JobSummary): Promise<DescribedJob> {
  const { jid: id, name } = job;
  const asked = [api.job(id), api.checkpoints(id), api.exceptions(id), api.restarts(id), api.facts(id)] as const;
  const [details, checkpoints, exceptions, restarts, facts] = await Promise.all(asked);
  const figures = await operatorFigures(api, id, details?.vertices ?? []);
  const { counts, latest } = checkpoints;
  const { state, "start-time": startedAt, duration } = details ?? job;
  const { "countercheck.epoch": epoch, "countercheck.savepoint": savepoint } = facts;
  return {
    ...{ id, name, state, startedAt: new Date(startedAt).toISOString(), seconds: Math.round(duration / 1_000) },
    epoch: epoch === undefined ? null : Number(epoch),
    begunFrom: savepoint ?? null,
    restarts: restarts ?? null,
    tasks: (details?.vertices ?? []).map((vertex) => ({
      name: vertex.name,
      parallelism: vertex.parallelism,
      status: vertex.status,
      recordsIn: vertex.metrics["read-records"],
      recordsOut: vertex.metrics["write-records"],
    })),
    operators: figures.operators.map((one) => ({ ...one, frontier: timeOf(one.frontier) })),
    node: { rssBytes: figures.nodeRssBytes, waitingBytes: figures.waitingBytes },
    sourcesNotProven: figures.sourcesNotProven,
    checkpoints: {
      ...{ completed: counts.completed, failed: counts.failed },
      lastFailed: latest.failed && { id: latest.failed.id, reason: latest.failed.failure_message },
      last: describedCheckpoint(latest.completed),
      lastSavepoint: describedCheckpoint(latest.savepoint),
      restoredFrom: latest.restored?.external_path ?? null,
      kept: (isOver(state) && keptPlace(checkpoints)) || null,
    },
    failures: exceptions.map((exception) => ({
      at: new Date(exception.timestamp).toISOString(),
      reason: reasonOf(exception),
    })),
  };
}

function describedCheckpoint(one: CompletedCheckpoint | null): DescribedCheckpoint | null {
  return (
    one && {
      id: one.id,
      at: new Date(one.trigger_timestamp).toISOString(),
      ms: one.end_to_end_duration,
      bytes: one.state_size,
      path: one.discarded ? null : one.external_path,
    }
  );
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : formatTime(ms);
}

/** The jobs of a cluster, a line each. */
export function listedText(jobs: readonly ListedJob[], url: string): string {
  if (jobs.length === 0) return `No jobs at ${printable(url)}.`;
  const columns = ["name", "state", "started", "id"].map((title) => ({ title }));
  return table(
    columns,
    jobs.map(({ name, state, startedAt, id }) => [name, state, shortTime(Date.parse(startedAt)), id]),
  );
}

/** How a job is, for people. */
export function describedText(job: DescribedJob): string {
  const { id, name, state, startedAt, epoch, begunFrom, restarts, tasks, failures } = job;
  const columns = [
    { title: "task" },
    { title: "subtasks", align: "right" as const },
    { title: "status" },
    { title: "messages in", align: "right" as const },
    { title: "out", align: "right" as const },
  ];
  const rows = tasks.map((task) => [
    task.name,
    String(task.parallelism),
    task.status,
    grouped(task.recordsIn),
    grouped(task.recordsOut),
  ]);
  const inEpoch = epoch === null ? "" : `, in epoch ${epoch}`;
  const from = begunFrom === null ? "" : `, from the embedded run's savepoint ${begunFrom}`;
  const [newest] = failures;
  return [
    printable(`${name} (${id}) is ${state}; it was started ${shortTime(Date.parse(startedAt))}${inEpoch}${from}`),
    ...(restarts ? [`Begun again: ${grouped(restarts)} times; what is counted below, since the last`] : []),
    ...(rows.length === 0 ? [] : [table(columns, rows)]),
    ...operatorsText(job),
    ...checkpointsText(job).map(printable),
    ...(newest === undefined
      ? []
      : [printableLines(`Last failure, ${shortTime(Date.parse(newest.at))}: ${newest.reason}`)]),
  ].join("\n");
}

function checkpointsText({ checkpoints }: DescribedJob): string[] {
  const { completed, failed, lastFailed, last, lastSavepoint, restoredFrom, kept } = checkpoints;
  const notComplete =
    failed === 0
      ? ""
      : lastFailed === null
        ? `; ${grouped(failed)} more were due while not all tasks ran`
        : `; ${grouped(failed)} failed, or were due while not all tasks ran`;
  const shown = (what: string, one: DescribedCheckpoint | null) =>
    one === null || one.path === null
      ? []
      : [
          `${what}: ${one.id}, ${shortTime(Date.parse(one.at))}, ${grouped(one.bytes)} bytes in ${grouped(one.ms)} ms`,
          `  ${one.path}`,
        ];
  return [
    `Checkpoints: ${grouped(completed)} complete${notComplete}`,
    ...(lastFailed === null
      ? []
      : [`Last that failed: ${lastFailed.id}: ${lastFailed.reason ?? "Flink does not say why"}`]),
    ...shown("Last checkpoint", last),
    ...shown("Last savepoint", lastSavepoint),
    ...(restoredFrom === null ? [] : [`Began from: ${restoredFrom}`]),
    ...(kept !== null ? [`Goes on with: countercheck submit --from-savepoint ${kept}`] : []),
  ];
}

function operatorsText({ operators, node, sourcesNotProven }: DescribedJob): string[] {
  const right = (title: string) => ({ title, align: "right" as const });
  const columns = [
    { title: "source or operator" },
    ...[right("rows in"), right("out"), right("keys"), right("state bytes"), right("busy")],
    { title: "read through" },
  ];
  const rows = operators.map(({ name, rowsIn, rowsOut, keys, stateBytes, busyMsPerSecond, frontier }) => [
    name,
    ...[rowsIn, rowsOut, keys, stateBytes].map((count) => (count === null ? "" : grouped(count))),
    busyMsPerSecond === null ? "" : `${Math.round(busyMsPerSecond / 10)} %`,
    frontier ?? "",
  ]);
  const { rssBytes, waitingBytes } = node;
  return [
    ...(rows.length === 0 ? [] : [table(columns, rows)]),
    ...(rssBytes === null ? [] : [`Node: ${grouped(rssBytes)} bytes of memory`]),
    ...(waitingBytes ? [`Evidence and notices that wait: ${grouped(waitingBytes)} bytes`] : []),
    ...(sourcesNotProven ? [NOT_PROVEN] : []),
  ];
}

const NOT_PROVEN =
  "A source has other partitions than it had when the job was submitted, and its frontier stands still: stop the job with a savepoint, and submit it again.";
