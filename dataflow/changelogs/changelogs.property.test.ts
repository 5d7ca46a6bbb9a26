import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { milliseconds } from "../../base/time.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { passing } from "../../test/support/passing.ts";
import { type Id, idOf } from "../model.ts";
import { fieldsOf, type Operator, onAdditions, onChanges, Score } from "./naive-changelogs.test-helper.ts";

const numRuns = Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 50);

interface Step {
  /** Adds a row, or retracts one of those that are there. */
  readonly change: "add" | "retract";
  readonly score: Omit<Score, "time">;
  readonly which: number;
  readonly time: number;
  /** The watermark behind it. */
  readonly watermark?: number;
  /** Goes on from a barrier behind it. */
  readonly parallelism?: number | undefined;
}

const score = fc.record({
  player: fc.constantFrom(idOf("a"), idOf("b"), idOf(7)),
  level: fc.constantFrom("x", "y", "\u{1f600}", null),
  points: fc.constantFrom(-2n, 3n, 4n, 2n ** 57n, null),
  spent: fc.constantFrom({ minor: 5n, currency: "EUR" }, { minor: 5n, currency: "USD" }, null),
  isSeed: fc.boolean(),
});

const stepsOf = (...changes: readonly Step["change"][]) => {
  const step = fc.record(
    {
      change: fc.constantFrom(...changes),
      score,
      which: fc.nat(),
      time: fc.integer({ min: -30, max: 10 }),
      watermark: fc.integer({ min: -20, max: 5 }),
      parallelism: fc.oneof(
        { weight: 4, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
      ),
    },
    { requiredKeys: ["change", "score", "which", "time"] },
  );
  return fc.array(step, { maxLength: 40, size: "max" });
};

const additions = stepsOf("add");
const changes = stepsOf("add", "add", "retract");
const ttls = fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined });

/** What is known of a key: all of its rows, and those that are there, in the order in which they came. */
interface Known {
  rows: Score[];
  since: number;
}

/** Runs the operator and its naive account side by side. */
function compare(operator: Operator, steps: readonly Step[], ttl: number | undefined): void {
  const options = ttl === undefined ? {} : { ttl: milliseconds(ttl) };
  const job = jobOf((env) => operator.build(env, options).to("out"));
  let harness = new JobHarness(job);
  const known = new Map<Id, Known>();
  let watermark = Number.NEGATIVE_INFINITY;

  const change = (player: Id, now: Score[], time: number, isIgnored: boolean, step: () => void) => {
    const before = known.get(player)?.rows ?? [];
    const isOver = ttl !== undefined && before.length === 0 && time + ttl <= watermark;
    const expected = isOver || isIgnored ? [] : operator.naive(before, now, ttl !== undefined);
    step();
    expect(harness.take()).toEqual(expected);
    if (isOver || isIgnored) return;
    if (now.length === 0) known.delete(player);
    else known.set(player, { rows: now, since: Math.max(known.get(player)?.since ?? time, time) });
  };

  const add = (score: Score) => {
    const before = known.get(score.player)?.rows ?? [];
    const isIgnored = operator.isIgnored?.(before, score) ?? false;
    change(score.player, [...before, score], score.time, isIgnored, () => put(harness, score, score.time, 1));
  };

  const retract = ({ which, time }: Step) => {
    const there = [...known.values()].flatMap(({ rows }) => rows);
    if (there.length === 0) return;
    const gone = there[which % there.length]!;
    // Of equal rows the one that came first goes.
    const { rows } = known.get(gone.player)!;
    const at = rows.findIndex((row) => isDeepStrictEqual(fieldsOf(row), fieldsOf(gone)));
    const when = gone.isSeed ? gone.time : time;
    change(gone.player, rows.toSpliced(at, 1), when, false, () => put(harness, gone, when, -1));
  };

  for (const step of passing(steps)) {
    if (step.change === "add") add({ ...step.score, time: step.time });
    else retract(step);
    if (step.watermark !== undefined) {
      watermark = step.watermark;
      harness.watermark(watermark);
      for (const [player, { since }] of known) if (ttl !== undefined && since + ttl <= watermark) known.delete(player);
    }
    if (step.parallelism !== undefined) harness = new JobHarness(job, step.parallelism, harness.hold());
  }
  // With a ttl, a timer may outlive what it was set for.
  if (ttl === undefined) expect(harness.keys()).toBe(known.size);
  else expect(harness.watermark(1_000).keys()).toBe(0);
}

function put(harness: JobHarness, score: Score, time: number, kind: number): void {
  harness.row(Score, fieldsOf(score), time, { kind, ...(score.isSeed ? { seed: time } : {}) });
}

describe("changelogs and naive accounts of them", () => {
  it.each(onAdditions)("$name", (operator) => {
    fc.assert(
      fc.property(additions, ttls, (steps, ttl) => compare(operator, steps, ttl)),
      { numRuns },
    );
  });

  it.each(onChanges)("$name", (operator) => {
    fc.assert(
      fc.property(changes, ttls, (steps, ttl) => compare(operator, steps, ttl)),
      { numRuns },
    );
  });
});
