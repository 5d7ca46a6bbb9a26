import { formatTime } from "../../base/time.ts";
import type { FlinkApi, JobSummary } from "../cluster/flink-api.ts";
import { reasonOf } from "../cluster/follow.ts";
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
  readonly tasks: readonly DescribedTask[];
  /** Uids and sources, with what is counted of them. */
  readonly operators: readonly DescribedOperator[];
  /** Bytes of memory of all Node processes, and of evidence and notices that wait; null where nothing is told (yet). */
  readonly node: { readonly rssBytes: number | null; readonly waitingBytes: number | null };
  /** Sources that have other partitions than were planned: their frontiers stand still. */
  readonly sourcesNotProven: number | null;
  readonly checkpoints: {
    readonly completed: number;
    readonly failed: number;
    readonly last: DescribedCheckpoint | null;
    /** Where it began, or began again. */
    readonly restoredFrom: string | null;
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
  readonly path: string | null;
}

/** Asks the cluster how a job is. What `FlinkHttp` raises. */
export async function describedJob(api: FlinkApi, job: JobSummary): Promise<DescribedJob> {
  const { jid: id, name } = job;
  const [details, checkpoints, exceptions] = await Promise.all([api.job(id), api.checkpoints(id), api.exceptions(id)]);
  const figures = await operatorFigures(api, id, details?.vertices ?? []);
  const { counts, latest } = checkpoints;
  const { state, "start-time": startedAt, duration } = details ?? job;
  const last = latest.completed && {
    id: latest.completed.id,
    at: new Date(latest.completed.trigger_timestamp).toISOString(),
    ms: latest.completed.end_to_end_duration,
    bytes: latest.completed.state_size,
    path: latest.completed.external_path,
  };
  return {
    ...{ id, name, state, startedAt: new Date(startedAt).toISOString(), seconds: Math.round(duration / 1_000) },
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
      ...{ completed: counts.completed, failed: counts.failed, last },
      restoredFrom: latest.restored?.external_path ?? null,
    },
    failures: exceptions.map((exception) => ({
      at: new Date(exception.timestamp).toISOString(),
      reason: reasonOf(exception),
    })),
  };
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
  const { id, name, state, startedAt, tasks, checkpoints, failures } = job;
  const { completed, failed, last, restoredFrom } = checkpoints;
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
  const lastText =
    last === null
      ? []
      : [
          `Last checkpoint: ${last.id}, ${shortTime(Date.parse(last.at))}, ${grouped(last.bytes)} bytes in ${grouped(last.ms)} ms`,
          ...(last.path === null ? [] : [`  ${last.path}`]),
        ];
  const [newest] = failures;
  return [
    printable(`${name} (${id}) is ${state}; it was started ${shortTime(Date.parse(startedAt))}`),
    ...(rows.length === 0 ? [] : [table(columns, rows)]),
    ...operatorsText(job),
    `Checkpoints: ${grouped(completed)} complete, ${grouped(failed)} failed`,
    ...lastText.map(printable),
    ...(restoredFrom === null ? [] : [printable(`Began from: ${restoredFrom}`)]),
    ...(newest === undefined
      ? []
      : [printableLines(`Last failure, ${shortTime(Date.parse(newest.at))}: ${newest.reason}`)]),
  ].join("\n");
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
