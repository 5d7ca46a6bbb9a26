import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { milliseconds } from "../../base/time.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import type { AggregateBuilder } from "../aggregates/aggregate.ts";
import { compareNumbers, compareTexts } from "../aggregates/order.ts";
import type { Environment } from "../environment.ts";
import { type Id, id, idOf, integer, type MoneyValue, model, money, table, text } from "../model.ts";

const numRuns = Number(process.env["COUNTERCHECK_ALGEBRA_SEEDS"] ?? 50);

const Score = model("Score", {
  from: table("game", "scores"),
  fields: { player: id(), level: text(), points: integer(), spent: money() },
});

interface Score {
  readonly player: Id;
  readonly level: string | null;
  readonly points: bigint | null;
  readonly spent: MoneyValue | null;
  /** Of the row, or, for one of the seed, when it was read. */
  readonly time: number;
  readonly isSeed: boolean;
}

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

/** Gives what is emitted when the rows of a key become others. */
type Naive = (before: readonly Score[], now: readonly Score[], hasTtl: boolean) => readonly Record<string, unknown>[];

interface Operator {
  readonly name: string;
  readonly build: (env: Environment, ttl: { ttl?: ReturnType<typeof milliseconds> }) => { to(sink: string): void };
  readonly naive: Naive;
  /** A row that leaves what is kept as it is does not make it live longer. */
  readonly isIgnored?: (before: readonly Score[], score: Score) => boolean;
}

const timeOf = ({ time, isSeed }: Score) => (isSeed ? Number.NEGATIVE_INFINITY : time);
const fieldsOf = ({ player, level, points, spent }: Score) => ({ player, level, points, spent });

/** Adds and retracts that make one set of results of another one; those that stay are not emitted. */
function difference(before: readonly object[], now: readonly object[]): Record<string, unknown>[] {
  const left = [...now];
  const gone = before.filter((one) => {
    const at = left.findIndex((other) => isDeepStrictEqual(one, other));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return [...gone.map((one) => ({ $op: "retract", ...one })), ...left.map((one) => ({ $op: "add", ...one }))];
}

function aggregated(rows: readonly Score[]): object[] {
  if (rows.length === 0) return [];
  const points = rows.flatMap((row) => row.points ?? []);
  const levels = rows.flatMap((row) => row.level ?? []).toSorted(compareTexts);
  const sum = points.reduce((a, b) => a + b, 0n);
  return [
    {
      player: rows[0]!.player,
      rows: BigInt(rows.length),
      sum: points.length === 0 ? null : sum,
      mean: points.length === 0 ? null : Number(sum) / points.length,
      most: points.toSorted(compareNumbers).at(-1) ?? null,
      level: levels[0] ?? null,
      levels: BigInt(new Set(levels).size),
      euros: rows.some(({ spent }) => spent?.currency === "EUR")
        ? { minor: 5n * BigInt(rows.filter(({ spent }) => spent?.currency === "EUR").length), currency: "EUR" }
        : null,
    },
  ];
}

const aggregating: Naive = (before, now, hasTtl) => {
  const changed = difference(aggregated(before), aggregated(now));
  if (changed.length > 0 || !hasTtl) return changed;
  // What is emitted again keeps what is computed of it from ending.
  return [...aggregated(before).map((one) => ({ $op: "retract", ...one })), ...difference([], aggregated(now))];
};

function ranked(rows: readonly Score[], isDescending: boolean, withRank: boolean): object[] {
  const value = ({ points }: Score) => points ?? Number.NEGATIVE_INFINITY;
  const sign = isDescending ? -1 : 1;
  return rows
    .toSorted((a, b) => sign * compareNumbers(value(a), value(b)))
    .slice(0, 2)
    .map((row, i) => ({ ...fieldsOf(row), ...(withRank ? { rank: BigInt(i + 1) } : {}) }));
}

/** With ranks, each of them has its retract and its add together, least first. */
function ranking(isDescending: boolean, withRank: boolean): Naive {
  return (before, now) => {
    const changed = difference(ranked(before, isDescending, withRank), ranked(now, isDescending, withRank));
    return withRank ? changed.toSorted((a, b) => compareNumbers(a["rank"] as bigint, b["rank"] as bigint)) : changed;
  };
}

function latest(rows: readonly Score[]): Score | undefined {
  return rows.toSorted((a, b) => compareNumbers(timeOf(a), timeOf(b))).at(-1);
}

const aggregates = {
  name: "aggregate",
  naive: aggregating,
} satisfies Partial<Operator>;

const onAdditions: readonly Operator[] = [
  {
    ...aggregates,
    build: (env, options) =>
      env
        .changes(Score)
        .asEvents()
        .keyBy("player")
        .aggregate("it", (rows) => aggregatesOf(rows), options),
  },
  {
    name: "deduplicate, keep first",
    build: (env, options) =>
      env
        .changes(Score)
        .asEvents()
        .keyBy("player")
        .deduplicate("it", { keep: "first", ...options }),
    naive: (before, now) => (before.length === 0 ? [fieldsOf(now[0]!)] : []),
    isIgnored: (before) => before.length > 0,
  },
  {
    name: "deduplicate, keep last",
    build: (env, options) =>
      env
        .changes(Score)
        .asEvents()
        .keyBy("player")
        .deduplicate("it", { keep: "last", ...options }),
    naive: (before, now) => {
      const replaced = latest(before);
      return [
        ...(replaced === undefined ? [] : [{ $op: "retract", ...fieldsOf(replaced) }]),
        { $op: "add", ...fieldsOf(latest(now)!) },
      ];
    },
    isIgnored: (before, score) => before.some((row) => timeOf(row) > timeOf(score)),
  },
  ...[true, false].map(
    (withRank): Operator => ({
      name: `top 2 of events${withRank ? " with ranks" : ""}`,
      build: (env, options) =>
        env
          .changes(Score)
          .asEvents()
          .keyBy("player")
          .topN("it", 2, { by: "points", order: "desc", withRank, ...options }),
      naive: ranking(true, withRank),
      isIgnored: (before, score) =>
        before.filter(({ points }) => points !== null && points >= (score.points ?? points)).length >= 2 ||
        (score.points === null && before.length >= 2),
    }),
  ),
];

const onChanges: readonly Operator[] = [
  {
    ...aggregates,
    build: (env, options) =>
      env
        .changes(Score)
        .keyBy("player")
        .aggregate("it", (rows) => aggregatesOf(rows), options),
  },
  ...[true, false].map(
    (withRank): Operator => ({
      name: `top 2 of changes${withRank ? " with ranks" : ""}`,
      build: (env, options) =>
        env
          .changes(Score)
          .keyBy("player")
          .topN("it", 2, { by: "points", order: "asc", withRank, ...options }),
      naive: ranking(false, withRank),
    }),
  ),
];

function aggregatesOf(rows: AggregateBuilder<typeof Score.fields, readonly ["player"]>) {
  return {
    player: rows.key("player"),
    rows: rows.count(),
    sum: rows.sum("points"),
    mean: rows.avg("points"),
    most: rows.max("points"),
    level: rows.min("level"),
    levels: rows.distinct("level"),
    euros: rows.sum("spent", { currency: "EUR" }),
  };
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
