import type { TaskMetrics } from "../../flink/hosted-task.ts";
import { NODE_METRICS } from "../../flink/socket-task.ts";
import type { ChainTask } from "../../runtime/chain-task.ts";
import { SourceTask } from "../../runtime/source-task.ts";
import type { StateStore } from "../../state/state-store.ts";
import type { TaskResults } from "./result-outlet.ts";
import type { TaskMeter } from "./task-meter.ts";

/** What metrics of a task are taken from. */
export interface MeasuredParts {
  readonly chain: ChainTask | SourceTask;
  readonly meter: TaskMeter;
  readonly store: StateStore;
  readonly results: TaskResults;
}

/**
 * Counts of a task's operators by their uids, of its sources by their names, and of what waits to be delivered. Busy time and size of state
 * are those of the whole task: it is one keyed operator with what has no state, as a rule.
 */
export function taskMetrics({ chain, meter, store, results }: MeasuredParts): TaskMetrics[] {
  const own = { stateBytes: store.liveBytes, busyMsPerSecond: Math.round(meter.takeBusy()) };
  const operators = chain instanceof SourceTask ? chain.operatorMetrics : chain.metrics;
  const frontier = finite("frontier", meter.frontier);
  const ofOperators = operators.map(({ uid, rowsIn, rowsOut, keys }) => ({
    name: uid,
    values: { rowsIn, rowsOut, keys: keys(), ...frontier, ...own, ...countsOf(results, uid) },
  }));
  const ofSources = (chain instanceof SourceTask ? chain.sourceMetrics : []).map(
    ({ source, changes, repeats, faults, rows, frontier }) => ({
      name: source,
      values: { rowsIn: changes, repeats, faults, keys: rows, ...finite("frontier", frontier), ...own },
    }),
  );
  return [...ofOperators, ...ofSources, { name: NODE_METRICS, values: { waitingBytes: results.waitingBytes } }];
}

/** JSON has no form for what is not finite: a frontier of all that is read elsewhere, or of nothing yet. */
function finite(name: string, value: number | undefined): Readonly<Record<string, number>> {
  return value === undefined || !Number.isFinite(value) ? {} : { [name]: value };
}

function countsOf(results: TaskResults, check: string): Readonly<Record<string, number>> {
  const counts = results.counts.get(check);
  return counts === undefined ? {} : { passes: counts.pass, pendings: counts.pending };
}
