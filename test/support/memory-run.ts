import type { Key } from "../../base/key.ts";
import { MemoryDisk } from "../../base/memory-disk.ts";
import type { Clock } from "../../base/time.ts";
import { DiskBackend } from "../../cli/disk-backend.ts";
import type { Graph } from "../../dataflow/graph.ts";
import type { SourceReader } from "../../dataflow/source.ts";
import { CheckpointStore } from "../../runtime/checkpoint/checkpoint-store.ts";
import { writeSavepoint } from "../../runtime/checkpoint/savepoint.ts";
import { EmbeddedRunner, type RunnerMetrics, type RunRequests } from "../../runtime/embedded-runner.ts";
import { makeLinksMemory, RingLinks } from "../../runtime/exchange/worker-links.ts";
import type { OutboxRecord } from "../../runtime/outbox.ts";
import type { Scheduler } from "../../runtime/source-loop.ts";
import { LocalWorker } from "../../runtime/worker-handle.ts";
import { StateStore } from "../../state/state-store.ts";

/** What a run in memory is made of. */
export interface MemoryRunOptions {
  readonly graph: Graph;
  /** Readers of one of so many workers. */
  readonly readers: (worker: number, workers: number) => readonly SourceReader[];
  /** Number of each split that the readers have, by `source topic/partition`. */
  readonly groups: ReadonlyMap<string, number>;
  readonly clock: Clock;
  readonly retainMs: number;
  readonly follow?: boolean;
  readonly staleAfterMs?: number;
  readonly scheduler?: Scheduler | undefined;
  /** Workers, all in this thread. */
  readonly parallelism?: number;
  /** Where its state and savepoints are. Default: a disk of its own. */
  readonly disk?: MemoryDisk;
  /** Its state folder. Default: `state`. */
  readonly dir?: string;
  /** Checkpoints of this epoch are gone on from. Default: 1. */
  readonly epoch?: number;
  /** The number of the process that runs it, of those that go on from each other's checkpoints. Default: the epoch. */
  readonly attempt?: number;
  readonly requests?: RunRequests;
  /** Is told of keys whose rows change. */
  readonly onChanged?: (key: Key) => void;
}

const MIB = 1 << 20;

/** Runs a job whose state and checkpoints are in memory; gives all that came out, what is known of every key at the end included. */
export async function runInMemory(
  options: MemoryRunOptions,
  records: OutboxRecord[],
  signal = new AbortController().signal,
): Promise<{ readonly checkpoints: number; readonly metrics: RunnerMetrics }> {
  const { graph, groups, clock, retainMs, follow = false, scheduler, staleAfterMs, parallelism = 1 } = options;
  const { disk = new MemoryDisk(), dir = "state", epoch = 1, attempt = epoch, requests } = options;
  const prefix = attempt === epoch ? `e${epoch}` : `e${epoch}a${attempt}`;
  const checkpoints = new CheckpointStore(disk, dir);
  const links = parallelism === 1 ? undefined : makeLinksMemory(graph, parallelism);
  const makeWorker = (index: number, wake: () => void) =>
    new LocalWorker({
      graph,
      index,
      parallelism,
      readers: options.readers(index, parallelism),
      clock,
      retainMs,
      follow,
      scheduler,
      backend: new DiskBackend({
        store: new StateStore({ disk, dir: checkpoints.segments, prefix: `${prefix}w${index}`, memoryBytes: 64 * MIB }),
        cacheBytes: 16 * MIB,
        timers: { disk, dir: checkpoints.temporary, prefix: `${prefix}w${index}-` },
        onChanged: options.onChanged,
      }),
      groups,
      allowDroppedState: false,
      applyDecision: () => [],
      wake,
      ...(links === undefined ? {} : { links: new RingLinks(links, index) }),
    });
  let delivered = 0;
  const runner = new EmbeddedRunner({
    run: { job: graph.name, epoch, attempt, state: "running" },
    checkpoints,
    openWorkers: (_, wake) => Array.from({ length: parallelism }, (_, index) => makeWorker(index, wake)),
    sink: {
      position: () => null,
      async deliver(delivery) {
        delivered++;
        records.push(...delivery.records);
      },
      recover: async () => undefined,
      hasDelivered: () => false,
    },
    observer: { observe: () => undefined, save: () => null, restore: () => undefined },
    clock,
    checkpointEveryMs: 1_000,
    requireMine: () => undefined,
    ...(staleAfterMs === undefined ? {} : { staleAfterMs }),
    ...(requests === undefined ? {} : { requests }),
    writeSavepoint: (checkpoint, to) => writeSavepoint(disk, checkpoint, checkpoints.segments, to),
  });
  try {
    await runner.recover();
    const { isComplete } = await runner.run(signal);
    if (isComplete) await runner.report((report) => records.push(...report));
    return { checkpoints: delivered, metrics: runner.metrics() };
  } finally {
    await runner.close();
  }
}
