import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Duration, milliseconds } from "../../base/time.ts";
import type { Job } from "../../checks/job.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { id, idOf, instant, integer, model, table, text } from "../model.ts";
import { cumulative, globalWindow, session, sliding, tumbling, type WindowAssigner } from "./assigners.ts";
import { NaiveWindows } from "./naive-windows.test-helper.ts";
import { early, every, onCount, onEventTime, onProcessingTime, purging, type Trigger } from "./triggers.ts";

const Event = model("Event", {
  from: table("app", "events"),
  fields: { user: id(), name: text(), gap: integer() },
});

interface Shape {
  readonly assigner: WindowAssigner<"gap">;
  readonly trigger: Trigger;
  readonly lateness: number;
  readonly by: "aggregate" | "process";
}

interface EventRow {
  readonly user: string;
  /** By how much it is ahead of the watermark; null for a row without event time. */
  readonly ahead: number | null;
  readonly gap: number;
}

/** A batch of rows, or time that goes on. */
type Step = { readonly rows: readonly EventRow[] } | { readonly event: number } | { readonly clock: number };

const size = fc.integer({ min: 1, max: 12 }) as fc.Arbitrary<Duration>;
const options = (below: number, time: "event" | "processing") =>
  fc.integer({ min: 1 - below, max: below - 1 }).map((offset) => ({ offset: offset as Duration, time }));

const assignerOf = (time: "event" | "processing"): fc.Arbitrary<WindowAssigner<"gap">> =>
  fc.oneof(
    size.chain((each) => options(each, time).map((more) => tumbling(each, more))),
    fc.tuple(size, size).chain(([each, slide]) => options(slide, time).map((more) => sliding(each, slide, more))),
    fc
      .tuple(size, fc.integer({ min: 1, max: 4 }))
      .chain(([step, steps]) => options(step, time).map((more) => cumulative((step * steps) as Duration, step, more))),
    size.map((gap) => session(gap, { time })),
    fc.constant(session({ gapFrom: "gap" }, { time })),
  );

const purgingOrNot = (trigger: fc.Arbitrary<Trigger>) =>
  fc.tuple(trigger, fc.boolean()).map(([own, purges]) => (purges ? purging(own) : own));
const counted = fc.integer({ min: 1, max: 4 }).map(onCount);
const eventTriggers = purgingOrNot(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(onEventTime()) },
    fc.constant(onProcessingTime()),
    counted,
    size.map(every),
    fc.integer({ min: 1, max: 4 }).map((count) => early({ count })),
    size.map((interval) => early({ every: interval })),
  ),
);
const by = fc.constantFrom("aggregate", "process");
const shapes: fc.Arbitrary<Shape> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      assigner: fc.oneof({ weight: 6, arbitrary: assignerOf("event") }, fc.constant(globalWindow())),
      trigger: eventTriggers,
      lateness: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 10 })),
      by,
    }),
  },
  fc.record({
    assigner: assignerOf("processing"),
    trigger: purgingOrNot(fc.oneof(fc.constant(onProcessingTime()), counted)),
    lateness: fc.constant(0),
    by,
  }),
);

const eventRow: fc.Arbitrary<EventRow> = fc.record({
  user: fc.constantFrom("a", "b", "ü"),
  ahead: fc.option(fc.integer({ min: -12, max: 12 }), { freq: 20 }),
  gap: fc.integer({ min: 1, max: 8 }),
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ rows: fc.array(eventRow, { minLength: 1, maxLength: 5 }) }) },
    { weight: 1, arbitrary: fc.record({ event: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 1, arbitrary: fc.record({ clock: fc.integer({ min: 1, max: 8 }) }) },
  ),
  { minLength: 1, maxLength: 40 },
);

const NAMES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Names are joined in the order in which rows came, or sorted where aggregates know no order. */
function windowsOf({ assigner, trigger, lateness, by }: Shape): Job {
  return jobOf((env) => {
    const windowed = env
      .changes(Event)
      .asEvents()
      .keyBy("user")
      .window(assigner)
      .trigger(trigger)
      .allowedLateness(milliseconds(lateness));
    const emits = { user: id(), names: text(), from: instant(), to: instant() };
    const results =
      by === "process"
        ? windowed.process("windows", {
            emits,
            onWindow: (rows, { key, window, emit }) =>
              emit({ user: key, names: rows.map(({ name }) => name).join(""), from: window.start, to: window.end }),
          })
        : windowed.aggregate("windows", (rows) => ({
            user: rows.key("user"),
            names: rows.fold({
              keeps: { names: text() },
              gives: text(),
              add: ({ names }, { name }) => ({ names: sorted(`${names ?? ""}${name}`) }),
              merge: (left, right) => ({ names: sorted(`${left.names ?? ""}${right.names ?? ""}`) }),
              result: ({ names }) => names,
            }),
            from: rows.windowStart(),
            to: rows.windowEnd(),
          }));
    results.late().to("late");
    results
      .keyBy("user")
      .process("timed", {
        state: {},
        emits: { ...emits, time: instant() },
        onElement: (row, { emit, time }) => emit({ ...row, time }),
      })
      .to("out");
  });
}

