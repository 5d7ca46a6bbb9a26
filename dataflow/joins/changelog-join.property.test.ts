import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Duration, milliseconds } from "../../base/time.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { passing } from "../../test/support/passing.ts";
import { flag, id, idOf, instant, integer, model, money, number, table, text } from "../model.ts";
import type { JoinType } from "./join-type.ts";
import { atMost, less } from "./pair-condition.ts";

const fields = { key: id(), n: integer(), of: text(), paid: money(), at: instant(), ok: flag(), share: number() };
const Left = model("Left", { from: table("app", "lefts"), fields });
const Right = model("Right", { from: table("app", "rights"), fields });

const numRuns = Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 50);

interface Options {
  readonly type: JoinType;
  readonly ttl: { readonly left?: Duration; readonly right?: Duration };
  /** On which fields of a left and a right row a match depends besides. */
  readonly condition: "none" | "numbers" | "times";
}

const joining = ({ type, ttl, condition }: Options) =>
  jobOf((env) => {
    const rights = env.changes(Right).keyBy("key");
    env
      .changes(Left)
      .keyBy("key")
      .join("joined", rights, {
        type,
        ttl,
        where: (l, r) =>
          condition === "none" ? [] : condition === "numbers" ? [less(l.n, r.n)] : [atMost(l.at, r.at)],
        select: (l, r) => ({
          ...{ lKey: l.key, l: l.n, lOf: l.of, lPaid: l.paid, lAt: l.at, lOk: l.ok, lShare: l.share },
          ...{ rKey: r.key, r: r.n, rOf: r.of, rPaid: r.paid, rAt: r.at, rOk: r.ok, rShare: r.share, again: r.n },
        }),
      })
      .to("out");
  });

interface Step {
  readonly kind: 1 | -1;
  readonly side: "left" | "right";
  readonly key: string;
  readonly value: number;
  readonly time: number;
  /** The watermark behind the row, of the row's own side. */
  readonly watermark?: number;
  /** Goes on from a barrier behind the row. */
  readonly parallelism?: number | undefined;
}

const row = fc.record(
  {
    kind: fc.constantFrom(1, 1, -1) as fc.Arbitrary<1 | -1>,
    side: fc.constantFrom("left", "right") as fc.Arbitrary<Step["side"]>,
    key: fc.constantFrom("a", "a", "b"),
    value: fc.nat(3),
    time: fc.integer({ min: -30, max: 10 }),
    watermark: fc.integer({ min: -20, max: 5 }),
    parallelism: fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
    ),
  },
  { requiredKeys: ["kind", "side", "key", "value", "time"] },
);

const ttl = fc.option(
  fc.integer({ min: 1, max: 60 }).map((ms) => milliseconds(ms)),
  { nil: undefined },
);

const options = fc.record<Options>({
  type: fc.constantFrom<JoinType>("inner", "leftOuter", "rightOuter", "fullOuter"),
  ttl: fc.record({ left: ttl, right: ttl }).map(({ left, right }) => {
    return { ...(left !== undefined && { left }), ...(right !== undefined && { right }) };
  }),
  condition: fc.constantFrom("none", "numbers", "times"),
});

/** A row's fields: of every kind, some null, some that no double holds. */
function rowOf({ key, value }: { readonly key: string; readonly value: number }) {
  return {
    key: idOf(key),
    n: [0n, -7n, 2n ** 53n + 1n, -(2n ** 63n)][value]!,
    of: [null, "", "short", "ein längerer Text, der nicht in wenige Bytes passt ".repeat(4)][value]!,
    paid: value === 1 ? null : { minor: BigInt(value) - 2n, currency: value === 2 ? "EUR" : "JPY" },
    at: value === 0 ? null : value * 0.5,
    ok: [true, false, null, true][value]!,
    share: [-0.1, 0, Number.POSITIVE_INFINITY, null][value]!,
  };
}

