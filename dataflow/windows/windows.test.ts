import { describe, expect, it } from "vitest";
import { minutes, seconds } from "../../base/time.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { id, integer, model, table } from "../model.ts";
import {
  calendarDays,
  cumulative,
  globalWindow,
  session,
  sliding,
  tumbling,
  type WindowAssigner,
} from "./assigners.ts";
import { early, every, onCount, purging } from "./triggers.ts";
import type { WindowedStream } from "./windowed-stream.ts";

const Bid = model("Bid", { from: table("app", "bids"), fields: { user: id(), price: integer() } });

type Bids = WindowedStream<typeof Bid.fields, readonly ["user"]>;

/** Counts bids and adds up their prices; shown as `user [start, end) count sum`. */
function counting(assigner: WindowAssigner<"price">, more: (bids: Bids) => Bids = (bids) => bids) {
  return jobOf((env) => {
    const windowed = env.changes(Bid).asEvents().keyBy("user").window(assigner);
    const counted = more(windowed).aggregate("counted", (bids) => ({
      user: bids.key("user"),
      bids: bids.count(),
      total: bids.sum("price"),
      from: bids.windowStart(),
      to: bids.windowEnd(),
    }));
    counted.to("out");
    counted.late().to("late");
  });
}

function bid(harness: JobHarness, user: string, time: number, price = 1n) {
  return harness.row(Bid, { user: `'${user}` as never, price }, time);
}

const shown = (harness: JobHarness) =>
  harness.take().map(({ user, bids, total, from, to }) => `${String(user).slice(1)} [${from}, ${to}) ${bids} ${total}`);

