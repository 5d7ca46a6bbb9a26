import { isDeepStrictEqual } from "node:util";
import type { milliseconds } from "../../base/time.ts";
import type { AggregateBuilder } from "../aggregates/aggregate.ts";
import { compareNumbers, compareTexts } from "../aggregates/order.ts";
import type { Environment } from "../environment.ts";
import { type Id, id, integer, type MoneyValue, model, money, table, text } from "../model.ts";

/** A model that is general enough for all. */
export const Score = model("Score", {
  from: table("game", "scores"),
  fields: { player: id(), level: text(), points: integer(), spent: money() },
});

/** A row, as a test gives it. */
export interface Score {
  readonly player: Id;
  readonly level: string | null;
  readonly points: bigint | null;
  readonly spent: MoneyValue | null;
  /** Of the row, or, for one of the seed, when it was read. */
  readonly time: number;
  readonly isSeed: boolean;
}

/** Gives what is emitted when the rows of a key become others. */
type Naive = (before: readonly Score[], now: readonly Score[], hasTtl: boolean) => readonly Record<string, unknown>[];

/** An operator and its naive account. */
export interface Operator {
  readonly name: string;
  readonly build: (env: Environment, ttl: { ttl?: ReturnType<typeof milliseconds> }) => { to(sink: string): void };
  readonly naive: Naive;
  /** A row that leaves what is kept as it is does not make it live longer. */
  readonly isIgnored?: (before: readonly Score[], score: Score) => boolean;
}

const timeOf = ({ time, isSeed }: Score) => (isSeed ? Number.NEGATIVE_INFINITY : time);
/** The fields of a row. */
export const fieldsOf = ({ player, level, points, spent }: Score) => ({ player, level, points, spent });

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
    return withRank ? changed.toSorted((a, b) => compareNumbers(a.rank as bigint, b.rank as bigint)) : changed;
  };
}

function latest(rows: readonly Score[]): Score | undefined {
  return rows.toSorted((a, b) => compareNumbers(timeOf(a), timeOf(b))).at(-1);
}

/** Operators of rows that are only added. */
export const onAdditions: readonly Operator[] = [
  {
    name: "aggregate",
    naive: aggregating,
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
  {
    name: "deduplicate, keep the last that came",
    build: (env, options) =>
      env
        .changes(Score)
        .asEvents()
        .keyBy("player")
        .deduplicate("it", { keep: "last", by: "arrival", ...options }),
    naive: (before, now, hasTtl) => {
      const [replaced, last] = [before.at(-1), now.at(-1)!];
      if (replaced === undefined) return [{ $op: "add", ...fieldsOf(last) }];
      if (!hasTtl && isDeepStrictEqual(fieldsOf(replaced), fieldsOf(last))) return [];
      return [
        { $op: "retract", ...fieldsOf(replaced) },
        { $op: "add", ...fieldsOf(last) },
      ];
    },
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

/** Operators of rows that come and go. */
export const onChanges: readonly Operator[] = [
  {
    name: "aggregate",
    naive: aggregating,
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
