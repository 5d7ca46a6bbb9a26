import { type Disk, systemDisk } from "../base/disk.ts";
import { isError } from "../base/errors.ts";
import { dropHolders } from "../base/folder-lock.ts";
import { type Clock, systemClock } from "../base/time.ts";
import type { ReadPart, RunEnd, SuspensionEntry } from "../connectors/desk/records.ts";
import type { Manifest } from "../runtime/checkpoint/manifest.ts";
import { requireRoom, type Savepoint, writeSavepoint } from "../runtime/checkpoint/savepoint.ts";
import { requireUsable } from "../runtime/checkpoint/upgrade.ts";
import { EmbeddedRunner, type RunRequests } from "../runtime/embedded-runner.ts";
import { brokerInputs, partitionOpener } from "./broker-input.ts";
import { gather, type OpenPartition, splitsOf, type TableSplit } from "./compose.ts";
import { DecisionFeed } from "./decisions.ts";
import { noteHere } from "./desk-of.ts";
import { GrowthWatch } from "./growth-watch.ts";
import type { KafkaInputs } from "./kafka-input.ts";
import { Masking } from "./masking.ts";
import { boundGarbage } from "./memory.ts";
import { openRereading } from "./notify/open-rereading.ts";
import { Teller } from "./notify/teller.ts";
import { openRegistry } from "./open-registry.ts";
import { OutputFolder } from "./output-log.ts";
import { holdsResultsOf, outputPaths, RunOutputs, requireSinkNames, type SinkPositions } from "./outputs.ts";
import { eventsOf, runLines } from "./progress.ts";
import type { ResultPlace } from "./result-log.ts";
import type { RunRequest, RunResult } from "./run-request.ts";
import { RequestFolder } from "./run-requests.ts";
import { observe, observerOf, sinkOf } from "./run-sink.ts";
import { type OpenState, openState } from "./run-state.ts";
import { Tally } from "./tally.ts";
import { Waiting } from "./waiting.ts";
import { openWorkers, type WorkerSpec } from "./workers.ts";

/** What the runs have in common that go on with each other in the same process. */
interface InPlace {
  /** Topics whose rows are looked for in all of their partitions. */
  readonly gathered: Set<string>;
  /** By `performance.now`, when the first began. */
  startedAt?: number;
  /** What the first began with, once it is known. */
  begun?: Pick<RunResult, "previousRun" | "resumedFrom">;
}

/** What a run reads, as it was found for all its workers. */
interface Inputs {
  readonly splits: readonly TableSplit[];
  readonly open: OpenPartition;
  readonly requests: RunRequests;
  /** Tells the brokers how far a checkpoint has read whose results are out. */
  readonly commit: (read: Manifest) => void;
}

/** What a run has while it goes. */
interface Going {
  readonly inputs: Inputs;
  readonly tally: Tally;
  /** By `performance.now`. */
  readonly startedAt: number;
  readonly waiting: Waiting;
  readonly teller: Teller;
  /** Aborts once results are waited for no longer. */
  readonly patience: AbortSignal;
}

/** Runs a job in this process until its sources end or the signal comes. Throws what makes going on impossible. */
export async function runJob(request: RunRequest): Promise<RunResult> {
  requireSinkNames(request.graph);
  boundGarbage();
  const inPlace: InPlace = { gathered: new Set() };
  for (let next = request; ; next = { ...request, fresh: false, fromSavepoint: undefined }) {
    try {
      const result = await runOnce(next, inPlace);
      if (!result.hasGrown || request.signal.aborted) return result;
      // It rested because topics have more partitions: it goes on with all of them.
    } catch (error) {
      if (!isError(error, "ROWS_MOVE") || inPlace.gathered.has(String(error.details.topic))) throw error;
      inPlace.gathered.add(String(error.details.topic));
    }
  }
}

async function runOnce(request: RunRequest, inPlace: InPlace): Promise<RunResult & { readonly hasGrown: boolean }> {
  const place = request.results?.() ?? new OutputFolder(diskOf(request), outputPaths.log(request.output));
  try {
    return await runAt(request, place, inPlace);
  } finally {
    await place.close();
  }
}

async function runAt(
  request: RunRequest,
  place: ResultPlace,
  inPlace: InPlace,
): Promise<RunResult & { readonly hasGrown: boolean }> {
  const mask = request.mask && new Masking(request.mask, request.graph, request.configFile);
  const teller = await openTeller(request);
  try {
    return await runTold(request, place, mask, teller, inPlace);
  } finally {
    await teller.close();
  }
}

async function openTeller({ reread, sources, configFile, notify, turn }: RunRequest): Promise<Teller> {
  const rereading = reread && openRereading(reread, sources, configFile);
  try {
    return new Teller(notify ?? [], configFile, rereading, turn);
  } catch (error) {
    await rereading?.close();
    throw error;
  }
}

