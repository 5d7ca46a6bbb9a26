import { join } from "node:path";
import type { MemoryDisk } from "../../base/memory-disk.ts";
import type { Random } from "../../base/random.ts";
import { type Clock, days } from "../../base/time.ts";
import { openReaders, splitsOf } from "../../cli/compose.ts";
import { RunOutputs, type SinkPositions } from "../../cli/outputs.ts";
import { Tally, type SavedTally } from "../../cli/tally.ts";
import type { Graph } from "../../dataflow/graph.ts";
import { CheckpointStore } from "../../runtime/checkpoint/checkpoint-store.ts";
import type { Manifest } from "../../runtime/checkpoint/manifest.ts";
import { importSegments, readSavepoint, writeSavepoint } from "../../runtime/checkpoint/savepoint.ts";
import { StateFolder } from "../../runtime/checkpoint/state-folder.ts";
import { EmbeddedRunner, type RunRequest } from "../../runtime/embedded-runner.ts";
import { makeRing } from "../../runtime/exchange/ring.ts";
import { type LinksMemory, RingLinks } from "../../runtime/exchange/worker-links.ts";
import type { OutboxRecord } from "../../runtime/outbox.ts";
import { planOf } from "../../runtime/plan.ts";
import { LocalWorker, type WorkerHandle } from "../../runtime/worker-handle.ts";
import { StateStore } from "../../state/state-store.ts";
import { TimerQueue } from "../../state/timer-queue.ts";
import { chaoticWorker } from "./chaos-worker.ts";
import { SOURCES, type SimulatedShop } from "./shop-feed.ts";
import type { SimDisk } from "./sim-disk.ts";

/** Where everything of a job is on its disk. */
export interface Folders {
  readonly state: string;
  /** The desk, the evidence and the registry are in a folder of this name on the machine's own disk. */
  readonly output: string;
}

/** How large things are that are small here, so that little data goes through all of it. */
export interface Sizes {
  readonly ringBytes: number;
  readonly segmentBytes: number;
  readonly slackBytes: number;
  readonly cacheBytes: number;
  /** Timers in memory. */
  readonly near: number;
}

/** One process of a job: from its start to its end, or its death. */
export interface ProcessOptions {
  readonly graph: Graph;
  readonly shop: SimulatedShop;
  readonly input: MemoryDisk;
  readonly disk: SimDisk;
  readonly clock: Clock;
  readonly folders: Folders;
  readonly sizes: Sizes;
  readonly parallelism: number;
  readonly checkpointEveryMs: number;
  readonly staleAfterMs: number | undefined;
  /** Of turns and of the order in which splits are read; undefined: all as it comes. */
  readonly random: Random | undefined;
  /** The worker that dies, and at which of its turns. */
  readonly death: { readonly worker: number; readonly turn: number } | undefined;
  /** Folder of a savepoint to begin from. */
  readonly fromSavepoint: string | undefined;
  readonly nextRequest: () => RunRequest | undefined;
  /** Told of the results' folder once it is open. */
  readonly onOutputs: (outputs: RunOutputs) => void;
}

/** How a process ended. */
export interface ProcessEnd {
  readonly state: "complete" | "stopped";
  /** The checkpoint that it went on from. */
  readonly from: number | undefined;
  /** What is known of every key, of a complete run. */
  readonly report: readonly OutboxRecord[];
}

const NEVER = new AbortController().signal;

/** Runs the job until it has come to its end, a request stops it, or something fails. */
export async function runProcess(options: ProcessOptions): Promise<ProcessEnd> {
  const { disk, folders, graph, clock } = options;
  const { folder, checkpoints, newest, savepoint } = await openState(options);
  const outputs = await RunOutputs.open(folders.output, graph, {
    clock,
    start: newest !== undefined || (savepoint !== undefined && disk.exists(join(folders.output, "log"))) ? "on" : "afresh",
    since: newest?.before as SinkPositions | undefined,
    stillMine: () => folder.requireMine(),
    disk,
  });
  options.onOutputs(outputs);
  const tally = new Tally();
  let runner: EmbeddedRunner | undefined;
  let state: ProcessEnd["state"] | "failed" = "failed";
  try {
    if (savepoint !== undefined) {
      const { epoch, attempt, job } = folder.run;
      const head = { ...savepoint, job, epoch, attempt, finished: false, before: outputs.position() };
      await checkpoints.write(head, []);
    }
    runner = makeRunner(options, folder, checkpoints, outputs, tally);
    const from = await runner.recover();
    const { isComplete } = await runner.run(new AbortController().signal);
    const report: OutboxRecord[] = [];
    if (isComplete) {
      await runner.report((records) => report.push(...records));
      const through = Math.min(...runner.metrics().sources.map((source) => source.frontier));
      await outputs.complete(through);
      await folder.complete();
    }
    state = isComplete ? "complete" : "stopped";
    return { state, from: from?.checkpoint, report };
  } finally {
    // A process that is dead closes nothing more.
    if (!disk.isDead) {
      await runner?.close();
      outputs.close({ state: state === "complete" ? "complete" : "interrupted", code: null });
    }
  }
}

