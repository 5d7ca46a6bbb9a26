import { setImmediate as eventsToCome } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Batch } from "../../base/batch.ts";
import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { MemoryDisk } from "../../base/memory-disk.ts";
import { RestoredSavepoint } from "../../cli/cluster/restored-savepoint.ts";
import { changeColumns, changeLayout, FIRST_FIELD, OP } from "../../dataflow/change-layout.ts";
import { idOf } from "../../dataflow/model.ts";
import { writeFields } from "../../dataflow/row-writer.ts";
import type { SourceOutput, SourceReader } from "../../dataflow/source.ts";
import { ChainTask } from "../../runtime/chain-task.ts";
import type { RunRequest } from "../../runtime/embedded-runner.ts";
import type { OutboxRecord } from "../../runtime/outbox.ts";
import { planOf } from "../../runtime/plan.ts";
import { memoryBackend } from "../../testing/memory-backend.ts";
import { beginFrom } from "../semantics/algebra/embedded-run.ts";
import { type CountingOptions, countingJob, Thing, type Told } from "../support/counting-records.ts";
import { runInMemory } from "../support/memory-run.ts";

const KEYS = 200;
const ROWS = 800;
const PARTITIONS = 4;
const QUIET_MS = 10_000;
const SAVED = "savepoints/half";

describe("records of a job that is stopped", () => {
  it.each([
    [1, 3],
    [2, 1],
    [3, 2],
  ])("are gone on from embedded: by %i workers, then by %i", async (first, second) => {
    const disk = await stopped(first);
    await beginFrom(SAVED, disk, "state-2", 2);
    const { told, keys } = await run(disk, { part: 2, parallelism: second, through: ROWS });
    expect(told.length).toBe(KEYS);
    expect(told.every(({ count }) => count === ROWS / KEYS)).toBe(true);
    expect(keys, "by what woke them they are gone").toBe(0);
  });

  it("come to the tasks on a cluster from its savepoint, once each", async () => {
    const told = await toldOnCluster(await stopped(2));
    expect(told.length).toBe(KEYS);
    expect(told.every(({ count }) => count === ROWS / 2 / KEYS)).toBe(true);
  });

  it("are handed over where the operator keeps none any more", async () => {
    const disk = await stopped(2, { name: "$counts" });
    const former = { name: "$counts", areFormer: true };
    const told = await toldOnCluster(disk, former);
    expect(told.length).toBe(KEYS);
    expect(told.every(({ count }) => count === ROWS / 2 / KEYS)).toBe(true);
    await beginFrom(SAVED, disk, "state-2", 2);
    expect(await run(disk, { part: 2, parallelism: 3, through: ROWS, ...former })).toEqual({ told: [], keys: KEYS });
  });

  it("are left behind on purpose only", async () => {
    const disk = await stopped(2);
    const without = { schema: undefined };
    const refusal = "state that it no longer has: state counts of counting.";
    await expect(toldOnCluster(disk, without)).rejects.toThrow(refusal);
    expect(await toldOnCluster(disk, without, true)).toEqual([]);
    await beginFrom(SAVED, disk, "state-2", 2);
    await expect(run(disk, { part: 2, parallelism: 1, through: ROWS, ...without })).rejects.toThrow(refusal);
  });
});

/** The disk of a run of half of the rows, with its savepoint. */
async function stopped(parallelism: number, options: CountingOptions = {}): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  disk.makeFolder("savepoints");
  const { told, keys } = await run(disk, { part: 1, parallelism, through: ROWS / 2, savepoint: SAVED, ...options });
  expect({ told, keys }).toEqual({ told: [], keys: KEYS });
  return disk;
}

interface Part extends CountingOptions {
  readonly part: number;
  readonly parallelism: number;
  readonly through: number;
  readonly savepoint?: string;
}