async function runTold(
  request: RunRequest,
  place: ResultPlace,
  mask: Masking | undefined,
  teller: Teller,
  inPlace: InPlace,
): Promise<RunResult & { readonly hasGrown: boolean }> {
  const { graph, state: config, fresh, fromSavepoint, hooks: { onPoint } = {} } = request;
  const state = await openState({
    disk: diskOf(request),
    dir: config.dir,
    peekOut: () => place.peekMarker(),
    lastOut: () => place.lastMarker(),
    job: graph.name,
    fresh,
    fromSavepoint,
    rank: request.turn,
    requireUsable: (from) => requireUsable(from, graph, request.allowDroppedState),
    ...(onPoint && { onPoint }),
  });
  try {
    dropHolders(outputPaths.log(request.output), state.lock.outranked);
    const outputs = await openOutputs(request, state, place, mask);
    return await runWith(request, state, outputs, teller, inPlace);
  } finally {
    state.lock.release();
  }
}

async function openOutputs(
  request: RunRequest,
  state: OpenState,
  place: ResultPlace,
  mask: Masking | undefined,
): Promise<RunOutputs> {
  const { output, graph, follow, hooks } = request;
  const last = await place.lastMarker();
  // What a run has brought out is never cleared because its checkpoints are lost.
  const goesOn =
    (last !== undefined && isBackInPlace(output, state)) ||
    state.hasCheckpoints ||
    (!state.begins && last?.epoch === state.folder.run.epoch);
  const outputs = await RunOutputs.open(output, graph, {
    disk: diskOf(request),
    clock: clockOf(request),
    place,
    snapshots: await request.snapshots?.(),
    notify: request.notify ?? [],
    mask,
    start: goesOn ? "on" : follow && state.savepoint === undefined ? "again" : "afresh",
    since: state.newest?.before as SinkPositions | undefined,
    stillMine: () => requireMine(request, state),
    ...(hooks?.onPoint && { onPoint: hooks.onPoint }),
  });
  noteHere(output);
  return outputs;
}

/** True for a savepoint of the run whose results the output folder holds: they are gone on with. */
function isBackInPlace(output: string, { savepoint }: OpenState): boolean {
  return savepoint !== undefined && holdsResultsOf(output, savepoint.before as SinkPositions);
}

