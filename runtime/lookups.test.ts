import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Batch } from "../base/batch.ts";
import { ByteReader } from "../base/bytes.ts";
import { type Clock, seconds, systemClock } from "../base/time.ts";
import { changeColumns, changeLayout, FIRST_FIELD, OP } from "../dataflow/change-layout.ts";
import { Environment } from "../dataflow/environment.ts";
import type { Graph, LookupNode, Node } from "../dataflow/graph.ts";
import type { LookupSpec } from "../dataflow/lookups/lookup.ts";
import { id, idOf, model, table } from "../dataflow/model.ts";
import { writeFields } from "../dataflow/row-writer.ts";
import type { SourceReader } from "../dataflow/source.ts";
import { runInMemory } from "../test/support/memory-run.ts";
import { memoryBackend } from "../testing/memory-backend.ts";
import { makeLinksMemory, RingLinks } from "./exchange/worker-links.ts";
import { keptByLookup } from "./operators/lookup-stage.ts";
import type { OutboxRecord } from "./outbox.ts";
import { Worker, type WorkerOptions, type WorkerPart } from "./worker.ts";

const emits = { key: id() };
const Thing = model("Thing", { from: table("db", "things"), fields: emits, insertsOnly: true });
type Ask = LookupSpec<typeof emits, typeof emits>["lookup"];

const READ_ROWS = 10;

/** Runs a job that asks about each thing, with several workers between two exchanges, over as many splits as there are workers. */
async function run(rows: number, lookup: Ask, { parallelism = 1, inFlight = 20, clock = systemClock as Clock } = {}) {
  const env = new Environment();
  const found = env
    .changes(Thing)
    .asEvents()
    .keyBy("key")
    .process("pass", { state: {}, emits, onElement: ({ key }, { emit }) => emit({ key }) })
    .lookup("ask", { emits, lookup, timeout: seconds(60), inFlight, batch: 5 });
  found.to("found");
  if (parallelism > 1) {
    found
      .keyBy("key")
      .process("again", { state: {}, emits, onElement: ({ key }, { emit }) => emit({ key }) })
      .to("exchanged");
  }
  const records: OutboxRecord[] = [];
  const readers = Array.from({ length: parallelism }, (_, worker) => new Things(worker, parallelism, rows));
  const groups = new Map(readers.map((_, worker) => [`db things/${worker}`, worker]));
  await runInMemory(
    { graph: env.graph("things"), readers: (worker) => [readers[worker]!], groups, clock, retainMs: 1e9, parallelism },
    records,
  );
  const keysAt = (sink: string) => emitted(records, sink).sort((left, right) => left - right);
  if (parallelism > 1) expect(keysAt("exchanged")).toEqual(keysAt("found"));
  return keysAt("found");
}

const expected = (rows: number) => Array.from({ length: rows }, (_, key) => key);

describe("a run with look-ups", () => {
  it.each([1, 2, 3])("ends when all is answered, on %i workers", async (parallelism) => {
    const lookup: Ask = async (rows) => {
      await sleep(Math.random() * 5);
      return rows;
    };
    expect(await run(500, lookup, { parallelism })).toEqual(expected(500));
  });

  it("is woken by answers", async () => {
    // Whoever sleeps because there is nothing to do does so until it is woken.
    const deaf = (ms: number, signal: AbortSignal) => systemClock.sleep(ms < 20 ? ms : 60_000, signal);
    const clock = { now: systemClock.now, sleep: deaf };
    const lookup: Ask = async (rows) => {
      await sleep(1);
      return rows;
    };
    expect(await run(300, lookup, { clock, inFlight: 5 })).toEqual(expected(300));
  });

  it("reads nothing more while as much is asked as may be", async () => {
    let asked = 0;
    let most = 0;
    let answered = 0;
    Things.read = 0;
    const lookup: Ask = async (rows) => {
      asked += rows.length;
      most = Math.max(most, asked);
      await sleep(2);
      asked -= rows.length;
      // What is read and not answered: what may be in flight, one read more, and what was read in the meantime.
      expect(Things.read - answered).toBeLessThanOrEqual(20 + READ_ROWS);
      answered += rows.length;
      return rows;
    };
    expect(await run(400, lookup)).toEqual(expected(400));
    expect(most).toBeGreaterThan(10);
    expect(most).toBeLessThanOrEqual(20);
  });

  it("fails with what it asked", async () => {
    const down: Ask = () => Promise.reject(new Error("nobody there"));
    await expect(run(10, down)).rejects.toMatchObject({
      code: "JOB_LOOKUP_FAILED",
      message: expect.stringContaining("The look-up ask failed: nobody there"),
    });
  });
});