describe("joins of changelogs and naive models", () => {
  it("without a ttl: at any moment, what was handed on and not taken back is the join of the rows that are there", () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 25, size: "max" }),
        options,
        fc.integer({ min: 1, max: 3 }),
        (steps, chosen, first) => {
          const all = { ...chosen, ttl: {} };
          const run = new Run(all, first);
          const there = { left: [] as Step[], right: [] as Step[] };
          for (const step of steps) {
            change(there[step.side], step);
            run.step(step);
            expect(run.standing()).toEqual(joinOf(there.left, there.right, all).sort());
          }
          for (const side of ["left", "right"] as const) {
            for (const step of there[side]) run.step({ ...step, kind: -1 });
          }
          expect(run.standing()).toEqual([]);
          expect(run.harness.keys()).toBe(0);
        },
      ),
      { numRuns },
    );
  });

  it("the sequence of every key is that of the model, with ttl and without, however it is interrupted", () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 40, size: "max" }),
        options,
        fc.integer({ min: 1, max: 3 }),
        (random, chosen, first) => {
          const steps = passing(random, ({ side }) => side);
          const run = new Run(chosen, first);
          const naive = new Naive(chosen);
          for (const step of steps) {
            run.step(step);
            naive.step(step);
          }
          for (const key of ["a", "b"]) expect(run.ofKey(key)).toEqual(naive.ofKey(key));
          const { left, right } = chosen.ttl;
          if (left !== undefined && right !== undefined) expect(run.harness.watermark(300).keys()).toBe(0);
        },
      ),
      { numRuns },
    );
  });
});

/** A run of the join itself. */
class Run {
  harness: JobHarness;
  readonly #job;
  readonly #out: { readonly op: unknown; readonly key: string; readonly shown: string }[] = [];
  readonly #standing = new Map<string, number>();