/** As the command does it, but that nothing is locked: there is one process at a time. */
async function openState({ disk, folders, graph, fromSavepoint }: ProcessOptions) {
  const dir = folders.state;
  disk.makeFolder(dir);
  const savepoint = fromSavepoint === undefined ? undefined : readSavepoint(disk, fromSavepoint);
  const folder = await StateFolder.take(disk, dir, graph.name, savepoint);
  const checkpoints = new CheckpointStore(disk, dir);
  if (savepoint !== undefined) {
    checkpoints.clear([]);
    await importSegments(disk, savepoint, fromSavepoint!, checkpoints.segments);
    return { folder, checkpoints, savepoint, newest: undefined };
  }
  const all = checkpoints.list().map((checkpoint) => checkpoints.tryRead(checkpoint));
  return { folder, checkpoints, savepoint, newest: all.find((manifest) => manifest?.epoch === folder.run.epoch) };
}

function makeRunner(
  options: ProcessOptions,
  folder: StateFolder,
  checkpoints: CheckpointStore,
  outputs: RunOutputs,
  tally: Tally,
): EmbeddedRunner {
  const { disk, clock, staleAfterMs, checkpointEveryMs, nextRequest } = options;
  const prefix = `e${folder.run.epoch}a${folder.run.attempt}`;
  return new EmbeddedRunner({
    run: folder.run,
    checkpoints,
    openWorkers: (from) => openWorkers(options, checkpoints, prefix, from),
    sink: {
      position: () => outputs.position(),
      deliver: (delivery) => outputs.deliver({ ...delivery, before: delivery.before as SinkPositions }),
      recover: (delivery) => outputs.recover({ ...delivery, before: delivery.before as SinkPositions }),
      hasDelivered: (epoch) => outputs.lastDelivered()?.epoch === epoch,
    },
    observer: {
      observe: (records) => tally.observe(records),
      save: () => tally.save(),
      restore: (saved) => tally.restore(saved as SavedTally),
    },
    clock,
    checkpointEveryMs,
    ...(staleAfterMs === undefined ? {} : { staleAfterMs }),
    requests: { next: nextRequest },
    yieldToOthers: () => clock.sleep(1, NEVER),
    writeSavepoint: (checkpoint, dir) => writeSavepoint(disk, checkpoint, checkpoints.segments, dir),
  });
}

function openWorkers(
  options: ProcessOptions,
  checkpoints: CheckpointStore,
  prefix: string,
  from: Manifest | undefined,
): WorkerHandle[] {
  const { graph, parallelism, sizes, random, death } = options;
  const links = parallelism === 1 ? undefined : makeLinks(graph, parallelism, sizes.ringBytes);
  const groups = numberSplits(options, from);
  return Array.from({ length: parallelism }, (_, index) => {
    const worker = makeWorker(options, checkpoints, `${prefix}w${index}`, index, groups, links);
    if (random === undefined) return worker;
    const diesAt = death?.worker === index ? death.turn : Number.POSITIVE_INFINITY;
    return chaoticWorker(worker, index, random.fork(`turns/${index}`), diesAt);
  });
}

function makeWorker(
  { graph, shop, input, disk, clock, sizes, parallelism, random }: ProcessOptions,
  checkpoints: CheckpointStore,
  prefix: string,
  index: number,
  groups: ReadonlyMap<string, number>,
  links: LinksMemory | undefined,
): LocalWorker {
  const { segmentBytes, slackBytes, cacheBytes, near } = sizes;
  const order = random?.fork(`splits/${index}`);
  const { segments: dir, temporary } = checkpoints;
  const store = new StateStore({ disk, dir, prefix, memoryBytes: 4 << 20, segmentBytes, slackBytes });
  return new LocalWorker({
    graph,
    index,
    parallelism,
    readers: openReaders(graph, SOURCES, shop.registry, { worker: index, workers: parallelism }, input),
    clock,
    retainMs: days(180),
    follow: true,
    scheduler: order && ((candidates) => order.pick(candidates)),
    backend: {
      store,
      cacheBytes,
      timerQueue: (name) =>
        new TimerQueue({ disk, dir: temporary, prefix: `${prefix}-${name.replace(/[^\w.-]/g, "_")}`, near }),
    },
    groups,
    allowDroppedState: false,
    applyDecision: () => [],
    ...(links === undefined ? {} : { links: new RingLinks(links, index) }),
  });
}

function makeLinks(graph: Graph, workers: number, ringBytes: number): LinksMemory {
  const edges = planOf(graph).tasks.reduce((sum, task) => sum + task.outputs.length, 0);
  const perWorker = <T>(make: () => T) => Array.from({ length: workers }, make);
  return {
    rings: Array.from({ length: edges }, () => perWorker(() => perWorker(() => makeRing(ringBytes)))),
    bells: perWorker(() => new SharedArrayBuffer(4)),
  };
}

function numberSplits({ graph, input }: ProcessOptions, from: Manifest | undefined): Map<string, number> {
  const groups = new Map((from?.splits ?? []).map(({ source, name, group }) => [`${source} ${name}`, group]));
  let next = Math.max(-1, ...groups.values()) + 1;
  for (const { source, topic, partition } of splitsOf(graph, SOURCES, input)) {
    const name = `${source.name} ${topic}/${partition}`;
    if (!groups.has(name)) groups.set(name, next++);
  }
  return groups;
}
