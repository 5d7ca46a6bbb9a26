import type { MemoryDisk } from "../../base/memory-disk.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { days } from "../../base/time.ts";
import type { FinalRecord } from "../../checks/records.ts";
import { OUTPUTS } from "../../checks/records.ts";
import { openFile, openReaders, partitionsInFiles, splitsOf } from "../../cli/compose.ts";
import { runJob } from "../../cli/run-job.ts";
import { numberSplits, type WorkerSpec } from "../../cli/workers.ts";
import type { Graph } from "../../dataflow/graph.ts";
import type { Manifest } from "../../runtime/checkpoint/manifest.ts";
import type { RunRequest } from "../../runtime/embedded-runner.ts";
import { makeRing } from "../../runtime/exchange/ring.ts";
import { type LinksMemory, RingLinks } from "../../runtime/exchange/worker-links.ts";
import { planOf } from "../../runtime/plan.ts";
import { LocalWorker, type WorkerHandle } from "../../runtime/worker-handle.ts";
import { StateStore } from "../../state/state-store.ts";
import { TimerLanes } from "../../state/timer-lanes.ts";
import { TimerQueue } from "../../state/timer-queue.ts";
import { chaoticWorker } from "./chaos-worker.ts";
import { type SimulatedShop, SOURCES } from "./shop-feed.ts";
import type { SimClock } from "./sim-clock.ts";
import type { SimDisk } from "./sim-disk.ts";

/** How large things are that are small here, so that little data goes through all of it. */
export interface Sizes {
  readonly ringBytes: number;
  readonly segmentBytes: number;
  readonly slackBytes: number;
  readonly stepBytes: number;
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
  readonly clock: SimClock;
  /** Folders of state and of results. */
  readonly state: string;
  readonly output: string;
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
  /** Told of places in a checkpoint and in its delivery. */
  readonly onPoint: (point: string) => void;
}

/** How a process ended by itself. */
export interface ProcessEnd {
  readonly isComplete: boolean;
  /** The checkpoint that it went on from. */
  readonly from: number | undefined;
  /** What is known of every key, of a complete run. */
  readonly finals: readonly FinalRecord[];
}

const NEVER = new AbortController().signal;
const MEMORY_BYTES = 8 << 20;

/** Runs the job as the command does, until it has come to its end, a request stops it, or something fails. */
export async function runProcess(options: ProcessOptions): Promise<ProcessEnd> {
  const { graph, state: dir, disk, clock, onPoint } = options;
  const { checkpointEveryMs, staleAfterMs, output, parallelism, fromSavepoint } = options;
  const finals: FinalRecord[] = [];
  const result = await runJob({
    graph,
    jobs: { paths: ["simulated"] },
    sources: SOURCES,
    registry: { folder: "none" },
    configFile: "none",
    output,
    state: { dir, memoryBytes: MEMORY_BYTES, checkpointEveryMs },
    retainMs: days(180),
    staleAfterMs,
    follow: true,
    parallelism,
    fresh: false,
    fromSavepoint,
    allowDroppedState: false,
    progress: { show: () => undefined, done: () => undefined },
    signal: NEVER,
    onRecord: (name, record) => {
      if (name === OUTPUTS.finals) finals.push(record as FinalRecord);
    },
    hooks: {
      onPoint,
      machine: {
        disk,
        clock,
        openWorkers: (from, spec) => openWorkers(options, spec, from),
        requests: { next: options.nextRequest },
        yieldToOthers: () => clock.sleep(1),
      },
    },
  });
  return { isComplete: result.isComplete, from: result.resumedFrom, finals };
}

function openWorkers(options: ProcessOptions, spec: WorkerSpec, from: Manifest | undefined): WorkerHandle[] {
  const { graph, input, parallelism, sizes, random, death } = options;
  const links = parallelism === 1 ? undefined : makeLinks(graph, parallelism, sizes.ringBytes);
  const groups = new Map(numberSplits(splitsOf(graph, SOURCES, partitionsInFiles(input)), from?.splits ?? []));
  return Array.from({ length: parallelism }, (_, index) => {
    const worker = makeWorker(options, spec, index, groups, links);
    if (random === undefined) return worker;
    const diesAt = death?.worker === index ? death.turn : Number.POSITIVE_INFINITY;
    return chaoticWorker(worker, index, random.fork(`turns/${index}`), diesAt);
  });
}

/** As the command does it, but for sizes and the order of reading. */
function makeWorker(
  { graph, shop, input, disk, clock, sizes, random }: ProcessOptions,
  { parallelism, prefix: start, retainMs, follow, segments, temporary, allowDroppedState }: WorkerSpec,
  index: number,
  groups: ReadonlyMap<string, number>,
  links: LinksMemory | undefined,
): LocalWorker {
  const { segmentBytes, slackBytes, stepBytes, cacheBytes, near } = sizes;
  const order = random?.fork(`splits/${index}`);
  const splits = splitsOf(graph, SOURCES, partitionsInFiles(input));
  const registry = shop.registry(clock, random?.fork(`registry/${index}`) ?? seededRandom(index));
  const prefix = `${start}w${index}`;
  const memoryBytes = MEMORY_BYTES / parallelism;
  const store = new StateStore({ disk, dir: segments, prefix, memoryBytes, segmentBytes, slackBytes, stepBytes });
  const fileName = (name: string) => `${prefix}-${name.replace(/[^\w.-]/g, "_")}`;
  return new LocalWorker({
    graph,
    index,
    parallelism,
    readers: openReaders(graph, SOURCES, registry, { worker: index, workers: parallelism, splits }, openFile(input)),
    clock,
    retainMs,
    follow,
    scheduler: order && ((candidates) => order.pick(candidates)),
    backend: {
      store,
      cacheBytes,
      timerQueue: (name) => new TimerQueue({ disk, dir: temporary, prefix: fileName(name), near }),
      alarms: (name) => new TimerLanes({ disk, dir: temporary, prefix: fileName(name), near: Math.max(16, near) }),
      close: () => store.close(),
    },
    groups,
    allowDroppedState,
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