describe("a checkpoint", () => {
  it("has each thing either in hand or behind the look-up, whatever comes in while its barrier is on its way", async () => {
    const answers: (() => void)[] = [];
    const lookup: Ask = (rows) => new Promise((resolve) => answers.push(() => resolve(rows)));
    const env = new Environment();
    const found = env
      .changes(Thing)
      .asEvents()
      .lookup("ask", { emits, lookup, timeout: seconds(60), batch: 5 });
    found
      .keyBy("key")
      .process("pass", { state: {}, emits, onElement: ({ key }, { emit }) => emit({ key }) })
      .to("out");
    const parts: Promise<WorkerPart>[] = [];
    const [one, other] = twoWorkers(env.graph("things"), 40, (part) => parts.push(part));
    const turn = async (...workers: readonly Worker[]) => {
      for (let i = 0; i < 20; i++) for (const worker of workers) await worker.turn();
    };
    await turn(one, other);
    one.checkpoint();
    for (const answer of answers.splice(0)) answer();
    await sleep(0);
    await turn(one);
    other.checkpoint();
    await turn(one, other);
    const counted = (await Promise.all(parts)).flatMap((part) => [
      ...inHand(part, found.node),
      ...emitted(part.outbox),
    ]);
    expect(counted.sort((left, right) => left - right)).toEqual(expected(40));
    for (const worker of [one, other]) worker.close();
  });
});

/** Two workers that exchange rows, driven by hand. */
function twoWorkers(graph: Graph, rows: number, onCheckpoint: WorkerOptions["onCheckpoint"]): [Worker, Worker] {
  const memory = makeLinksMemory(graph, 2);
  const make = (index: number) =>
    new Worker({
      graph,
      index,
      readers: [new Things(index, 2, rows)],
      clock: systemClock,
      retainMs: 1e9,
      follow: true,
      backend: memoryBackend(),
      groups: new Map([
        ["db things/0", 0],
        ["db things/1", 1],
      ]),
      links: new RingLinks(memory, index),
      onCheckpoint,
    });
  return [make(0), make(1)];
}

/** Things that a worker's look-up had in hand. */
function inHand({ operators }: WorkerPart, node: Node): number[] {
  const { codec } = keptByLookup(node as LookupNode);
  const input = new ByteReader(Buffer.from(operators.find(({ uid }) => uid === node.uid)!.saved, "base64"));
  const keys: number[] = [];
  while (!input.isAtEnd) {
    input.float64();
    if (input.flag()) input.float64();
    keys.push(Number(codec.read(input).key));
  }
  return keys;
}

const emitted = (records: readonly OutboxRecord[], sink = "out") =>
  records.flatMap((each) =>
    each.kind === "emit" && each.output === sink ? [Number((each.record as { key: string }).key)] : [],
  );

/** A split of things, numbered over all of them; each read brings some. */
class Things implements SourceReader {
  /** Rows that were read, by all. */
  static read = 0;
  readonly source = "db";
  readonly longestTransactionMs = 0;
  readonly splits;
  readonly #keys: number[];
  #next = 0;
  #hasEnded = false;

  constructor(worker: number, workers: number, rows: number) {
    this.splits = [{ topic: "things", partition: worker, table: "things", heartbeat: false }];
    this.#keys = expected(rows).filter((key) => key % workers === worker);
  }

  read(_split: number, _maxBytes: number, output: Parameters<SourceReader["read"]>[2]): boolean {
    const keys = this.#keys.slice(this.#next, this.#next + READ_ROWS);
    if (keys.length === 0) {
      if (this.#hasEnded) return false;
      this.#hasEnded = true;
      output.ended(0, 1e6);
      return true;
    }
    output.changes(Thing, 0, this.#batch(keys));
    this.#next += keys.length;
    Things.read += keys.length;
    output.progress(0, this.#next);
    return true;
  }

  formatPosition(...parts: readonly number[]): string {
    return parts.join("/");
  }

  position(): number {
    return this.#next;
  }

  endOffset(): number {
    return this.#keys.length;
  }

  save(): void {}

  restore(): void {}

  close(): void {}

  #batch(keys: readonly number[]): Batch {
    const batch = new Batch(changeLayout(Thing), keys.length);
    const meta = changeColumns(batch);
    for (const [row, key] of keys.entries()) {
      meta.kind.set(row, OP.create);
      meta.time.set(row, this.#next + row + 1);
      meta.seed.nulls[row] = 1;
      meta.row.set(row, String(key));
      for (const column of [meta.major, meta.sub, meta.offset]) column.set(row, 0);
      meta.minor.set(row, this.#next + row);
      meta.table.set(row, 0);
      meta.absent.set(row, 0);
      writeFields(batch, FIRST_FIELD, row, Thing.fields, { key: idOf(key) });
    }
    batch.count = keys.length;
    return batch;
  }
}