describe("windows", () => {
  it("tumbling: each row in one, which gives a result when the watermark is at its end − 1 ms", () => {
    const harness = new JobHarness(counting(tumbling(seconds(10))));
    bid(harness, "a", 1, 5n);
    bid(harness, "b", 9_999);
    bid(harness, "a", 10_000);
    bid(harness, "a", 3, 7n);
    expect(shown(harness.watermark(9_998))).toEqual([]);
    expect(shown(harness.watermark(9_999))).toEqual(["a [0, 10000) 2 12", "b [0, 10000) 1 1"]);
    expect(shown(bid(harness, "a", 9_999))).toEqual([]);
    expect(harness.take("late")).toMatchObject([{ user: "'a" }]);
    expect(shown(harness.end())).toEqual(["a [10000, 20000) 1 1"]);
    expect(harness.keys()).toBe(0);
  });

  it("sliding: overlapping windows are merged from slices", () => {
    const harness = new JobHarness(counting(sliding(seconds(10), seconds(4))));
    for (const time of [0, 5_000, 9_000]) bid(harness, "a", time);
    expect(shown(harness.watermark(30_000))).toEqual([
      "a [-8000, 2000) 1 1",
      "a [-4000, 6000) 2 2",
      "a [0, 10000) 3 3",
      "a [4000, 14000) 2 2",
      "a [8000, 18000) 1 1",
    ]);
    expect(harness.keys()).toBe(0);
  });

  it("cumulative: from one start, step by step", () => {
    const harness = new JobHarness(counting(cumulative(seconds(3), seconds(1))));
    for (const time of [0, 1_500, 4_000]) bid(harness, "a", time);
    expect(shown(harness.watermark(10_000))).toEqual([
      "a [0, 1000) 1 1",
      "a [0, 2000) 2 2",
      "a [0, 3000) 2 2",
      "a [3000, 5000) 1 1",
      "a [3000, 6000) 1 1",
    ]);
  });

  it("sessions: rows no further apart than the gap; one between two makes them one", () => {
    const harness = new JobHarness(counting(session(seconds(5))));
    for (const time of [0, 9_000, 20_000]) bid(harness, "a", time);
    bid(harness, "a", 4_000);
    expect(shown(harness.watermark(13_998))).toEqual([]);
    expect(shown(harness.watermark(13_999))).toEqual(["a [0, 14000) 3 3"]);
    expect(shown(harness.end())).toEqual(["a [20000, 25000) 1 1"]);
    expect(harness.keys()).toBe(0);
  });

  it("a late row that is allowed gives a result again; a session that it touches lives on", () => {
    const harness = new JobHarness(counting(session(seconds(5)), (bids) => bids.allowedLateness(seconds(5))));
    bid(harness, "a", 0);
    expect(shown(harness.watermark(6_000))).toEqual(["a [0, 5000) 1 1"]);
    expect(shown(bid(harness, "a", 0))).toEqual(["a [0, 5000) 2 2"]);
    expect(shown(bid(harness, "a", 4_000))).toEqual([]);
    expect(shown(harness.watermark(9_000))).toEqual(["a [0, 9000) 3 3"]);
    expect(shown(bid(harness, "a", -6_000))).toEqual([]);
    expect(harness.take("late")).toMatchObject([{ user: "'a" }]);
    harness.watermark(13_999);
    expect(harness.keys()).toBe(0);
  });

  it("the global window gives results of its trigger, or when all has ended", () => {
    const counts = new JobHarness(counting(globalWindow(), (bids) => bids.trigger(purging(onCount(2)))));
    for (const time of [1, 2, 3, 4, 5]) bid(counts, "a", time);
    expect(shown(counts)).toHaveLength(2);
    expect(shown(counts.end())).toEqual([]);
    const all = new JobHarness(counting(globalWindow()));
    for (const time of [1, 2, 3]) bid(all, "a", time);
    expect(shown(all.end())).toEqual(["a [-Infinity, Infinity) 3 3"]);
    expect(all.keys()).toBe(0);
  });

  it("a global window that is purged at its count leaves nothing of its key", () => {
    const counts = new JobHarness(counting(globalWindow(), (bids) => bids.trigger(purging(onCount(2)))));
    for (const user of ["a", "b", "a"]) bid(counts, user, 1);
    expect(counts.keys()).toBe(1);
    expect(bid(counts, "b", 1).keys()).toBe(0);
  });

  it("a global window of a count alone goes on behind the end of a run", () => {
    const job = counting(globalWindow(), (bids) => bids.trigger(onCount(3)));
    let counts = bid(bid(new JobHarness(job), "a", 1), "a", 2).end();
    expect(shown(counts)).toEqual([]);
    counts = bid(new JobHarness(job, 1, counts.hold()), "a", 3);
    expect(shown(counts)).toEqual(["a [-Infinity, Infinity) 3 3"]);
  });

  it("early results come by count or by the clock, others every interval of event time", () => {
    const counts = new JobHarness(counting(tumbling(seconds(10)), (bids) => bids.trigger(early({ count: 2 }))));
    for (const time of [1, 2, 3]) bid(counts, "a", time);
    expect(shown(counts)).toEqual(["a [0, 10000) 2 2"]);
    expect(shown(counts.watermark(10_000))).toEqual(["a [0, 10000) 3 3"]);
    const clocked = new JobHarness(
      counting(tumbling(seconds(10)), (bids) => bids.trigger(early({ every: minutes(1) }))),
    );
    clocked.processingTime(1_000);
    bid(clocked, "a", 1);
    expect(shown(clocked.processingTime(60_999))).toEqual([]);
    expect(shown(clocked.processingTime(61_000))).toEqual(["a [0, 10000) 1 1"]);
    expect(shown(clocked.watermark(10_000))).toEqual(["a [0, 10000) 1 1"]);
    const regular = new JobHarness(counting(tumbling(seconds(10)), (bids) => bids.trigger(every(seconds(4)))));
    bid(regular, "a", 1_000);
    expect(shown(regular.watermark(20_000))).toHaveLength(3);
    clocked.processingTime(121_000);
    expect([clocked.keys(), counts.keys(), regular.keys()]).toEqual([0, 0, 0]);
  });

  it("windows by processing time go by the clock alone", () => {
    const harness = new JobHarness(counting(tumbling(seconds(10), { time: "processing" })));
    harness.processingTime(5_000);
    bid(harness, "a", 77_000);
    bid(harness, "b", 1);
    expect(shown(harness.watermark(100_000).processingTime(9_998))).toEqual([]);
    expect(shown(harness.processingTime(9_999))).toEqual(["a [0, 10000) 1 1", "b [0, 10000) 1 1"]);
    expect(harness.keys()).toBe(0);
  });

  it("calendar days have 23 or 25 hours where clocks change", () => {
    const harness = new JobHarness(counting(calendarDays("Europe/Berlin")));
    for (const hour of [0, 23, 24, 25]) bid(harness, "a", Date.UTC(2026, 2, 28, 23) + hour * 3_600_000);
    const spans = harness
      .end()
      .take()
      .map(({ from, to }) => (Number(to) - Number(from)) / 3_600_000);
    expect(spans).toEqual([23, 24]);
  });
});