async function runWith(
  request: RunRequest,
  state: OpenState,
  outputs: RunOutputs,
  teller: Teller,
  inPlace: InPlace,
): Promise<RunResult & { readonly hasGrown: boolean }> {
  const { graph, signal, progress, sources, configFile, hooks } = request;
  const tally = new Tally();
  inPlace.startedAt ??= performance.now();
  const { startedAt } = inPlace;
  let end: RunEnd = { state: "interrupted", code: null };
  let runner: EmbeddedRunner | undefined;
  let kafka: KafkaInputs | undefined;
  const waiting = new Waiting();
  const failing = new AbortController();
  try {
    if (state.savepoint !== undefined) await beginFrom(state.savepoint, state, outputs);
    kafka = await brokerInputs(graph, sources, configFile, (error) => waiting.untold(error));
    const others = hooks?.machine?.requests ?? new RequestFolder(request.state.dir);
    const growth = kafka && new GrowthWatch(() => kafka!.hasGrown(), others, clockOf(request));
    const known = (state.savepoint ?? state.newest)?.splits ?? [];
    const find = await kafka?.find(graph, known);
    const splits = hooks?.machine === undefined ? gather(splitsOf(graph, sources, find), known, inPlace.gathered) : [];
    const open = await partitionOpener(graph, sources, configFile);
    const inputs = { splits, open, requests: growth ?? others, commit: (read: Manifest) => kafka?.commit(read.splits) };
    runner = makeRunner(request, state, outputs, {
      inputs,
      tally,
      startedAt,
      waiting,
      teller,
      patience: failing.signal,
    });
    const from = await runner.recover();
    teller.begin({
      job: graph.name,
      desk: outputs.desk,
      clock: clockOf(request),
      requireMine: () => requireMine(request, state),
      verdictOf: (alert) => outputs.newestVerdict(alert),
    });
    inPlace.begun ??= { previousRun: outputs.previousRun, resumedFrom: from?.checkpoint };
    const { isComplete, last } = await runner.run(signal);
    if (isComplete) await complete(request, runner, outputs, tally);
    await teller.lastWords(isComplete ? "complete" : "interrupted");
    const metrics = runner.metrics();
    if (isComplete) outputs.desk.settleSuspensions();
    const openSuspensions = outputs.desk.suspensions({ state: "open" });
    if (isComplete) outputs.desk.settleRead(readParts(request, last, openSuspensions), clockOf(request).now());
    const openDeadLetters = outputs.desk.openDeadLetters();
    if (isComplete) {
      await state.folder.complete();
      end = { state: "complete", code: null };
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const events = eventsOf(metrics);
    const hasGrown = growth?.hasGrown ?? false;
    const notifications = outputs.desk.notifications.counts();
    const left = { reread: teller.truthAsked, notifications, openDeadLetters, openSuspensions, ...inPlace.begun };
    return { isComplete, events, seconds, tally, metrics, ...left, hasGrown };
  } catch (error) {
    if (!isError(error, "ROWS_MOVE")) end = { state: "failed", code: isError(error) ? error.code : null };
    throw error;
  } finally {
    progress.done();
    // A checkpoint that is under way would wait for servers as long as a run that goes on.
    failing.abort();
    await runner?.close();
    await teller.close();
    await outputs.close(end);
    await kafka?.close();
  }
}

/**
 * A savepoint becomes the run's first checkpoint. Results that are there, of the run that it was taken of, are gone on with.
 */
async function beginFrom(savepoint: Savepoint, { folder, checkpoints }: OpenState, outputs: RunOutputs): Promise<void> {
  const { epoch, attempt } = folder.run;
  const { files: _, ...manifest } = savepoint;
  const before = savepoint.before as SinkPositions;
  if (before.begunAt === outputs.position().begunAt) await outputs.goBackTo(before);
  await checkpoints.write({ ...manifest, epoch, attempt, before: outputs.position() }, [], () => folder.requireMine());
  await folder.hasBegun();
}

function makeRunner(
  request: RunRequest,
  openState: OpenState,
  outputs: RunOutputs,
  { inputs, tally, startedAt, waiting, teller, patience }: Going,
): EmbeddedRunner {
  const { graph, registry: registryConfig, configFile, state, follow, staleAfterMs, progress, onRecord } = request;
  const { folder, checkpoints } = openState;
  const { epoch, attempt } = folder.run;
  const { machine } = request.hooks ?? {};
  const [disk, clock] = [diskOf(request), clockOf(request)];
  const registry = openRegistry(registryConfig, configFile);
  const spec: WorkerSpec = {
    jobs: request.jobs,
    sources: request.sources,
    registry: registryConfig,
    configFile,
    parallelism: request.parallelism,
    retainMs: request.retainMs,
    follow,
    interleave: request.interleave,
    segments: checkpoints.segments,
    temporary: checkpoints.temporary,
    prefix: `e${epoch}a${attempt}`,
    memoryBytes: state.memoryBytes,
    allowDroppedState: request.allowDroppedState,
    changedKeys: teller.changedKeys,
  };
  const decisions = new DecisionFeed(outputs.desk, clock);
  const signal = AbortSignal.any([request.signal, patience]);
  return new EmbeddedRunner({
    run: folder.run,
    checkpoints,
    openWorkers: (from, wake) =>
      machine?.openWorkers(from, spec) ?? openWorkers(spec, graph, inputs, registry, from, { ...request.hooks, wake }),
    sink: sinkOf(outputs, { clock, signal, onWaiting: (error) => waiting.because(error) }),
    onDelivered: inputs.commit,
    observer: observerOf(tally, onRecord),
    clock,
    checkpointEveryMs: state.checkpointEveryMs,
    requireMine: () => requireMine(request, openState),
    ...(follow && staleAfterMs !== undefined ? { staleAfterMs } : {}),
    decisions: () => decisions.take(),
    onProgress: (metrics) => {
      outputs.check();
      teller.check();
      request.turn?.requireMine();
      request.onMetrics?.(metrics);
      progress.show(() => [
        ...runLines(metrics, startedAt, tally.verdicts, tally.alerts),
        ...teller.lines(),
        ...waiting.lines(),
      ]);
    },
    requests: inputs.requests,
    ...(machine && { yieldToOthers: machine.yieldToOthers }),
    // Its outbox is out, and nothing else is on its way.
    writeSavepoint: (checkpoint, dir) =>
      writeSavepoint(disk, { ...checkpoint, before: outputs.position() }, checkpoints.segments, dir),
    requireRoom: (dir) => requireRoom(disk, dir),
  });
}

/** Throws once another process may have taken over, or has. */
function requireMine({ turn }: RunRequest, { folder }: OpenState): void {
  turn?.requireMine();
  folder.requireMine();
}

function diskOf({ hooks }: RunRequest): Disk {
  return hooks?.machine?.disk ?? systemDisk;
}

function clockOf({ hooks }: RunRequest): Clock {
  return hooks?.machine?.clock ?? systemClock;
}

/** All was read: takes in what is known of every key, and ends the output log. */
async function complete(
  { onRecord }: RunRequest,
  runner: EmbeddedRunner,
  outputs: RunOutputs,
  tally: Tally,
): Promise<void> {
  await runner.report((records) => observe(records, tally, onRecord));
  const through = Math.min(...runner.metrics().sources.map((source) => source.frontier));
  if (Number.isFinite(through)) await outputs.complete(through);
}

/** What was read to its end, and so shows which records can be used; behind a suspension they were not tried. */
function readParts({ sources }: RunRequest, { splits }: Manifest, suspended: readonly SuspensionEntry[]): ReadPart[] {
  return splits.flatMap(({ source, name, offset: end }) => {
    const at = name.lastIndexOf("/");
    const [topic, partition] = [name.slice(0, at), Number(name.slice(at + 1))];
    const { tables } = sources.find((candidate) => candidate.name === source)!;
    const table = Object.keys(tables).find((candidate) => tables[candidate]!.topic === topic);
    const isSuspended = suspended.some((entry) => entry.source === source && entry.table === table);
    return isSuspended ? [] : [{ source, topic, partition, end }];
  });
}
