import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Duration, milliseconds } from "../../base/time.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { passing } from "../../test/support/passing.ts";
import { id, idOf, integer, model, money, table } from "../model.ts";

const Event = model("Event", { from: table("app", "events"), fields: { key: id(), n: integer() } });
const Row = model("Row", { from: table("app", "rows"), fields: { key: id(), value: integer(), price: money() } });

const numRuns = Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 50);

interface Options {
  readonly type: "inner" | "leftOuter";
  readonly keep: number | undefined;
  readonly ttl: number | undefined;
  readonly late: "join" | "aside";
}

const lengthOf = (ms: number | undefined, name: "keep" | "ttl"): Readonly<Record<string, Duration>> =>
  ms === undefined ? {} : { [name]: milliseconds(ms) };

const joining = ({ type, keep, ttl, late }: Options) =>
  jobOf((env) => {
    const rows = env.changes(Row).keyBy("key");
    const joined = env
      .changes(Event)
      .asEvents()
      .keyBy("key")
      .lookupJoin("joined", rows, {
        type,
        late,
        ...lengthOf(keep, "keep"),
        ...lengthOf(ttl, "ttl"),
        select: (event, row) => ({ key: event.key, n: event.n, value: row.value, price: row.price }),
      });
    joined.to("out");
    joined.late().to("late");
  });

/** A row of the events or of the table; its number tells it from all others. */
interface Step {
  readonly of: "events" | "table";
  readonly kind: 1 | -1;
  readonly key: string;
  readonly time: number;
  /** Of a row of the table: few, so that there are equal ones. */
  readonly value: number;
  /** Read with the seed at this time: it has no time. */
  readonly seed?: number;
  /** The watermark behind it, of its own side. */
  readonly watermark?: number;
  /** Goes on from a barrier behind it. */
  readonly parallelism?: number | undefined;
}

const step = fc.record(
  {
    of: fc.constantFrom("events", "table") as fc.Arbitrary<Step["of"]>,
    kind: fc.constantFrom(1, 1, -1) as fc.Arbitrary<1 | -1>,
    key: fc.constantFrom("a", "b", "c"),
    time: fc.integer({ min: -30, max: 10 }),
    value: fc.nat(2),
    seed: fc.nat(100),
    watermark: fc.integer({ min: -20, max: 5 }),
    parallelism: fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
    ),
  },
  { requiredKeys: ["of", "kind", "key", "time", "value"] },
);

const options = fc.record<Options>({
  type: fc.constantFrom("inner", "leftOuter"),
  keep: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
  ttl: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
  late: fc.constantFrom("join", "aside"),
});

describe("look-up joins and a naive model", () => {
  it("give the same of every key, and the same that is late, however they are interrupted", () => {
    const steps = fc.array(step, { maxLength: 40, size: "max" });
    fc.assert(
      fc.property(steps, options, fc.integer({ min: 1, max: 3 }), (random, chosen, first) => {
        const all = [...passing(random, ({ of }) => of), ...LAST];
        const naive = new Naive(chosen);
        const job = joining(chosen);
        let harness = new JobHarness(job, first);
        const out: Record<string, unknown>[] = [];
        const late: Record<string, unknown>[] = [];
        const collect = () => {
          out.push(...harness.take());
          late.push(...harness.take("late"));
        };
        for (const [at, one] of all.entries()) {
          naive.step(one, BigInt(at));
          send(harness, one, BigInt(at));
          collect();
          if (one.parallelism !== undefined) harness = new JobHarness(job, one.parallelism, harness.hold());
        }
        for (const key of ["a", "b", "c"]) {
          const ofKey = out.filter((row) => row.key === idOf(key));
          expect(ofKey.map(({ n, value }) => [n, value])).toEqual(naive.ofKey(key));
        }
        for (const { value, price } of out) {
          expect(price).toEqual(value === null ? null : { minor: value, currency: "EUR" });
        }
        expect(late.map(({ n }) => n).sort(byNumber)).toEqual(naive.late.sort(byNumber));
        if (chosen.ttl !== undefined) expect(harness.keys()).toBe(0);
      }),
      { numRuns },
    );
  });
});

/** Brings both watermarks to where nothing lives any more. */
const LAST: readonly Step[] = (["events", "table"] as const).map((of) => {
  return { of, kind: -1, key: "d", time: 0, value: 0, watermark: 500 };
});

function send(harness: JobHarness, { of, kind, key, time, value, seed, watermark }: Step, n: bigint): void {
  const options = { worker: Number(n), ...(seed === undefined ? {} : { seed }) };
  if (of === "events") harness.row(Event, { key: idOf(key), n }, time, options);
  else {
    const row = { key: idOf(key), value: BigInt(value), price: { minor: BigInt(value), currency: "EUR" } };
    harness.row(Row, row, time, { ...options, kind });
  }
  if (watermark !== undefined) harness.watermark(watermark, of === "events" ? Event : Row);
}

