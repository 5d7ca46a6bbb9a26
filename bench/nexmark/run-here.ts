import { rmSync } from "node:fs";
import { join } from "node:path";
import { systemDisk } from "../../base/disk.ts";
import { type Clock, systemClock } from "../../base/time.ts";
import { job } from "../../checks/job.ts";
import { DiskBackend } from "../../cli/disk-backend.ts";
import { type Graph, modelsOf } from "../../dataflow/graph.ts";
import { CheckpointStore } from "../../runtime/checkpoint/checkpoint-store.ts";
import { splitKey, splitName } from "../../runtime/checkpoint/manifest.ts";
import { EmbeddedRunner } from "../../runtime/embedded-runner.ts";
import type { OutboxRecord } from "../../runtime/outbox.ts";
import { LocalWorker } from "../../runtime/worker-handle.ts";
import { StateStore } from "../../state/state-store.ts";
import { EventReader } from "./event-reader.ts";
import type { Query, ResultRow } from "./query.ts";
import { type ResultRows, RowCounter } from "./result-rows.ts";
import { type Measured, SteadyPart } from "./steady-part.ts";

/** As jobs do by default. Flink's are 10 s apart, but a run takes it ten times as long. */
const CHECKPOINT_EVERY_MS = 1_000;
/** So much the clock is put forward behind the last event, so that windows of processing time end. */
const LINGER_MS = 12_000;
/** As much as Flink's RocksDB gets for its caches and buffers. */
const MEMORY_BYTES = 1 << 30;
const STORE_SHARE = 0.6;
const CACHE_SHARE = 0.2;

/** How a query is run. */
interface HereOptions {
  readonly query: Query;
  /** The file of events. */
  readonly events: string;
  /** For state and checkpoints; emptied first. */
  readonly folder: string;
}

/** Runs a query whose result goes nowhere. */
export async function measureHere({ query, ...place }: HereOptions): Promise<Measured> {
  const graph = job(`nexmark-${query.name}`, (env) => void query.build(env)).graph();
  const steady = new SteadyPart();
  await run(graph, { ...place, onEvents: (read, all) => steady.read(read, all) });
  return steady.measured();
}

/** Runs a query for its result: what is left when the changelog has been gone through. */
export async function resultHere({ query, ...place }: HereOptions): Promise<ResultRows> {
  const graph = job(`nexmark-${query.name}`, (env) => query.build(env).to("out")).graph();
  const counter = new RowCounter();
  const show = query.show ?? ((row: ResultRow) => Object.values(row));
  await run(graph, {
    ...place,
    lingers: query.lingers === true,
    take(records) {
      for (const record of records) {
        if (record.kind !== "emit") continue;
        const { $op, ...row } = record.record as ResultRow;
        counter.add(show(row), $op === "retract" ? -1 : 1);
      }
    },
  });
  return counter.rows;
}

interface RunOptions extends Omit<HereOptions, "query"> {
  readonly onEvents?: (read: number, all: number) => void;
  /** Takes the records of a checkpoint. */
  readonly take?: (records: readonly OutboxRecord[]) => void;
  readonly lingers?: boolean;
}

async function run(graph: Graph, { events, folder, onEvents, take, lingers = false }: RunOptions): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const checkpoints = new CheckpointStore(systemDisk, join(folder, "checkpoints"));
  let aheadMs = 0;
  const clock: Clock = { ...systemClock, now: () => Date.now() + aheadMs };
  const reader: EventReader = new EventReader(events, modelsOf(graph), {
    onEvents: (read) => onEvents?.(read, reader.events),
    ...(lingers && { onLast: () => (aheadMs = LINGER_MS) }),
  });
  const runner = new EmbeddedRunner({
    run: { job: graph.name, epoch: 1, attempt: 1, state: "running" },
    checkpoints,
    openWorkers: () => [makeWorker(graph, reader, checkpoints, clock, lingers)],
    sink: {
      position: () => null,
      deliver: async ({ records }) => take?.(records),
      recover: async () => undefined,
      hasDelivered: () => false,
    },
    observer: { observe: () => undefined, save: () => null, restore: () => undefined },
    clock,
    checkpointEveryMs: CHECKPOINT_EVERY_MS,
    requireMine: () => undefined,
    writeSavepoint: async () => undefined,
  });
  try {
    await runner.recover();
    await runner.run(new AbortController().signal);
  } finally {
    await runner.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeWorker(
  graph: Graph,
  reader: EventReader,
  { segments, temporary }: CheckpointStore,
  clock: Clock,
  follow: boolean,
): LocalWorker {
  const operators = graph.nodes.filter(({ type }) => type === "operator").length;
  return new LocalWorker({
    graph,
    index: 0,
    parallelism: 1,
    readers: [reader],
    clock,
    retainMs: 0,
    follow,
    backend: new DiskBackend({
      store: new StateStore({ disk: systemDisk, dir: segments, prefix: "w0", memoryBytes: MEMORY_BYTES * STORE_SHARE }),
      cacheBytes: (MEMORY_BYTES * CACHE_SHARE) / Math.max(1, operators),
      timers: { disk: systemDisk, dir: temporary, prefix: "w0-" },
    }),
    groups: new Map(reader.splits.map((split, index) => [splitKey(reader.source, splitName(split)), index])),
    allowDroppedState: false,
    applyDecision: () => [],
  });
}
