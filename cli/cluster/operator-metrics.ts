import type { FlinkApi, JobVertex, MetricTotals } from "./flink-api.ts";

/** What is counted of an operator or a source, over all subtasks; a figure is null where nothing is told (yet). */
export interface OperatorFigures {
  /** Uid of the operator, or name of the source; what metrics may not have in their names is `_`. */
  readonly name: string;
  readonly rowsIn: number | null;
  /** Null for a source. */
  readonly rowsOut: number | null;
  readonly keys: number | null;
  /** The least of all subtasks, in epoch ms. */
  readonly frontier: number | null;
  /** Of the task that it is in. */
  readonly stateBytes: number | null;
  /** Of the task that it is in: the busiest subtask's. */
  readonly busyMsPerSecond: number | null;
}

/** What is counted of a job beside Flink's own metrics. */
export interface JobFigures {
  readonly operators: readonly OperatorFigures[];
  /** Bytes of evidence and notices that wait. */
  readonly waitingBytes: number | null;
  /** Memory of all Node processes. */
  readonly nodeRssBytes: number | null;
  /** Sources that have other partitions than were planned: their frontiers stand still. */
  readonly sourcesNotProven: number | null;
}

/** Groups of metrics that are no operator's and no source's. */
const TASK = "task";
const NODE = "node";
const OF_OPERATORS = ["rowsIn", "rowsOut", "keys", "frontier", "stateBytes", "busyMsPerSecond"] as const;
const OF_NODE = ["waitingBytes", "nodeRssBytes"] as const;
const NOT_PROVEN = "sourcesNotProven";
const ALL: ReadonlySet<string> = new Set([...OF_OPERATORS, ...OF_NODE, NOT_PROVEN]);
/** Metrics that are asked for at once: their names are in the address. */
const AT_ONCE = 40;

/** Asks Flink for what the TypeScript operators of a job's vertices count. What `FlinkHttp` raises. */
export async function operatorFigures(api: FlinkApi, job: string, vertices: readonly JobVertex[]): Promise<JobFigures> {
  const totals = await Promise.all(vertices.map(({ id }) => totalsOf(api, job, id)));
  const all = totals.flat();
  const of = (group: string, metric: string) => all.filter((one) => one.group === group && one.metric === metric);
  const operators = [...new Set(all.map(({ group }) => group))].filter((group) => isOperator(group));
  return {
    operators: operators.map((name) => ({
      name,
      rowsIn: added(of(name, "rowsIn")),
      rowsOut: added(of(name, "rowsOut")),
      keys: added(of(name, "keys")),
      frontier: least(of(name, "frontier")),
      stateBytes: added(of(name, "stateBytes")),
      busyMsPerSecond: most(of(name, "busyMsPerSecond").map(({ max }) => max)),
    })),
    waitingBytes: added(of(NODE, "waitingBytes")),
    // Every task tells of the same processes.
    nodeRssBytes: most(of(NODE, "nodeRssBytes").map(({ sum }) => sum)),
    sourcesNotProven: added(all.filter(({ metric }) => metric === NOT_PROVEN)),
  };
}

interface Total extends MetricTotals {
  readonly group: string;
  readonly metric: string;
}

/** Of one vertex. A job that is over, and a task that has just begun, tell nothing. */
async function totalsOf(api: FlinkApi, job: string, vertex: string): Promise<Total[]> {
  const names = (await api.metricNames(job, vertex)).filter((name) => ALL.has(parsed(name).metric));
  const totals: Total[] = [];
  for (let from = 0; from < names.length; from += AT_ONCE) {
    const some = await api.metrics(job, vertex, names.slice(from, from + AT_ONCE));
    totals.push(...some.map((total) => ({ ...total, ...parsed(total.id) })));
  }
  return totals;
}

/** `operator.group.metric`; of `prove frontiers` there is no group. In none of them is a point. */
function parsed(id: string): { group: string; metric: string } {
  const parts = id.split(".");
  return { group: parts.length > 2 ? parts.at(-2)! : "", metric: parts.at(-1)! };
}

function isOperator(group: string): boolean {
  return group !== "" && group !== TASK && group !== NODE;
}

function added(totals: readonly Total[]): number | null {
  return totals.length === 0 ? null : totals.reduce((all, { sum }) => all + sum, 0);
}

function least(totals: readonly Total[]): number | null {
  return totals.length === 0 ? null : Math.min(...totals.map(({ min }) => min));
}

function most(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}
