import { describe, expect, it } from "vitest";
import { Batch } from "../base/batch.ts";
import { MemoryDisk } from "../base/memory-disk.ts";
import { changeColumns, changeLayout, FIRST_FIELD, OP } from "../dataflow/change-layout.ts";
import { idOf } from "../dataflow/model.ts";
import { writeFields } from "../dataflow/row-writer.ts";
import type { SourceOutput, SourceReader } from "../dataflow/source.ts";
import { StateStore } from "../state/state-store.ts";
import { countingJob, Thing } from "../test/support/counting-records.ts";
import { memoryBackend } from "../testing/memory-backend.ts";
import { LocalWorker } from "./worker-handle.ts";

const BATCH = 1_000;

describe("a worker", () => {
  it("ends a checkpoint whose barrier is through while a read waits for what never comes", async () => {
    const { worker, store } = held(20, () => new Promise(() => undefined));
    const part = worker.checkpoint();
    // More is held than was put at the barrier.
    expect(() => store.snapshot()).toThrow("to its end");
    const turn = worker.turn();
    expect(turn).toBeInstanceOf(Promise);
    expect((await part).splits[0]!.offset).toBe(20);
    store.snapshot().release();
  }, 30_000);

  it("fails by what fails then, and not by the read", async () => {
    const { worker, store } = held(20, () => Promise.reject(new Error("registry")));
    worker.checkpoint();
    store.finish = () => {
      throw new Error("disk");
    };
    await expect(worker.turn()).rejects.toThrow("disk");
  });
});

/** A worker that holds counts of the keys of so many reads, and whose next read is `fetch`. */
function held(reads: number, fetch: () => Promise<boolean>): { worker: LocalWorker; store: StateStore } {
  const source = { reads, fetch: undefined as (() => Promise<boolean>) | undefined };
  const store = new StateStore({
    disk: new MemoryDisk(),
    dir: "state",
    prefix: "w",
    memoryBytes: 1 << 20,
    stepBytes: 1,
  });
  const worker = new LocalWorker({
    graph: countingJob({ quietMs: 1e9 }).graph(),
    index: 0,
    parallelism: 1,
    readers: [readerOf(source)],
    clock: { now: () => 0 },
    retainMs: 1e9,
    follow: true,
    backend: { ...memoryBackend(), store },
    groups: new Map([["db things/0", 0]]),
    allowDroppedState: false,
    applyDecision: () => [],
  });
  worker.start(undefined);
  while (worker.turn() === true);
  source.fetch = fetch;
  return { worker, store };
}

function readerOf(source: {
  readonly reads: number;
  readonly fetch: (() => Promise<boolean>) | undefined;
}): SourceReader {
  let next = 0;
  return {
    source: "db",
    longestTransactionMs: 0,
    splits: [{ topic: "things", partition: 0, table: "things", heartbeat: false }],
    formatPosition: (...parts) => parts.join("/"),
    read(_split, _maxBytes, output) {
      if (next < source.reads) return insert(output, next++);
      return source.fetch?.() ?? false;
    },
    position: () => next,
    endOffset: () => source.reads,
    save: () => undefined,
    restore: () => undefined,
    close() {},
  };
}

/** Inserts as many rows of new keys as a batch has. */
function insert(output: SourceOutput, read: number): boolean {
  const batch = new Batch(changeLayout(Thing), BATCH);
  const meta = changeColumns(batch);
  for (let row = 0; row < BATCH; row++) {
    const key = read * BATCH + row;
    meta.kind.set(row, OP.create);
    meta.time.set(row, key);
    meta.seed.nulls[row] = 1;
    meta.row.set(row, String(key));
    for (const column of [meta.major, meta.sub, meta.offset, meta.table, meta.absent]) column.set(row, 0);
    meta.minor.set(row, key);
    writeFields(batch, FIRST_FIELD, row, Thing.fields, { key: idOf(key) });
  }
  batch.count = BATCH;
  output.changes(Thing, 0, batch);
  output.progress(0, read * BATCH);
  return true;
}