  constructor(options: Options, parallelism: number) {
    this.#job = joining(options);
    this.harness = new JobHarness(this.#job, parallelism);
  }

  step(step: Step): void {
    const { harness } = this;
    const table = step.side === "left" ? Left : Right;
    harness.row(table, rowOf(step), step.time, { kind: step.kind, worker: step.value });
    if (step.watermark !== undefined) harness.watermark(step.watermark, table);
    for (const {
      $op,
      lKey,
      l,
      lOf,
      lPaid,
      lAt,
      lOk,
      lShare,
      rKey,
      r,
      rOf,
      rPaid,
      rAt,
      rOk,
      rShare,
      again,
    } of harness.take()) {
      expect(again).toEqual(r);
      const left = lKey === null ? null : { key: lKey, n: l, of: lOf, paid: lPaid, at: lAt, ok: lOk, share: lShare };
      const right = rKey === null ? null : { key: rKey, n: r, of: rOf, paid: rPaid, at: rAt, ok: rOk, share: rShare };
      const shown = JSON.stringify([left, right], bigints);
      this.#out.push({ op: $op, key: String(lKey ?? rKey), shown });
      const count = (this.#standing.get(shown) ?? 0) + ($op === "add" ? 1 : -1);
      expect(count, "what is taken back was handed on").toBeGreaterThanOrEqual(0);
      this.#standing.set(shown, count);
    }
    if (step.parallelism !== undefined) this.harness = new JobHarness(this.#job, step.parallelism, harness.hold());
  }

  /** What was handed on and not taken back. */
  standing(): string[] {
    return [...this.#standing].flatMap(([shown, count]) => Array<string>(count).fill(shown)).sort();
  }

  ofKey(key: string): string[] {
    return this.#out.filter((one) => one.key === idOf(key)).map(({ op, shown }) => `${op} ${shown}`);
  }
}

/** The join of two lists of rows, as one would write it on paper. */
function joinOf(lefts: readonly Step[], rights: readonly Step[], { type, condition }: Options): string[] {
  const pairs = lefts.flatMap((l) => rights.filter((r) => isMatch(l, r, condition)).map((r) => pairOf(l, r)));
  const isLonely = (one: Step, others: readonly Step[]) => others.every((other) => !isMatch(one, other, condition));
  if (type === "leftOuter" || type === "fullOuter")
    pairs.push(...lefts.filter((l) => isLonely(l, rights)).map((l) => pairOf(l, undefined)));
  if (type === "rightOuter" || type === "fullOuter")
    pairs.push(...rights.filter((r) => isLonely(r, lefts)).map((r) => pairOf(undefined, r)));
  return pairs;
}

/** One row of each side, in any order. */
function isMatch(one: Step, other: Step, condition: Options["condition"]): boolean {
  if (one.key !== other.key) return false;
  const [left, right] = (one.side === "left" ? [one, other] : [other, one]).map((step) => rowOf(step));
  if (condition === "numbers") return left!.n < right!.n;
  return condition === "none" || (left!.at !== null && right!.at !== null && left!.at <= right!.at);
}

/** Every row that ever came, with its matches, each step by loops over all of them. */
class Naive {
  readonly #options: Options;
  readonly #outer: Readonly<Record<Step["side"], boolean>>;
  readonly #rows: (Step & { matches: number })[] = [];
  readonly #out: { readonly key: string; readonly shown: string }[] = [];
  readonly #watermarks = { left: Number.NEGATIVE_INFINITY, right: Number.NEGATIVE_INFINITY };
  #watermark = Number.NEGATIVE_INFINITY;

  constructor(options: Options) {
    const { type } = options;
    this.#options = options;
    this.#outer = {
      left: type === "leftOuter" || type === "fullOuter",
      right: type === "rightOuter" || type === "fullOuter",
    };
  }

  step(step: Step): void {
    const { side, key, kind } = step;
    const otherSide = side === "left" ? "right" : "left";
    const { condition } = this.#options;
    const others = this.#rows.filter(
      (row) => row.side === otherSide && isMatch(step, row, condition) && this.#lives(row),
    );
    const at = this.#rows.findIndex(
      (row) => row.side === side && row.key === key && row.value === step.value && this.#lives(row),
    );
    if (kind === 1 && this.#lives(step)) {
      if (others.length === 0 && this.#outer[side]) this.#emit("add", step, undefined);
      for (const other of others) {
        if (other.matches++ === 0 && this.#outer[otherSide]) this.#emit("retract", undefined, other);
        this.#emit("add", step, other);
      }
      this.#rows.push({ ...step, matches: others.length });
    } else if (kind === -1 && at >= 0) {
      const [gone] = this.#rows.splice(at, 1);
      if (gone!.matches === 0 && this.#outer[side]) this.#emit("retract", step, undefined);
      for (const other of others) {
        this.#emit("retract", step, other);
        if (--other.matches === 0 && this.#outer[otherSide]) this.#emit("add", undefined, other);
      }
    }
    if (step.watermark !== undefined) {
      this.#watermarks[side] = step.watermark;
      this.#watermark = Math.max(this.#watermark, Math.min(this.#watermarks.left, this.#watermarks.right));
    }
  }

  ofKey(key: string): string[] {
    return this.#out.filter((one) => one.key === key).map(({ shown }) => shown);
  }

  #lives(row: Step): boolean {
    return row.time + (this.#options.ttl[row.side] ?? Number.POSITIVE_INFINITY) > this.#watermark;
  }

  /** One of the two, or its partner; the side of each says which is left. */
  #emit(op: string, one: Step | undefined, other: Step | undefined): void {
    const left = [one, other].find((row) => row?.side === "left");
    const right = [one, other].find((row) => row?.side === "right");
    this.#out.push({ key: (one ?? other)!.key, shown: `${op} ${pairOf(left, right)}` });
  }
}

/** Takes a row into a list of rows, or out of it if it is there. */
function change(rows: Step[], step: Step): void {
  if (step.kind === 1) rows.push(step);
  else {
    const at = rows.findIndex(({ key, value }) => key === step.key && value === step.value);
    if (at >= 0) rows.splice(at, 1);
  }
}

function pairOf(left: Step | undefined, right: Step | undefined): string {
  return JSON.stringify([left === undefined ? null : rowOf(left), right === undefined ? null : rowOf(right)], bigints);
}

/** Values that JSON has not, as text. */
function bigints(_name: string, value: unknown): unknown {
  return typeof value === "bigint" || value === Number.POSITIVE_INFINITY ? String(value) : value;
}
