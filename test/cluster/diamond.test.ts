import { expect, it } from "vitest";
import { Batch, type Layout } from "../../base/batch.ts";
import type { TextColumn } from "../../base/columns.ts";
import { CountingResults, CountingTask, hostCounting } from "../../flink/counting-task.test-helper.ts";
import type { MakeHostedTask, SourceInlet } from "../../flink/hosted-task.ts";
import { rowFormat } from "../../flink/row-format.ts";
import type { Plan } from "../../runtime/plan.ts";
import type { TaskOutput } from "../../runtime/task.ts";
import { FakeFlink } from "./fake-flink.ts";

const layout: Layout = [{ name: "key", type: "text" }];

/** Of each record, to the aggregate and to the join. */
const FEW = 1;
const MANY = 40;
/** Two frames for the aggregate come of each: more than Flink lets be in flight. */
const BEFORE_BARRIER = 600;
/** Of these come more rows than may wait for the join. */
const BEHIND_BARRIER = 600;
const MOST_WAITING = 16 * 1024;

/** As of a join of rows with an aggregate of the same ones: source → aggregate → join, and source → join. */
const plan = {
  tasks: [
    {
      inputs: [],
      outputs: [
        { toTask: 1, toInput: 0 },
        { toTask: 2, toInput: 0 },
      ],
    },
    { inputs: [{}], outputs: [{ toTask: 2, toInput: 1 }] },
    { inputs: [{}, {}], outputs: [] },
  ],
} as unknown as Plan;

/** Sends the rows that come to it on, where anybody is behind it, and takes none in while it is at rest. */
class Relay extends CountingTask {
  override isBusy: boolean;
  override isFull: boolean;
  rests: boolean;
  output!: TaskOutput;
  readonly taken = [0, 0];
  readonly #isLast: boolean;

  constructor({ rests, isLast }: { readonly rests: boolean; readonly isLast: boolean }) {
    super();
    this.isBusy = this.isFull = this.rests = rests;
    this.#isLast = isLast;
  }

  override open(output: TaskOutput): void {
    this.output = output;
    super.open({ ...output, forward: () => undefined, emit: () => undefined });
  }

  override batch(input: number, batch: Batch): void {
    this.taken[input]! += batch.count;
    if (!this.#isLast) this.output.forward(0, batch);
  }

  override poll(): boolean {
    if (this.rests || !this.isBusy) return false;
    this.isBusy = this.isFull = false;
    return true;
  }
}

it("a checkpoint comes through a join that is fed by one task directly and behind another that is slow", async () => {
  const source = new Relay({ rests: false, isLast: false });
  const aggregate = new Relay({ rests: true, isLast: false });
  const join = new Relay({ rests: false, isLast: true });
  const tasks = [source, aggregate, join];
  let read = 0;
  const sources: SourceInlet = {
    start: () => undefined,
    proof: () => undefined,
    records: () => {
      read++;
      source.output.forward(0, rows(FEW));
      source.output.forward(1, rows(MANY));
      // What is gathered goes out before it.
      for (const output of [0, 1]) source.output.control(output, { type: "watermark", time: read });
    },
  };
  const make: MakeHostedTask = (place, sinks) => {
    const hosted = hostCounting(
      tasks[place.task]!,
      new CountingResults(sinks, "results"),
      place.task === 0 ? sources : undefined,
    );
    const outputs = plan.tasks[place.task]!.outputs.map(({ toTask, toInput }) => ({
      ...{ layout, routing: { by: "subtask" } as const },
      ...{ task: toTask, input: toInput },
    }));
    return { ...hosted, format: rowFormat([layout, layout], outputs, place) };
  };
  const flink = await FakeFlink.start(plan, 1, make);
  for (let record = 0; record < BEFORE_BARRIER; record++) flink.records(0, Buffer.alloc(8));
  const checkpoint = flink.checkpoint(1, async () => undefined);
  for (let record = 0; record < BEHIND_BARRIER; record++) flink.records(0, Buffer.alloc(8));
  // The barrier has come to the join by the direct way, and very much waits behind it.
  await expect.poll(() => (read - BEFORE_BARRIER) * MANY).toBeGreaterThanOrEqual(MOST_WAITING);
  expect(aggregate.taken).toEqual([0, 0]);
  aggregate.rests = false;
  await checkpoint;
  await flink.settled();
  const all = BEFORE_BARRIER + BEHIND_BARRIER;
  expect(join.taken).toEqual([all * MANY, all * FEW]);
  await flink.close();
});

function rows(count: number): Batch {
  const batch = new Batch(layout, count);
  const keys = batch.columns[0] as TextColumn;
  for (let row = 0; row < count; row++) keys.set(batch.count++, `key ${row}`);
  return batch;
}
