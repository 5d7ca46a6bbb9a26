import { isError } from "../base/errors.ts";
import { systemClock } from "../base/time.ts";
import type { ReadPart, RunEnd, RunRecord, SuspensionEntry } from "../connectors/desk/records.ts";
import type { Graph } from "../dataflow/graph.ts";
import type { SourceReader } from "../dataflow/source.ts";
import { EmbeddedRunner, type RunnerMetrics, type RunnerOutput, type Scheduler } from "../runtime/embedded-runner.ts";
import type { SchemaRegistry } from "../schemas/registry.ts";
import { openReaders } from "./compose.ts";
import type { SourceBinding } from "./config.ts";
import { DecisionFeed } from "./decisions.ts";
import { RunOutputs, type Watcher } from "./outputs.ts";
import { eventsOf, type Progress, runLines } from "./progress.ts";
import { Tally } from "./tally.ts";

/** What a run is made of. */
export interface RunRequest {
  readonly graph: Graph;
  readonly sources: readonly SourceBinding[];
  readonly registry: SchemaRegistry;
  /** Output folder. */
  readonly output: string;
  readonly retainMs: number;
  readonly staleAfterMs?: number | undefined;
  readonly follow: boolean;
  readonly scheduler?: Scheduler | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Is told what the checks emit. */
  readonly onRecord?: ((output: string, record: unknown) => void) | undefined;
}

/** How a run went. */
export interface RunResult {
  /** Changes read. */
  readonly events: number;
  readonly seconds: number;
  readonly tally: Tally;
  readonly metrics: RunnerMetrics;
  /** Dead letters that are open on the desk afterwards, and how many of them this run met. */
  readonly openDeadLetters: { readonly all: number; readonly ofThisRun: number };
  /** Suspensions that wait on the desk afterwards, from this run and the ones before; 1,000 at most. */
  readonly openSuspensions: readonly SuspensionEntry[];
  /** The run before this one in the same output folder. */
  readonly previousRun: RunRecord | undefined;
}

/** Runs a job in this process until its sources end or the signal comes. Throws what makes going on impossible. */
export async function runJob(request: RunRequest): Promise<RunResult> {
  const { graph, follow, signal, progress, onRecord } = request;
  const readers = openReaders(graph, request.sources, request.registry);
  const tally = new Tally();
  const outputs = await RunOutputs.open(request.output, graph, {
    clock: systemClock,
    watcher: watcherOf(tally, onRecord),
    afresh: !follow,
  });
  const decisions = new DecisionFeed(outputs.desk, systemClock);
  const startedAt = performance.now();
  const runner: EmbeddedRunner = new EmbeddedRunner({
    graph,
    readers: readers.map((reader) => decisions.heededBy(reader)),
    output: watched(outputs, decisions, () =>
      progress.show(() => runLines(runner.metrics(), startedAt, tally.verdicts, tally.alerts)),
    ),
    clock: systemClock,
    retainMs: request.retainMs,
    follow,
    decisions: () => decisions.take(),
    ...(follow && request.staleAfterMs !== undefined ? { staleAfterMs: request.staleAfterMs } : {}),
    ...(request.scheduler === undefined ? {} : { scheduler: request.scheduler }),
  });
  const { previousRun } = outputs;
  let end: RunEnd = { state: "interrupted", code: null };
  let through: number | undefined;
  try {
    await runner.run(signal);
    if (!signal.aborted) through = Math.min(...runner.metrics().sources.map((source) => source.frontier));
    const metrics = runner.metrics();
    const seconds = (performance.now() - startedAt) / 1000;
    const openSuspensions = outputs.desk.suspensions({ state: "open" });
    if (!signal.aborted) outputs.desk.settleRead(readParts(readers, openSuspensions), systemClock.now());
    const { all, recordedHere: ofThisRun } = outputs.desk.openDeadLetters();
    if (!signal.aborted) end = { state: "complete", code: null };
    const openDeadLetters = { all, ofThisRun };
    return { events: eventsOf(metrics), seconds, tally, metrics, openDeadLetters, openSuspensions, previousRun };
  } catch (error) {
    end = { state: "failed", code: isError(error) ? error.code : null };
    bringOut(outputs);
    throw error;
  } finally {
    progress.done();
    runner.close();
    outputs.close(end, Number.isFinite(through) ? through : undefined);
  }
}

/** What was read to its end, and so shows which records can be used; behind a suspension they were not tried. */
function readParts(readers: readonly SourceReader[], suspended: readonly SuspensionEntry[]): ReadPart[] {
  return readers.flatMap((reader) => {
    const { source } = reader;
    return reader.splits.flatMap(({ table, topic, partition }, split) => {
      const isSuspended = suspended.some((entry) => entry.source === source && entry.table === table);
      return isSuspended ? [] : [{ source, topic, partition, end: reader.position(split) }];
    });
  });
}

/** What was gathered before an error; one that comes of this would only hide the first. */
function bringOut(outputs: RunOutputs): void {
  try {
    outputs.flush();
  } catch (error) {
    if (!isError(error)) throw error;
  }
}

function watcherOf(tally: Tally, onRecord: RunRequest["onRecord"]): Watcher {
  return {
    emitted(output, record) {
      tally.emitted(output, record);
      onRecord?.(output, record);
    },
    engineAlert: (alert) => tally.engineAlert(alert),
    fault: () => {
      tally.faults++;
    },
  };
}

/** Faults that were settled are left out, and every flush shows how far the run is. */
function watched(output: RunnerOutput, decisions: DecisionFeed, show: () => void): RunnerOutput {
  return {
    emit: (name, record) => output.emit(name, record),
    engineAlert: (alert) => output.engineAlert(alert),
    fault: (fault) => {
      if (!decisions.isSettled(fault)) output.fault(fault);
    },
    suspension: (suspension) => output.suspension(suspension),
    flush: () => {
      show();
      return output.flush();
    },
  };
}