/** What the table became at a time. */
interface Change {
  readonly key: string;
  readonly time: number;
  /** Its ttl counts from then, or from the last event. */
  readonly since: number;
  readonly value: bigint | null;
  /** What was there before was taken back then. */
  readonly isReplaced: boolean;
}

/** All changes of the table, gone through for each event. */
class Naive {
  readonly late: bigint[] = [];
  readonly #options: Options;
  readonly #out: (readonly [key: string, n: bigint, value: bigint | null])[] = [];
  readonly #watermarks = { events: Number.NEGATIVE_INFINITY, table: Number.NEGATIVE_INFINITY };
  #watermark = Number.NEGATIVE_INFINITY;
  #waiting: (readonly [time: number, key: string, n: bigint])[] = [];
  #changes: Change[] = [];
  /** Of each key of which something is kept, the time of the last event that found a row. */
  readonly #asked = new Map<string, number>();

  constructor(options: Options) {
    this.#options = options;
  }

  step({ of, kind, key, time, value, seed, watermark }: Step, n: bigint): void {
    const own = seed === undefined ? time : Number.NEGATIVE_INFINITY;
    if (of === "table") this.#change(kind, { key, time: own, since: seed ?? time }, BigInt(value));
    else if (seed !== undefined || (own <= this.#known && this.#options.late === "aside")) this.late.push(n);
    else this.#waiting.push([own, key, n]);
    if (watermark !== undefined) this.#advance(of, watermark);
  }

  /** An add is valid from its time on. A retract ends a row that is equal to its own, the older of two. */
  #change(kind: 1 | -1, at: Omit<Change, "value" | "isReplaced">, value: bigint): void {
    const before = this.#lastOf(at.key, at.time, false);
    const same = this.#changes.find(({ key, time }) => key === at.key && time === at.time);
    if (kind === 1) this.#put({ ...at, value, isReplaced: same?.isReplaced ?? false }, same);
    else if (same === undefined) {
      if (before === undefined || before.value === null || before.value === value) {
        this.#put({ ...at, value: null, isReplaced: true });
      }
    } else if (!same.isReplaced && before?.value === value) this.#put({ ...same, isReplaced: true }, same);
    else if (same.value === value) this.#put({ ...at, value: null, isReplaced: true }, same);
  }

  #put(change: Change, instead?: Change): void {
    this.#changes = [...this.#changes.filter((other) => other !== instead), change];
  }

  ofKey(key: string): (readonly [bigint, bigint | null])[] {
    return this.#out.filter(([own]) => own === key).map(([, n, value]) => [n, value]);
  }

  /** History is known behind it. */
  get #known(): number {
    return this.#watermark - (this.#options.keep ?? 0);
  }

  #advance(of: Step["of"], watermark: number): void {
    this.#watermarks[of] = watermark;
    const least = Math.min(this.#watermarks.events, this.#watermarks.table);
    if (least <= this.#watermark) return;
    this.#watermark = least;
    const due = this.#waiting.filter(([time]) => time <= this.#watermark);
    this.#waiting = this.#waiting.filter(([time]) => time > this.#watermark);
    // Sorting is stable: events of one time stay in their order.
    for (const [time, key, n] of due.sort(([one], [other]) => one - other)) this.#join(time, key, n);
    for (const key of ["a", "b", "c"]) this.#forget(key);
  }

  #join(time: number, key: string, n: bigint): void {
    const change = this.#lastOf(key, time);
    const value = change === undefined || this.#endOf(change) <= time ? null : change.value;
    if (value !== null) this.#asked.set(key, Math.max(time, this.#asked.get(key) ?? time));
    if (value !== null || this.#options.type === "leftOuter") this.#out.push([key, n, value]);
  }

  /** The last change of a key up to a time. */
  #lastOf(key: string, time: number, included = true): Change | undefined {
    const all = this.#changes.filter((change) => change.key === key);
    const before = all.filter((change) => change.time < time || (included && change.time === time));
    return before.sort((one, other) => one.time - other.time).at(-1);
  }

  /**
   * Rows that were replaced are gone. Of one that is gone for good nothing is known, not even when it went: a late change may
   * bring it back.
   */
  #forget(key: string): void {
    const last = this.#lastOf(key, this.#known);
    if (last !== undefined) {
      const isOver = last.value === null || this.#endOf(last) <= this.#known;
      this.#changes = this.#changes.filter(
        (change) => change.key !== key || change.time > last.time || (change.time === last.time && !isOver),
      );
    }
    const isKept = [...this.#changes.map((change) => change.key), ...this.#waiting.map(([, own]) => own)].includes(key);
    if (!isKept) this.#asked.delete(key);
  }

  #endOf({ key, since }: Change): number {
    return Math.max(since, this.#asked.get(key) ?? since) + (this.#options.ttl ?? Number.POSITIVE_INFINITY);
  }
}

function byNumber(one: unknown, other: unknown): number {
  return Number((one as bigint) - (other as bigint));
}
