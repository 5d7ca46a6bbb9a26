import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { milliseconds } from "../../base/time.ts";
import type { Job } from "../../checks/job.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { id, idOf, instant, model, table, text } from "../model.ts";
import { JOIN_TYPES, type JoinType } from "./interval-join.ts";
import { SIDES, type Side } from "./late-side.ts";
import { NaiveIntervalJoin } from "./naive-interval-join.test-helper.ts";

const fields = { key: id(), name: text() };
const Left = model("Left", { from: table("app", "left"), fields });
const Right = model("Right", { from: table("app", "right"), fields });
const models = { left: Left, right: Right };

interface Shape {
  readonly from: number;
  readonly length: number;
  readonly type: JoinType;
  readonly late: "join" | "aside";
}

/** Some rows of one side in one batch, around the time that is reached, or time that goes on for one side or both. */
type Step =
  | { readonly side: Side; readonly rows: readonly { readonly key: string; readonly ahead: number }[] }
  | { readonly sides: readonly Side[]; readonly by: number };

const shapes: fc.Arbitrary<Shape> = fc.record({
  from: fc.integer({ min: -6, max: 4 }),
  length: fc.integer({ min: 0, max: 8 }),
  type: fc.constantFrom(...JOIN_TYPES),
  late: fc.constantFrom("join", "aside"),
});
const row = fc.record({ key: fc.constantFrom("a", "b", "ü"), ahead: fc.integer({ min: -6, max: 8 }) });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ side: fc.constantFrom(...SIDES), rows: fc.array(row, { minLength: 1, maxLength: 5 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ sides: fc.subarray([...SIDES], { minLength: 1 }), by: fc.integer({ min: 1, max: 6 }) }),
  },
);

const joinOf = ({ from, length, type, late }: Shape): Job =>
  jobOf((env) => {
    const [left, right] = [env.changes(Left), env.changes(Right)].map((changes) => changes.asEvents().keyBy("key"));
    const joined = left!.intervalJoin("joined", right!, {
      from: milliseconds(from),
      to: milliseconds(from + length),
      type,
      late,
      select: (l, r) => ({ key: l.key, other: r.key, left: l.name, right: r.name }),
    });
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

/** Names of late rows by side, and results in order: of each key, where several workers give them. */
interface Outcome {
  readonly results: unknown[];
  readonly late: Record<Side, unknown[]>;
}

describe("an interval join of random, disordered, late rows", () => {
  const cases = fc.record({
    shape: shapes,
    steps: fc.array(step, { minLength: 1, maxLength: 40 }),
    parallelism: fc.integer({ min: 1, max: 3 }),
    holdAt: fc.nat({ max: 40 }),
  });
  const numRuns = Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 50);

  it("gives what the naive one gives, restored at another parallelism too, and keeps nothing for ever", () => {
    fc.assert(
      fc.property(cases, ({ shape, steps, parallelism, holdAt }) => {
        const naive = naiveRun(shape, steps);
        expect(run(shape, steps, 1)).toEqual(naive);
        expect(byKey(run(shape, steps, parallelism, holdAt % steps.length))).toEqual(byKey(naive));
      }),
      { numRuns },
    );
  });
});

function run(shape: Shape, steps: readonly Step[], parallelism: number, holdAt = -1): Outcome {
  let harness = new JobHarness(joinOf(shape), parallelism);
  const outcome: Outcome = { results: [], late: { left: [], right: [] } };
  const take = () => {
    outcome.results.push(...harness.take().map(({ key, ...rest }) => ({ key: String(key).slice(1), ...rest })));
    for (const side of SIDES) outcome.late[side].push(...harness.take(`late ${side}`).map(({ name }) => name));
  };
  for (const [at, step] of inputs(steps).entries()) {
    if ("rows" in step) {
      const rows = step.rows.map(({ key, name, time }) => [{ key: idOf(key), name }, time] as const);
      harness.rows(models[step.side], rows, { worker: at });
    } else harness.watermark(step.time, ...step.sides.map((side) => models[side]));
    take();
    if (at === holdAt) harness = new JobHarness(joinOf(shape), 1 + (parallelism % 3), harness.hold());
  }
  expect(harness.keys(), "nothing is kept when all is over").toBe(0);
  return outcome;
}

function naiveRun({ from, length, type, late }: Shape, steps: readonly Step[]): Outcome {
  const naive = new NaiveIntervalJoin({ from, to: from + length }, type, late);
  for (const step of inputs(steps)) {
    if ("rows" in step) for (const row of step.rows) naive.row({ side: step.side, ...row });
    else naive.mark(step.time, ...step.sides);
  }
  return { results: naive.results, late: naive.late };
}

/** Rows with their names, watermarks as times, and one at the end behind all. */
function inputs(steps: readonly Step[]) {
  const reached = { left: 0, right: 0 };
  return [...steps, { sides: [...SIDES], by: 1_000 }].map((step, at) => {
    if ("rows" in step) {
      const now = Math.max(reached.left, reached.right);
      const rows = step.rows.map(({ key, ahead }, i) => ({ key, name: `${at}.${i}`, time: now + ahead }));
      return { ...step, rows };
    }
    const time = Math.max(...step.sides.map((side) => reached[side])) + step.by;
    for (const side of step.sides) reached[side] = time;
    return { sides: step.sides, time };
  });
}

/** Between keys and sides there is no order where several workers are at work. */
function byKey({ results, late }: Outcome) {
  const groups = Object.groupBy(results as { key: string }[], ({ key }) => key);
  return { results: { ...groups }, late: { left: [...late.left].sort(), right: [...late.right].sort() } };
}
