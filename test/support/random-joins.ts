import fc from "fast-check";
import { expect } from "vitest";
import type { Job } from "../../checks/job.ts";
import { SIDES, type Side } from "../../dataflow/joins/late-side.ts";
import type { NaiveInput, NaiveResult } from "../../dataflow/joins/naive-interval-join.test-helper.ts";
import type { Refs } from "../../dataflow/joins/selection.ts";
import { id, idOf, instant, model, table, text } from "../../dataflow/model.ts";
import type { JoinedStream, KeyedStream } from "../../dataflow/streams.ts";
import { JobHarness, jobOf } from "./job-harness.ts";

const fields = { key: id(), name: text() };
const Left = model("Left", { from: table("app", "left"), fields });
const Right = model("Right", { from: table("app", "right"), fields });
const models = { left: Left, right: Right };
type NamedFields = typeof fields;
type Named = KeyedStream<NamedFields, readonly ["key"]>;
const results = { key: id(), other: id(), left: text(), right: text() };

/** What a join of the two random streams selects. */
export const select = (left: Refs<NamedFields>, right: Refs<NamedFields>) => ({
  key: left.key,
  other: right.key,
  left: left.name,
  right: right.name,
});

/** A join of two streams with rows of a key and a name, whose results are told with their times. */
export const jobJoining = (
  join: (left: Named, right: Named) => JoinedStream<NamedFields, NamedFields, typeof results>,
): Job =>
  jobOf((env) => {
    const joined = join(env.changes(Left).asEvents().keyBy("key"), env.changes(Right).asEvents().keyBy("key"));
    for (const side of SIDES) joined.late(side).to(`late ${side}`);
    const emits = { key: id(), left: text(), right: text() };
    joined
      .map(emits, ({ key, other, left, right }) => ({ key: key ?? other, left, right }))
      .keyBy("key")
      .process("timed", {
        state: {},
        emits: { ...emits, time: instant() },
        onElement: (row, { emit, time }) => emit({ ...row, time }),
      })
      .to("out");
  });

/** Some rows of one side in one batch, around the time that is reached, or time that goes on for one side or both. */
export type RandomStep =
  | { readonly side: Side; readonly rows: readonly { readonly key: string; readonly ahead: number }[] }
  | { readonly sides: readonly Side[]; readonly by: number };

const row = fc.record({ key: fc.constantFrom("a", "b", "ü"), ahead: fc.integer({ min: -6, max: 8 }) });
const rows = fc.record({ side: fc.constantFrom(...SIDES), rows: fc.array(row, { minLength: 1, maxLength: 5 }) });
const marks = fc.record({
  sides: fc.subarray([...SIDES], { minLength: 1 }),
  by: fc.integer({ min: 1, max: 6 }),
});

/** Steps, and how they are run: by so many workers, by another number from one of the steps on. */
export const randomRuns = fc.record({
  steps: fc.array(fc.oneof({ weight: 3, arbitrary: rows }, { weight: 1, arbitrary: marks }), {
    minLength: 1,
    maxLength: 40,
  }),
  parallelism: fc.integer({ min: 1, max: 3 }),
  holdAt: fc.nat({ max: 39 }),
});

/** Names of late rows by side, and results in order. */
export interface Outcome {
  readonly results: readonly NaiveResult[];
  readonly late: Readonly<Record<Side, readonly string[]>>;
}

/** Runs a job of `jobJoining`, and looks that nothing is kept in the end. */
export function run(joining: Job, steps: readonly RandomStep[], parallelism: number, holdAt?: number): Outcome {
  let harness = new JobHarness(joining, parallelism);
  const outcome = { results: [] as NaiveResult[], late: { left: [] as string[], right: [] as string[] } };
  const take = () => {
    for (const { key, ...rest } of harness.take()) {
      outcome.results.push({ key: String(key).slice(1), ...(rest as Omit<NaiveResult, "key">) });
    }
    for (const side of SIDES)
      outcome.late[side].push(...harness.take(`late ${side}`).map(({ name }) => name as string));
  };
  for (const [at, step] of inputs(steps).entries()) {
    if ("rows" in step) {
      const values = step.rows.map(({ key, name, time }) => [{ key: idOf(key), name }, time] as const);
      harness.rows(models[step.side], values, { worker: at });
    } else harness.watermark(step.time, ...step.sides.map((side) => models[side]));
    take();
    if (holdAt !== undefined && at === holdAt % steps.length)
      harness = new JobHarness(joining, 1 + (parallelism % 3), harness.hold());
  }
  expect(harness.keys(), "nothing is kept when all is over").toBe(0);
  return outcome;
}

/** A join that people can follow. */
export interface Naive extends Outcome {
  row(row: NaiveInput): void;
  mark(time: number, ...sides: readonly Side[]): void;
}

/** What it gives for the same steps. */
export function naiveRun(naive: Naive, steps: readonly RandomStep[]): Outcome {
  for (const step of inputs(steps)) {
    if ("rows" in step) for (const each of step.rows) naive.row({ side: step.side, ...each });
    else naive.mark(step.time, ...step.sides);
  }
  return { results: naive.results, late: naive.late };
}

/** Between keys and sides there is no order where several workers are at work. */
export function byKey({ results, late }: Outcome) {
  const groups = Object.groupBy(results, ({ key }) => key);
  return { results: { ...groups }, late: { left: [...late.left].sort(), right: [...late.right].sort() } };
}

type NamedStep =
  | { readonly side: Side; readonly rows: readonly Omit<NaiveInput, "side">[] }
  | { readonly sides: readonly Side[]; readonly time: number };

/** Rows with their names, watermarks as times, and one at the end behind all. */
function inputs(steps: readonly RandomStep[]): NamedStep[] {
  const reached = { left: 0, right: 0 };
  const last: RandomStep = { sides: SIDES, by: 1_000 };
  return [...steps, last].map((step, at) => {
    if ("rows" in step) {
      const now = Math.max(reached.left, reached.right);
      const named = step.rows.map(({ key, ahead }, i) => ({ key, name: `${at}.${i}`, time: now + ahead }));
      return { side: step.side, rows: named };
    }
    const time = Math.max(...step.sides.map((side) => reached[side])) + step.by;
    for (const side of step.sides) reached[side] = time;
    return { sides: step.sides, time };
  });
}
