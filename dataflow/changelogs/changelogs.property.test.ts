import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { milliseconds } from "../../base/time.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { type Id, idOf } from "../model.ts";
import { fieldsOf, type Operator, onAdditions, onChanges, Score } from "./naive-changelogs.test-helper.ts";

const numRuns = Number(process.env["COUNTERCHECK_ALGEBRA_SEEDS"] ?? 50);

type Step =
  | { readonly type: "add"; readonly score: Score }
  /** Of one of the rows that are there. */
  | { readonly type: "retract"; readonly which: number; readonly time: number }
  | { readonly type: "watermark"; readonly time: number }
  | { readonly type: "restore"; readonly parallelism: number };

const scores: fc.Arbitrary<Score> = fc.record({
  player: fc.constantFrom(idOf("a"), idOf("b"), idOf(7)),
  level: fc.constantFrom("x", "y", "\u{1f600}", null),
  points: fc.constantFrom(-2n, 3n, 4n, 2n ** 60n, null),
  spent: fc.constantFrom({ minor: 5n, currency: "EUR" }, { minor: 5n, currency: "USD" }, null),
  time: fc.nat(60),
  isSeed: fc.boolean(),
});

const adds = scores.map((score): Step => ({ type: "add", score }));
const retracts = fc.record({ type: fc.constant("retract" as const), which: fc.nat(), time: fc.nat(60) });
const others = [
  fc.record({ type: fc.constant("watermark" as const), time: fc.nat(80) }),
  fc.record({ type: fc.constant("restore" as const), parallelism: fc.integer({ min: 1, max: 3 }) }),
];
const additions = fc.array(fc.oneof({ arbitrary: adds, weight: 4 }, ...others), { maxLength: 40 });
const changes = fc.array(fc.oneof({ arbitrary: adds, weight: 4 }, { arbitrary: retracts, weight: 2 }, ...others), {
  maxLength: 40,
});
const ttls = fc.option(fc.constantFrom(1, 10, 30), { nil: undefined });

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

  for (const step of steps) {
    if (step.type === "restore") harness = new JobHarness(job, step.parallelism, harness.hold());
    else if (step.type === "watermark") {
      watermark = Math.max(watermark, step.time);
      harness.watermark(watermark);
      for (const [player, { since }] of known) if (ttl !== undefined && since + ttl <= watermark) known.delete(player);
    } else if (step.type === "add") {
      const { score } = step;
      const before = known.get(score.player)?.rows ?? [];
      const isIgnored = operator.isIgnored?.(before, score) ?? false;
      change(score.player, [...before, score], score.time, isIgnored, () => put(harness, score, score.time, 1));
    } else {
      const there = [...known.values()].flatMap(({ rows }) => rows);
      if (there.length === 0) continue;
      const gone = there[step.which % there.length]!;
      // Of equal rows the one that came first goes.
      const { rows } = known.get(gone.player)!;
      const at = rows.findIndex((row) => isDeepStrictEqual(fieldsOf(row), fieldsOf(gone)));
      const time = gone.isSeed ? gone.time : step.time;
      change(gone.player, rows.toSpliced(at, 1), time, false, () => put(harness, gone, time, -1));
    }
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
