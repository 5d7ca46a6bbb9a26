import { describe, expect, it } from "vitest";
import { Batch } from "../base/batch.ts";
import { ADD, changeColumns, changeLayout, FIRST_FIELD } from "../dataflow/change-layout.ts";
import { idOf } from "../dataflow/model.ts";
import { writeFields } from "../dataflow/row-writer.ts";
import { subtaskOf } from "../state/key-groups.ts";
import { type CountingOptions, countingJob, Thing, type Told } from "../test/support/counting-records.ts";
import { memoryBackend } from "../testing/memory-backend.ts";
import { ChainTask } from "./chain-task.ts";
import { planOf } from "./plan.ts";
import type { CheckpointPart, KeptState } from "./task.ts";

describe("a task whose operator keeps records", () => {
  it("gives them in parts of their own, which subtasks of another number go on from", () => {
    const [first] = started(1);
    for (let number = 0; number < 300; number++) first!.count(`key ${number % 100}`, number);
    const { kept, parts } = first!.barrier();
    expect(new Set(parts.map(({ uid }) => uid))).toEqual(new Set(["counting", "records/counting/counts"]));
    // What comes behind the barrier is not in it.
    first!.count("key 0", 300);

    const three = started(3, { kept, parts });
    expect(three.map(({ keys }) => keys > 10)).toEqual([true, true, true]);
    const again = started(2, joined(three.map((subtask) => subtask.barrier())));
    for (const subtask of again) subtask.watermark(1_000);
    const told = again.flatMap((subtask) => subtask.told);
    expect(told.length).toBe(100);
    expect(told.every(({ count }) => count === 3)).toBe(true);
    expect(again.map(({ keys }) => keys)).toEqual([0, 0]);
  });

  it("leaves those behind that it does not declare any more", () => {
    const [first] = started(1);
    first!.count("key", 1);
    const [second] = started(1, first!.barrier(), { schema: undefined });
    expect(second!.keys).toBe(0);
    expect(second!.barrier().parts.map(({ keyGroup }) => keyGroup)).toEqual([-1]);
  });
});

interface Barrier {
  readonly kept: readonly KeptState[];
  readonly parts: readonly CheckpointPart[];
}

/** Subtasks of the task with the operator, from a barrier if there is one. */
function started(count: number, from?: Barrier, options: CountingOptions = {}): Subtask[] {
  return Array.from({ length: count }, (_, index) => {
    const subtask = new Subtask(index === 0, options);
    const owns = (keyGroup: number) => keyGroup < 0 || subtaskOf(keyGroup, count) === index;
    if (from !== undefined) subtask.restore({ ...from, parts: from.parts.filter(({ keyGroup }) => owns(keyGroup)) });
    return subtask;
  });
}

function joined(barriers: readonly Barrier[]): Barrier {
  return { kept: barriers[0]!.kept, parts: barriers.flatMap(({ parts }) => parts) };
}

class Subtask {
  readonly told: Told[] = [];
  readonly #task: ChainTask;
  readonly #isFirst: boolean;

  constructor(isFirst: boolean, options: CountingOptions) {
    const [, plan] = planOf(countingJob(options).graph()).tasks;
    this.#isFirst = isFirst;
    this.#task = new ChainTask(plan!, memoryBackend(), isFirst);
    this.#task.open({
      forward: () => undefined,
      control: () => undefined,
      end: () => undefined,
      emit: (_, record) => this.told.push(record as Told),
    });
  }

  get keys(): number {
    return this.#task.metrics[0]!.keys();
  }

  count(key: string, time: number): void {
    const batch = new Batch(changeLayout(Thing), 1);
    const meta = changeColumns(batch);
    for (const column of batch.columns) column.nulls[0] = 1;
    meta.kind.set(0, ADD);
    meta.time.set(0, time);
    writeFields(batch, FIRST_FIELD, 0, Thing.fields, { key: idOf(key) });
    batch.count = 1;
    this.#task.batch(0, batch);
  }

  watermark(time: number): void {
    this.#task.control(0, { type: "watermark", time });
  }

  barrier(): Barrier {
    const at = this.#task.barrier();
    const parts = [...at.own];
    for (let some = at.next(); some !== undefined; some = at.next()) parts.push(...some);
    return { kept: this.#task.kept, parts };
  }

  restore({ kept, parts }: Barrier): void {
    for (const part of parts) this.#task.take(part);
    this.#task.restored(kept, this.#isFirst);
  }
}