const sorted = (names: string) => [...names].sort().join("");

describe("windows over random, disordered, late rows", () => {
  const cases = fc.record({
    shape: shapes,
    steps,
    parallelism: fc.integer({ min: 1, max: 3 }),
    holdAt: fc.nat({ max: 40 }),
    after: fc.integer({ min: 1, max: 3 }),
  });

  it("give what a naive account of them gives, restored at another parallelism or not, and leave no state", () => {
    fc.assert(
      fc.property(cases, ({ shape, steps: taken, parallelism, holdAt, after }) => {
        const naive = new NaiveWindows(shape.assigner, shape.trigger, shape.lateness);
        let harness = new JobHarness(windowsOf(shape), parallelism);
        const results: string[] = [];
        const late: string[] = [];
        const take = () => {
          results.push(
            ...harness.take().map(({ user, names, from, to, time }) => {
              return `${user} [${from}, ${to}) ${names} @${time}`;
            }),
          );
          late.push(...harness.take("late").map(({ name }) => String(name)));
        };
        let watermark = 0;
        let clock = 0;
        let named = 0;
        for (const [at, step] of taken.entries()) {
          if (at === holdAt) {
            take();
            harness = new JobHarness(windowsOf(shape), after, harness.hold());
            // Whoever goes on is told the time, where a window may just have its last millisecond.
            if (clock > 0) naive.clock(clock);
          }
          if ("event" in step) {
            watermark += step.event;
            naive.watermark(watermark);
            harness.watermark(watermark);
          } else if ("clock" in step) {
            clock += step.clock;
            naive.clock(clock);
            harness.processingTime(clock);
          } else {
            for (const rows of runs(step.rows)) {
              const batch = rows.map(({ user, ahead, gap }) => {
                const name = NAMES[named++ % NAMES.length]!;
                const time = ahead === null ? Number.NEGATIVE_INFINITY : watermark + ahead;
                const own = shape.assigner.type === "session" && typeof shape.assigner.gap === "number";
                naive.row({
                  key: idOf(user),
                  time,
                  name,
                  gap: own ? (shape.assigner as { gap: number }).gap : gap,
                });
                return [{ user: idOf(user), name, gap: BigInt(gap) }, time] as const;
              });
              harness.rows(Event, batch, rows[0]!.ahead === null ? { seed: 0 } : {});
            }
          }
        }
        naive.end();
        naive.clock(clock + 1_000);
        harness.end();
        harness.processingTime(clock + 1_000);
        take();
        const byKey = (all: readonly string[]) => [...all].sort((l, r) => (l[1]! < r[1]! ? -1 : l[1]! > r[1]! ? 1 : 0));
        const isOne = parallelism === 1 && (after === 1 || holdAt >= taken.length);
        const compared = isOne ? (all: readonly string[]) => all : byKey;
        const expected = shape.by === "process" ? naive.results : naive.results.map(withSortedNames);
        expect(compared(results)).toEqual(compared(expected));
        expect([...late].sort()).toEqual([...naive.late].sort());
        if (!isEndless(shape)) expect(harness.keys()).toBe(0);
      }),
      { numRuns: Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 50) },
    );
  });
});

/** The end of all input gives no result of its windows, and does not end them. */
function isEndless({ assigner, trigger }: Shape): boolean {
  const { type } = trigger.type === "purging" ? trigger.trigger : trigger;
  return assigner.type === "global" && (type === "count" || type === "processingTime");
}

/** Rows that can be in one batch: those with event time, or those without. */
function runs(rows: readonly EventRow[]): EventRow[][] {
  const all: EventRow[][] = [];
  for (const row of rows) {
    const last = all.at(-1);
    if (last !== undefined && (last[0]!.ahead === null) === (row.ahead === null)) last.push(row);
    else all.push([row]);
  }
  return all;
}

function withSortedNames(result: string): string {
  return result.replace(/\) (\w+) @/, (_, names: string) => `) ${sorted(names)} @`);
}
