import { Worker as Thread } from "node:worker_threads";
import { systemDisk } from "../base/disk.ts";
import { seededRandom } from "../base/random.ts";
import { systemClock } from "../base/time.ts";
import type { Graph } from "../dataflow/graph.ts";
import { ChangedKeys } from "../runtime/changed-keys.ts";
import { type Manifest, type SplitEntry, splitKey, splitName } from "../runtime/checkpoint/manifest.ts";
import { type LinksMemory, makeLinksMemory, type RingLinks } from "../runtime/exchange/worker-links.ts";
import type { Scheduler } from "../runtime/source-loop.ts";
import { ThreadWorker } from "../runtime/thread-worker.ts";
import { LocalWorker, type WorkerHandle } from "../runtime/worker-handle.ts";
import type { SchemaRegistry } from "../schemas/registry.ts";
import { StateStore, type StateStoreOptions } from "../state/state-store.ts";
import { type OpenPartition, openReaders, type TableSplit } from "./compose.ts";
import type { RegistryConfig, SourceBinding } from "./config.ts";
import { type Decided, Heeding } from "./decisions.ts";
import { DiskBackend } from "./disk-backend.ts";
import type { JobFiles } from "./load-job.ts";
import { CACHE_SHARE, STORE_SHARE } from "./state-memory.ts";

/** All that must be known to make a worker, in whatever thread: plain data. */
export interface WorkerSpec {
  /** Files or folders of the jobs, and what they are called together. */
  readonly jobs: JobFiles;
  readonly sources: readonly SourceBinding[];
  readonly registry: RegistryConfig;
  /** The configuration file, for errors. */
  readonly configFile: string;
  readonly parallelism: number;
  readonly retainMs: number;
  readonly follow: boolean;
  /** Reads partitions in a random order. */
  readonly interleave?: number | undefined;
  readonly segments: string;
  readonly temporary: string;
  /** Begins the names of the run's files; never used before in their folder. */
  readonly prefix: string;
  readonly memoryBytes: number;
  readonly allowDroppedState: boolean;
  /** Memory of `ChangedKeys`, where anybody relies on it. */
  readonly changedKeys?: SharedArrayBuffer | undefined;
}

/** What differs from worker to worker. */
export interface WorkerPlace {
  readonly index: number;
  /** All splits, as they were found once for all workers, and their numbers, by name. */
  readonly splits: readonly TableSplit[];
  readonly groups: readonly (readonly [string, number])[];
  readonly links: LinksMemory | undefined;
}

/** How whoever runs a worker hears of it: for tests that break a run off, all but `wake`. */
export interface WorkerHooks {
  /** It has something to do that it did not have in its last turn. */
  readonly wake?: () => void;
  /** Told of places in a checkpoint. */
  readonly onPoint?: (name: string) => void;
  /** When the log of state is compacted. */
  readonly store?: Pick<StateStoreOptions, "slackBytes" | "segmentBytes" | "stepBytes">;
}

/**
 * Makes the workers of a run: one in this thread, or as many as are wanted in threads of their own, which begin with
 * `entry`.
 */
export function openWorkers(
  spec: WorkerSpec,
  graph: Graph,
  { splits, open }: { readonly splits: readonly TableSplit[]; readonly open: OpenPartition },
  registry: SchemaRegistry,
  from: Manifest | undefined,
  { entry = new URL("worker-entry.ts", import.meta.url), ...hooks }: WorkerHooks & { readonly entry?: URL } = {},
): WorkerHandle[] {
  const groups = numberSplits(splits, from?.splits ?? []);
  if (spec.parallelism === 1)
    return [makeWorker(spec, { index: 0, splits, groups, links: undefined }, graph, open, registry, undefined, hooks)];
  const links = makeLinksMemory(graph, spec.parallelism);
  return Array.from({ length: spec.parallelism }, (_, index) => {
    const workerData = { spec, place: { index, splits, groups, links } };
    return new ThreadWorker(new Thread(entry, { workerData }), index);
  });
}

/** Makes one worker in this thread. Raises what `openReaders` does, and what the store and the graph's operators raise. */
export function makeWorker(
  spec: WorkerSpec,
  { index, splits, groups }: WorkerPlace,
  graph: Graph,
  open: OpenPartition,
  registry: SchemaRegistry,
  links: RingLinks | undefined,
  { wake, onPoint, store: sizes }: WorkerHooks = {},
): LocalWorker {
  const { parallelism, retainMs, follow, allowDroppedState, segments, temporary } = spec;
  const disk = systemDisk;
  const prefix = `${spec.prefix}w${index}`;
  const memory = spec.memoryBytes / parallelism;
  const operators = graph.nodes.filter(({ type }) => type === "operator").length;
  const heeding = new Heeding();
  const changed = spec.changedKeys && new ChangedKeys(spec.changedKeys);
  const share = { worker: index, workers: parallelism, splits };
  const readers = openReaders(graph, spec.sources, registry, share, open);
  let backend: DiskBackend | undefined;
  try {
    const store = new StateStore({
      ...sizes,
      disk,
      dir: segments,
      prefix,
      memoryBytes: memory * STORE_SHARE,
      ...(onPoint && { onPoint }),
    });
    backend = new DiskBackend({
      store,
      onChanged: changed && ((key) => changed.mark(key, systemClock.now())),
      cacheBytes: (memory * CACHE_SHARE) / Math.max(1, operators),
      timers: { disk, dir: temporary, prefix: `${prefix}-` },
    });
    return new LocalWorker({
      graph,
      index,
      parallelism,
      readers: readers.map((reader) => heeding.heededBy(reader)),
      clock: systemClock,
      retainMs,
      follow,
      scheduler: spec.interleave === undefined ? undefined : randomly(spec.interleave),
      backend,
      groups: new Map(groups),
      allowDroppedState,
      applyDecision: (decision) => heeding.apply(decision as Decided),
      heeding,
      wake,
      onPoint,
      ...(links === undefined ? {} : { links }),
    });
  } catch (error) {
    // What is read at the brokers is fetched from the moment that it is opened, and keeps the process alive.
    for (const reader of readers) reader.close();
    backend?.close();
    throw error;
  }
}

/** Splits keep the numbers that they have in a checkpoint; new ones get numbers behind them. */
export function numberSplits(splits: readonly TableSplit[], known: readonly SplitEntry[]): [string, number][] {
  const groups = new Map(known.map(({ source, name, group }) => [splitKey(source, name), group]));
  let next = Math.max(-1, ...groups.values()) + 1;
  for (const split of splits) {
    const key = splitKey(split.source.name, splitName(split));
    if (!groups.has(key)) groups.set(key, next++);
  }
  return [...groups];
}

/** Reads whatever partition chance picks. */
function randomly(seed: number): Scheduler {
  const random = seededRandom(seed).fork("interleave");
  return (candidates) => random.pick(candidates);
}
