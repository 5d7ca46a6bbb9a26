import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { days } from "../../base/time.ts";
import { type Held, JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { flag, integer, model, table, text } from "../model.ts";
import type { LookupSpec } from "./lookup.ts";

const Event = model("Event", { from: table("app", "events"), fields: { n: integer() } });
const emits = { n: integer(), part: integer() };
type Spec = LookupSpec<typeof Event.fields, typeof emits>;

const PARALLELISM = 3;
const IN_FLIGHT = 5;

/** Longer than any number of failures makes a row wait. */
const LONG = days(10_000);
const FOREVER = days(1_000_000_000);

/** What happens to a job, one after the other. Numbers are taken modulo what there is to choose from. */
type Step =
  | { readonly do: "row"; readonly time: number; readonly worker: number }
  | { readonly do: "watermark"; readonly ahead: number }
  | { readonly do: "answer" | "fail" | "fail-one"; readonly call: number }
  | { readonly do: "poll" }
  | { readonly do: "restore"; readonly parallelism: number };

const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant("row" as const), time: fc.nat(60), worker: fc.nat(2) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("watermark" as const), ahead: fc.integer({ min: 1, max: 9 }) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constantFrom("answer", "answer", "fail", "fail-one"), call: fc.nat(20) }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant("poll" as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("restore" as const), parallelism: fc.nat(PARALLELISM - 1) }) },
  ),
  { maxLength: 80, size: "max" },
) as fc.Arbitrary<Step[]>;

interface Call {
  readonly rows: Parameters<Spec["lookup"]>[0];
  readonly resolve: (results: Awaited<ReturnType<Spec["lookup"]>>) => void;
  readonly reject: (error: Error) => void;
}

/** Each event gives itself as often as the rest of its number by 3 says. */
const found = (n: bigint) => Array.from({ length: Number(n % 3n) }, (_, part) => ({ n, part: BigInt(part) }));

class Run {
  readonly results: { readonly n: bigint; readonly part: bigint; readonly late: boolean }[] = [];
  #calls: Call[] = [];
  #parallelism: number;
  #harness: JobHarness;
  readonly #job;
  mostInFlight = 0;

  constructor(ordered: boolean, batch: number, parallelism: number) {
    this.#parallelism = parallelism;
    const lookup: Spec["lookup"] = (rows) =>
      new Promise((resolve, reject) => {
        this.#calls.push({ rows, resolve, reject });
        const asked = this.#calls.reduce((sum, call) => sum + call.rows.length, 0);
        this.mostInFlight = Math.max(this.mostInFlight, asked / this.#parallelism);
      });
    const spec = { emits, lookup, ordered, batch, inFlight: IN_FLIGHT, timeout: FOREVER, retries: 1_000 };
    this.#job = jobOf((env) => {
      env
        .changes(Event)
        .asEvents()
        .lookup("find", spec)
        .map({ all: text(), ...emits }, (row) => ({ all: "all", n: row.n, part: row.part }))
        .keyBy("all")
        .process("late", {
          state: {},
          emits: { ...emits, late: flag() },
          onElement: ({ n, part }, { emit, time, watermark }) => emit({ n, part, late: time <= watermark }),
        })
        .to("out");
    });
    this.#harness = new JobHarness(this.#job, parallelism);
  }

  row(n: number, time: number, worker: number): void {
    this.#harness.row(Event, { n: BigInt(n) }, time, { worker });
  }

  watermark(time: number): void {
    this.#harness.watermark(time);
  }

  async settle(what: "answer" | "fail" | "fail-one", call: number): Promise<void> {
    const [settled] = this.#calls.splice(call % Math.max(1, this.#calls.length), 1);
    if (settled === undefined) return;
    const { rows, resolve, reject } = settled;
    if (what === "fail") reject(new Error("down"));
    else resolve(rows.map(({ n }, i) => (what === "fail-one" && i === 0 ? new Error("busy") : found(n!))));
    await new Promise((heard) => setImmediate(heard));
  }

  poll(now: number): boolean {
    const some = this.#harness.poll(now);
    this.#take();
    return some;
  }

  restore(parallelism: number): Held {
    const held = this.#harness.hold();
    this.#take();
    // Whoever asked is gone.
    this.#calls = [];
    this.#parallelism = parallelism;
    this.#harness = new JobHarness(this.#job, parallelism, held);
    return held;
  }

  /** Answers all that is asked until nothing is in hand, behind the end. */
  async finish(now: number): Promise<void> {
    this.#harness.end();
    for (let at = now + LONG; this.poll(at) || this.#calls.length > 0; at += LONG) {
      while (this.#calls.length > 0) await this.settle("answer", 0);
    }
    await this.#harness.settled();
    expect(this.#harness.keys()).toBe(0);
  }

  #take(): void {
    this.results.push(...(this.#harness.take() as never[]));
  }
}

async function check(ordered: boolean, batch: number, parallelism: number, steps: readonly Step[]): Promise<void> {
  const run = new Run(ordered, batch, parallelism);
  const rows: { readonly n: bigint; readonly late: boolean }[] = [];
  let watermark = 0;
  let now = 0;
  let wasSpread = parallelism > 1;
  let wasRestored = false;
  for (const step of steps) {
    now += 200;
    switch (step.do) {
      case "row":
        rows.push({ n: BigInt(rows.length), late: watermark > 0 && step.time <= watermark });
        run.row(rows.length - 1, step.time, step.worker);
        break;
      case "watermark":
        watermark += step.ahead;
        run.watermark(watermark);
        break;
      case "poll":
        run.poll(now);
        break;
      case "restore":
        wasRestored = true;
        wasSpread ||= step.parallelism > 0;
        run.restore(step.parallelism + 1);
        break;
      default:
        await run.settle(step.do, step.call);
    }
  }
  await run.finish(now);
  const expected = rows.flatMap(({ n }) => found(n));
  const actual = run.results.map(({ n, part }) => ({ n, part }));
  if (!ordered || wasSpread) actual.sort((left, right) => Number(left.n - right.n) || Number(left.part - right.part));
  expect(actual).toEqual(expected);
  for (const { n, late } of run.results) {
    const was = rows[Number(n)]!.late;
    // What was in hand at a checkpoint comes in front of all watermarks behind it.
    if (wasRestored || wasSpread) expect(late && !was).toBe(false);
    else expect(late).toBe(was);
  }
  expect(run.mostInFlight).toBeLessThanOrEqual(IN_FLIGHT);
}

const numRuns = Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 50);

describe("whatever the delays, failures and restores", () => {
  it.each([
    ["in order, results are those of the events one after the other", true],
    ["without order, they are the same, and none is later than its event was", false],
  ])("%s; in flight is no more than allowed; nothing stays", { timeout: 600_000 }, async (_, ordered) => {
    const run = fc.asyncProperty(
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: PARALLELISM }),
      steps,
      (...of) => check(ordered, ...of),
    );
    await fc.assert(run, { numRuns });
  });
});