describe("a window that cannot be", () => {
  const anything = (value: unknown) => value as never;
  it.each<[string, () => unknown, RegExp]>([
    ["a size of none", () => tumbling(seconds(0)), /tumbling.*its size is 0/],
    ["a size of half a millisecond", () => tumbling(anything(0.5)), /its size is 0\.5/],
    ["an offset beyond the size", () => tumbling(seconds(1), { offset: seconds(-1) }), /its offset is -1000/],
    ["an offset beyond the slide", () => sliding(seconds(9), seconds(1), { offset: seconds(1) }), /its offset is 1000/],
    ["no slide", () => sliding(seconds(1), anything(undefined)), /its slide is undefined/],
    [
      "steps that do not make up the size",
      () => cumulative(seconds(5), seconds(2)),
      /no multiple of its step, 2000 ms/,
    ],
    ["a gap of none", () => session(seconds(0)), /its gap is 0/],
    ["another time", () => tumbling(seconds(1), { time: anything("ingestion") }), /its time is "ingestion"/],
    ["a zone that is none", () => calendarDays("Europe/Nowhere"), /"Europe\/Nowhere" is no time zone/],
    ["a count of none", () => onCount(0), /onCount.*it is given 0/],
    ["nothing to be early by", () => early(anything({})), /early.*`every` or `count`/],
    ["no trigger", () => counting(tumbling(seconds(1)), (bids) => bids.trigger(anything(5))).graph(), /as in onCount/],
    ["no window", () => counting(anything(undefined)).graph(), /give one, as in tumbling/],
    [
      "a gap from a field that there is not",
      () => counting(anything(session({ gapFrom: "pause" }))).graph(),
      /its gap is pause, which is no field of integers or numbers/,
    ],
    [
      "a trigger of event time for windows by processing time",
      () => counting(tumbling(seconds(1), { time: "processing" }), (bids) => bids.trigger(every(seconds(1)))).graph(),
      /trigger of counted.*go by processing time/,
    ],
    [
      "lateness of windows by processing time",
      () => counting(tumbling(seconds(1), { time: "processing" }), (bids) => bids.allowedLateness(seconds(1))).graph(),
      /allowed lateness of counted.*no row is late/,
    ],
    [
      "negative lateness",
      () => counting(tumbling(seconds(1)), (bids) => bids.allowedLateness(seconds(-1))).graph(),
      /it is -1000, and should be/,
    ],
    [
      "a fold that cannot be merged, over sessions",
      () => {
        const job = jobOf((env) => {
          const bids = env
            .changes(Bid)
            .asEvents()
            .keyBy("user")
            .window(session(seconds(5)));
          const fold = { keeps: { n: integer() }, gives: integer(), add: () => ({ n: 1n }), result: () => 1n };
          bids.aggregate("folded", (rows) => ({ n: rows.fold(fold) })).to("out");
        });
        return job.graph();
      },
      /session.*in folded.*give the fold a `merge`/,
    ],
  ])("%s", (_, declare, message) => {
    expect(declare).toThrow(message);
    expect(declare).toThrow(expect.objectContaining({ code: "JOB_WINDOW_INVALID" }));
  });

  it("a session whose row has no gap fails when the row comes", () => {
    const harness = new JobHarness(counting(session({ gapFrom: "price" })));
    expect(shown(bid(harness, "a", 0, 5n).watermark(4))).toEqual(["a [0, 5) 1 5"]);
    expect(() => bid(harness, "a", 0, 0n)).toThrow(expect.objectContaining({ code: "WINDOW_GAP_INVALID" }));
  });

  it("slices are not gone on with where time is cut in another way", () => {
    const held = new JobHarness(counting(tumbling(seconds(10)))).hold();
    expect(() => new JobHarness(counting(tumbling(seconds(20))), 1, held)).toThrow(
      /State windows of counted.*tumbling_event_10000_0 is gone; tumbling_event_20000_0 is new/,
    );
  });

  it("sessions are gone on with by another gap", () => {
    const harness = bid(new JobHarness(counting(session(seconds(10)))), "a", 0);
    const next = new JobHarness(counting(session(seconds(20))), 2, harness.hold());
    expect(shown(bid(next, "a", 9_000).end())).toEqual(["a [0, 29000) 2 2"]);
  });
});