/** Runs the job until it has read so many rows, and when they are all, until their keys are over. */
async function run(disk: MemoryDisk, { part, parallelism, through, savepoint, ...options }: Part) {
  const records: OutboxRecord[] = [];
  const readers: Things[] = [];
  let stop: RunRequest | undefined;
  const clock = {
    now: () => 0,
    async sleep() {
      if (readers.every(({ isAtEnd }) => isAtEnd))
        stop = { stop: "keep", done: () => undefined, ...(savepoint === undefined ? {} : { savepoint }) };
      await eventsToCome();
    },
  };
  const { metrics } = await runInMemory(
    {
      graph: countingJob({ quietMs: QUIET_MS, ...options }).graph(),
      readers(worker) {
        const reader = new Things(through, (partition) => partition % parallelism === worker);
        readers.push(reader);
        return [reader];
      },
      groups: new Map(Array.from({ length: PARTITIONS }, (_, partition) => [`db things/${partition}`, partition])),
      ...{ disk, dir: `state-${part}`, epoch: part, parallelism, clock, requests: { next: () => stop } },
      retainMs: 1e15,
      follow: true,
    },
    records,
  );
  const told = records.flatMap((each) => (each.kind === "emit" ? [each.record as Told] : []));
  return { told, keys: metrics.operators[0]!.keys };
}

/** What the job's tasks know at three places of a cluster that go on from the savepoint. */
async function toldOnCluster(disk: MemoryDisk, options: CountingOptions = {}, allowDroppedState = false) {
  const graph = countingJob(options).graph();
  const told: Told[] = [];
  for (const subtask of [0, 1, 2]) {
    const task = new ChainTask(planOf(graph).tasks[1]!, memoryBackend(), subtask === 0);
    task.open({
      forward: () => undefined,
      control: () => undefined,
      end: () => undefined,
      emit: (_, record) => told.push(record as Told),
    });
    const savepoint = new RestoredSavepoint({ disk, graph, spec: { splits: [], allowDroppedState }, folder: SAVED });
    const place = { task: 1, subtask, parallelism: 3, keyGroups: 128, restores: false, outputs: [], folder: "none" };
    await savepoint.bring(task, place, { disk, memoryBytes: 1 << 24 });
    task.report();
  }
  return told;
}

/** Reads the things of some partitions, which take turns; behind the last of all, each says that long nothing came. */
class Things implements SourceReader {
  readonly source = "db";
  readonly longestTransactionMs = 0;
  readonly splits: SourceReader["splits"];
  readonly #end: number;
  /** The next row of each split. */
  readonly #next: number[];

  constructor(through: number, owns: (partition: number) => boolean) {
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition).filter(owns);
    this.splits = partitions.map((partition) => ({ topic: "things", partition, table: "things", heartbeat: false }));
    this.#end = through < ROWS ? through : ROWS + PARTITIONS;
    this.#next = partitions;
  }

  get isAtEnd(): boolean {
    return this.#next.every((next) => next >= this.#end);
  }

  formatPosition(...parts: readonly number[]): string {
    return parts.join("/");
  }

  read(split: number, _maxBytes: number, output: SourceOutput): boolean {
    const row = this.#next[split]!;
    if (row >= this.#end) return false;
    this.#next[split]! += PARTITIONS;
    if (row >= ROWS) output.progress(split, ROWS + QUIET_MS);
    else {
      output.changes(Thing, split, thing(row));
      output.progress(split, row);
    }
    return true;
  }

  position(split: number): number {
    return this.#next[split]!;
  }

  endOffset(): undefined {
    return undefined;
  }

  save(split: number, out: ByteWriter): void {
    out.uint(this.#next[split]!);
  }

  restore(split: number, input: ByteReader): void {
    this.#next[split] = input.uint();
  }

  close(): void {}
}

function thing(row: number): Batch {
  const batch = new Batch(changeLayout(Thing), 1);
  const meta = changeColumns(batch);
  meta.kind.set(0, OP.create);
  meta.time.set(0, row);
  meta.seed.nulls[0] = 1;
  meta.row.set(0, String(row));
  for (const column of [meta.major, meta.sub, meta.offset]) column.set(0, 0);
  meta.minor.set(0, row);
  meta.table.set(0, 0);
  meta.absent.set(0, 0);
  writeFields(batch, FIRST_FIELD, 0, Thing.fields, { key: idOf(row % KEYS) });
  batch.count = 1;
  return batch;
}
