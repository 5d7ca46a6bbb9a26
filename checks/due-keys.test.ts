import { expect, it } from "vitest";
import { Batch } from "../base/batch.ts";
import { hours } from "../base/time.ts";
import { ADD, changeColumns, changeLayout, FIRST_FIELD } from "../dataflow/change-layout.ts";
import { id, instant, type Model, model, money, table } from "../dataflow/model.ts";
import type { Control } from "../dataflow/operator.ts";
import { writeFields } from "../dataflow/row-writer.ts";
import { ChainTask } from "../runtime/chain-task.ts";
import { planOf } from "../runtime/plan.ts";
import type { CheckpointPart, KeptState } from "../runtime/task.ts";
import { subtaskOf } from "../state/key-groups.ts";
import { memoryBackend } from "../testing/memory-backend.ts";
import { job } from "./job.ts";
import { OUTPUTS, type VerdictRecord } from "./records.ts";

const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { paymentId: id(), amount: money(), capturedAt: instant() },
  businessTime: "capturedAt",
});
const Line = model("Line", { from: table("ledger", "lines"), fields: { paymentId: id(), net: money() } });

const KEYS = 3_500;
const DUE = hours(1) + 2_000;

it.each(["plain keys", "others"])("many keys that are due at once are judged bit by bit: %s", (which) => {
  const whole = overdue(which);
  whole.catchUp();
  const expected = whole.told;
  expect(expected.length).toBe(KEYS);

  const slow = overdue(which);
  expect(slow.isBusy && slow.isFull).toBe(true);
  let [turns, longest] = [0, 0];
  for (; slow.isBusy; turns++) {
    const before = slow.told.length;
    slow.poll();
    longest = Math.max(longest, slow.told.length - before);
  }
  expect(turns).toBeGreaterThan(2);
  expect(longest).toBeLessThan(KEYS / 3);
  expect(slow.told).toEqual(expected);
});

it.each(["plain keys", "others"])("what is left of them at a barrier is judged behind a restore: %s", (which) => {
  const whole = overdue(which);
  whole.catchUp();
  for (const count of [1, 3]) {
    const cut = overdue(which);
    cut.poll();
    expect(cut.isBusy).toBe(true);
    const barrier = cut.barrier();
    const subtasks = Array.from({ length: count }, (_, index) => new Subtask(which, index, count, barrier));
    for (const subtask of subtasks) while (subtask.isBusy) subtask.poll();
    const after = subtasks.flatMap(({ told }) => told);
    expect(after.length).toBe(KEYS - cut.told.length);
    expect([...cut.told, ...after].sort()).toEqual(whole.told.toSorted());
  }
});

it.each(["plain keys", "others"])("what comes meanwhile has no part in points that are reached: %s", (which) => {
  const slow = overdue(which);
  const settled = KEYS - 1;
  slow.settle(settled, 5 * DUE);
  slow.settle(KEYS + 1, 5 * DUE);
  slow.through(5 * DUE - 1);
  while (slow.isBusy) slow.poll();
  slow.through(9 * DUE);
  while (slow.isBusy) slow.poll();
  const toldOf = (number: number) => slow.told.filter((told) => told.includes(`"key ${number}"`));
  const [missing, resolved, ...more] = toldOf(settled).map((told) => JSON.parse(told));
  expect([missing.status, missing.class, missing.time]).toEqual(["fail", "missing", (settled % 100) + DUE]);
  expect([resolved.status, resolved.time]).toEqual(["pass", 5 * DUE + 2_000]);
  expect(more).toEqual([]);
  expect(toldOf(KEYS + 1).map((told) => JSON.parse(told).class)).toEqual(["unknown-payment"]);
});

it("what says that something cannot be seen is heard when all is judged that was due before", () => {
  const slow = overdue("plain keys");
  const whole = overdue("plain keys");
  whole.catchUp();
  slow.control({ type: "status", source: "ledger", status: "stale" });
  expect(slow.isBusy).toBe(false);
  expect(slow.told).toEqual(whole.told);
});

/** A task to which the payments of all keys came, and a time at which all of them are overdue. */
function overdue(which: string): Subtask {
  const subtask = new Subtask(which);
  subtask.through(-1);
  for (let number = 0; number < KEYS; number++) subtask.pay(number);
  subtask.through(2 * DUE);
  return subtask;
}

class Subtask {
  readonly told: string[] = [];
  readonly #task: ChainTask;

  /** One of several, which goes on from a barrier if there is one. */
  constructor(which: string, index = 0, count = 1, from?: Barrier) {
    const checked = job("checked", (env) =>
      env.reconcile("settled", {
        by: "paymentId",
        expect: { captured: env.changes(Payment).sum("amount") },
        actual: { settled: env.changes(Line).sum("net") },
        missingAfter: hours(1),
        ...(which === "others" ? { tolerance: { absolute: "0" } } : {}),
      }),
    );
    const plan = planOf(checked.graph()).tasks.at(-1)!;
    this.#task = new ChainTask(plan, memoryBackend(), index === 0);
    this.#task.open({
      forward: () => undefined,
      control: () => undefined,
      end: () => undefined,
      emit: (output, record) => {
        if (output === OUTPUTS.verdicts) this.told.push(textOf(record as VerdictRecord));
      },
    });
    if (from === undefined) return;
    const isOwn = (keyGroup: number) => keyGroup < 0 || subtaskOf(keyGroup, count) === index;
    for (const part of from.parts) if (isOwn(part.keyGroup)) this.#task.take(part);
    this.#task.restored(from.kept, index === 0);
  }

  get isBusy(): boolean {
    return this.#task.isBusy;
  }

  get isFull(): boolean {
    return this.#task.isFull;
  }

  poll(): void {
    this.#task.poll(0);
  }

  catchUp(): void {
    while (this.isBusy) this.poll();
  }

  pay(number: number): void {
    const time = number % 100;
    this.#row(0, Payment, number, time, { amount: { minor: 100n, currency: "EUR" }, capturedAt: time });
  }

  settle(number: number, time: number): void {
    this.#row(1, Line, number, time, { net: { minor: 100n, currency: "EUR" } });
  }

  through(time: number): void {
    this.control({ type: "frontier", source: "shop", through: time, since: -1 });
    this.control({ type: "frontier", source: "ledger", through: time, since: -1 }, 1);
  }

  control(element: Control, input = 0): void {
    this.#task.control(input, element);
  }

  barrier(): Barrier {
    const at = this.#task.barrier();
    const parts = [...at.own];
    for (let some = at.next(); some !== undefined; some = at.next()) parts.push(...some);
    return { kept: this.#task.kept, parts };
  }

  #row(input: number, of: Model, number: number, time: number, values: Record<string, unknown>): void {
    const batch = new Batch(changeLayout(of), 1);
    const meta = changeColumns(batch);
    for (const column of batch.columns) column.nulls[0] = 1;
    meta.kind.set(0, ADD);
    meta.time.set(0, time);
    meta.row.set(0, String(number));
    for (const column of [meta.table, meta.major, meta.minor, meta.sub]) column.set(0, 0);
    writeFields(batch, FIRST_FIELD, 0, of.fields, { paymentId: `key ${number}`, ...values });
    batch.count = 1;
    this.#task.batch(input, batch);
  }
}

interface Barrier {
  readonly kept: readonly KeptState[];
  readonly parts: readonly CheckpointPart[];
}

function textOf({ key, version, status, class: cause, time, contributions }: VerdictRecord): string {
  return JSON.stringify({ key, version, status, class: cause, time, rows: contributions.length });
}
