import { describe, expect, it } from "vitest";
import { minutes } from "../../base/time.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { type Field, type Fields, id, idOf, instant, model, number, table, text } from "../model.ts";
import type { ChangelogJoinSpec } from "./changelog-join.ts";
import type { JoinType } from "./join-type.ts";
import { atMost, less } from "./pair-condition.ts";
import type { Refs, Selection } from "./selection.ts";

const Order = model("Order", { from: table("shop", "orders"), fields: { id: id(), item: text() } });
const Shipment = model("Shipment", { from: table("shop", "shipments"), fields: { order: id(), by: text() } });

const Lot = model("Lot", {
  from: table("shop", "lots"),
  fields: { id: id(), opened: instant(), closed: instant(), item: text() },
});
const Bid = model("Bid", { from: table("shop", "bids"), fields: { lot: id(), at: instant(), who: text() } });

const joining = (type: JoinType, ttl?: ChangelogJoinSpec<Fields, Fields, Selection>["ttl"]) =>
  jobOf((env) => {
    const orders = env.changes(Order).keyBy("id");
    orders
      .join("shipped", env.changes(Shipment).keyBy("order"), {
        type,
        select: (order, shipment) => ({ order: order.id, item: order.item, shipped: shipment.order, by: shipment.by }),
        ...(ttl !== undefined && { ttl }),
      })
      .to("out");
  });

const shown = (harness: JobHarness) =>
  harness.take().map(({ $op, item, by }) => `${$op === "add" ? "+" : "-"} ${item ?? "."} ${by ?? "."}`);

/** Steps as `+item` and `-item` of the order, or `+~by` and `-~by` of its shipments, and what each of them gives. */
function steps(harness: JobHarness, table: readonly (readonly [step: string, given: readonly string[]])[], from = 0) {
  for (const [at, [step, given]] of table.entries()) {
    const kind = step.startsWith("+") ? 1 : -1;
    const name = step.slice(1);
    if (name.startsWith("~")) harness.row(Shipment, { order: idOf(1), by: name.slice(1) }, from + at, { kind });
    else harness.row(Order, { id: idOf(1), item: name }, from + at, { kind });
    expect(shown(harness), step).toEqual(given);
  }
}

describe("join of changelogs", () => {
  it("inner: pairs come and go with their rows", () => {
    const harness = new JobHarness(joining("inner"));
    steps(harness, [
      ["+lamp", []],
      ["+~air", ["+ lamp air"]],
      ["+~sea", ["+ lamp sea"]],
      ["+desk", ["+ desk air", "+ desk sea"]],
      ["-~air", ["- lamp air", "- desk air"]],
      ["-lamp", ["- lamp sea"]],
      ["-desk", ["- desk sea"]],
      ["-~sea", []],
    ]);
    expect(harness.keys()).toBe(0);
  });

  it("left outer: a row without a match is handed on with nulls, and taken back with its first match", () => {
    const harness = new JobHarness(joining("leftOuter"));
    steps(harness, [
      ["+lamp", ["+ lamp ."]],
      ["+~air", ["- lamp .", "+ lamp air"]],
      ["+~sea", ["+ lamp sea"]],
      ["-~air", ["- lamp air"]],
      ["-~sea", ["- lamp sea", "+ lamp ."]],
      ["-lamp", ["- lamp ."]],
      ["+~air", []],
      ["+lamp", ["+ lamp air"]],
    ]);
  });

  it("right outer is left outer with the sides exchanged", () => {
    steps(new JobHarness(joining("rightOuter")), [
      ["+lamp", []],
      ["+~air", ["+ lamp air"]],
      ["-lamp", ["- lamp air", "+ . air"]],
      ["+desk", ["- . air", "+ desk air"]],
      ["-~air", ["- desk air"]],
      ["-desk", []],
    ]);
  });

  it("full outer keeps the rows of both sides", () => {
    const harness = new JobHarness(joining("fullOuter"));
    steps(harness, [
      ["+~air", ["+ . air"]],
      ["+~sea", ["+ . sea"]],
      ["+lamp", ["- . air", "+ lamp air", "- . sea", "+ lamp sea"]],
      ["+desk", ["+ desk air", "+ desk sea"]],
      ["-lamp", ["- lamp air", "- lamp sea"]],
      ["-~air", ["- desk air"]],
      ["-~sea", ["- desk sea", "+ desk ."]],
      ["-desk", ["- desk ."]],
    ]);
    expect(harness.keys()).toBe(0);
  });

  it("equal rows count each for itself; a retract of a row that is not there is dropped", () => {
    steps(new JobHarness(joining("leftOuter")), [
      ["-lamp", []],
      ["+lamp", ["+ lamp ."]],
      ["+lamp", ["+ lamp ."]],
      ["+~air", ["- lamp .", "+ lamp air", "- lamp .", "+ lamp air"]],
      ["-lamp", ["- lamp air"]],
      ["-desk", []],
      ["-~sea", []],
      ["-~air", ["- lamp air", "+ lamp ."]],
    ]);
  });

  it("where: rows of one key match if they fulfil the condition too", () => {
    const harness = new JobHarness(
      jobOf((env) => {
        const bids = env.changes(Bid).keyBy("lot");
        env
          .changes(Lot)
          .keyBy("id")
          .join("bids", bids, {
            type: "fullOuter",
            where: (lot, bid) => [atMost(lot.opened, bid.at), less(bid.at, lot.closed)],
            select: (lot, bid) => ({ item: lot.item, by: bid.who }),
          })
          .to("out");
      }),
    );
    const lot = idOf(1);
    harness.row(Lot, { id: lot, opened: 10, closed: 20, item: "lamp" }, 1);
    harness.row(Bid, { lot, at: 10, who: "ann" }, 2).row(Bid, { lot, at: 20, who: "bob" }, 3);
    harness.row(Bid, { lot, who: "eve" }, 4);
    expect(shown(harness)).toEqual(["+ lamp .", "- lamp .", "+ lamp ann", "+ . bob", "+ . eve"]);
    harness.row(Lot, { id: lot, opened: 20, closed: 30, item: "desk" }, 5);
    expect(shown(harness)).toEqual(["- . bob", "+ desk bob"]);
    harness.row(Bid, { lot, at: 10, who: "ann" }, 6, { kind: -1 });
    expect(shown(harness)).toEqual(["- lamp ann", "+ lamp ."]);
  });

  it("ttl: a row is forgotten and takes nothing back", () => {
    const harness = new JobHarness(joining("leftOuter", { left: minutes(2), right: minutes(1) }));
    steps(harness, [
      ["+lamp", ["+ lamp ."]],
      ["+~air", ["- lamp .", "+ lamp air"]],
    ]);
    harness.watermark(60_001);
    steps(harness, [["-~air", []]], 60_002);
    steps(harness, [["+~sea", ["+ lamp sea"]]], 60_002);
    steps(harness, [["-lamp", ["- lamp sea"]]], 60_003);
    expect(harness.watermark(120_001).keys(), "the life of sea is not over").toBe(1);
    expect(harness.watermark(120_002).keys()).toBe(0);
    steps(harness, [["+lamp", []]], 1);
    expect(harness.keys(), "late by more than its life").toBe(0);
  });

  it("the life of a row without a time counts from the watermark, from the first where none came yet", () => {
    const never = Number.NEGATIVE_INFINITY;
    const life = { left: minutes(1), right: minutes(1) };
    const job = joining("inner", life);
    const lamp = { id: idOf(1), item: "lamp" };
    let harness = new JobHarness(job).row(Order, lamp, never);
    harness = new JobHarness(job, 2, harness.hold()).watermark(1_000);
    harness.row(Shipment, { order: idOf(1), by: "air" }, 60_000);
    expect(shown(harness), "it is there for a minute").toEqual(["+ lamp air"]);
    harness.watermark(61_000).row(Shipment, { order: idOf(1), by: "sea" }, 61_001);
    expect(shown(harness), "and no longer").toEqual([]);
    harness.row(Order, lamp, never);
    expect(shown(harness)).toEqual(["+ lamp air", "+ lamp sea"]);
    expect(harness.watermark(120_999).keys()).toBeGreaterThan(0);
    harness.watermark(121_001).row(Shipment, { order: idOf(1), by: "van" }, 121_002);
    expect(shown(harness)).toEqual([]);
    expect(harness.watermark(200_000).keys()).toBe(0);
  });

  it("a result has the later time of both rows, and is of the seed if both are", () => {
    const harness = new JobHarness(
      jobOf((env) => {
        const shipments = env.changes(Shipment).asEvents().keyBy("order");
        env
          .changes(Order)
          .keyBy("id")
          .join("shipped", shipments, { type: "leftOuter", select: (order, { by }) => ({ id: order.id, by }) })
          .keyBy("id")
          .process("times", {
            state: {},
            emits: { by: text(), at: number() },
            onElement: ({ by }, { time, emit }) => emit({ by, at: time }),
          })
          .to("out");
      }),
    );
    harness.row(Order, { id: idOf(1) }, 0, { seed: 7 }).row(Shipment, { order: idOf(1), by: "seed" }, 0, { seed: 9 });
    harness.row(Shipment, { order: idOf(1), by: "air" }, 20).row(Order, { id: idOf(2) }, 30);
    harness.row(Shipment, { order: idOf(2), by: "sea" }, 25).row(Order, { id: idOf(2) }, 40, { kind: -1 });
    const times = harness.take().map(({ by, at }) => `${by ?? "."} ${at}`);
    const never = Number.NEGATIVE_INFINITY;
    expect(times).toEqual([`. ${never}`, `. ${never}`, `seed ${never}`, "air 20", ". 30", ". 30", "sea 30", "sea 40"]);
  });

  it("takes what a version of the job that selected more has kept, not of one that selected less", () => {
    const selecting = (isMore: boolean) =>
      jobOf((env) => {
        const shipments = env.changes(Shipment).keyBy("order");
        env
          .changes(Order)
          .keyBy("id")
          .join("shipped", shipments, {
            type: "inner",
            select: (order, { by }) => (isMore ? { id: order.id, item: order.item, by } : { item: order.item, by }),
          })
          .to("out");
      });
    const more = new JobHarness(selecting(true)).row(Order, { id: idOf(1), item: "lamp" }, 1);
    const less = new JobHarness(selecting(false), 2, more.hold());
    less.row(Shipment, { order: idOf(1), by: "air" }, 2).row(Order, { id: idOf(1), item: "lamp" }, 3, { kind: -1 });
    expect(shown(less)).toEqual(["+ lamp air", "- lamp air"]);
    less.row(Order, { id: idOf(1), item: "lamp" }, 4);
    expect(() => new JobHarness(selecting(true), 1, less.hold())).toThrow(/State left of shipped/);
  });

  it("begins to forget where a version of the job has a ttl for the first time", () => {
    const before = new JobHarness(joining("inner")).row(Order, { id: idOf(1), item: "lamp" }, 1);
    const harness = new JobHarness(joining("inner", { left: minutes(1) }), 1, before.hold());
    expect(harness.watermark(60_000).keys()).toBe(1);
    expect(harness.watermark(60_001).keys()).toBe(0);
  });

  it("says what is wrong where a job was not compiled", () => {
    const join = (spec: object, key = "order") =>
      jobOf((env) => {
        const shipments = env.changes(Shipment).keyBy(key as "order");
        env
          .changes(Order)
          .keyBy("id")
          .join("shipped", shipments, { type: "inner", select: () => ({}), ...spec });
      }).graph;
    expect(join({ type: "left" })).toThrow(/its type is "left", and should be one of "inner", "leftOuter"/);
    expect(join({ ttl: 0 })).toThrow(/its ttl is 0, and should be a length of time, such as hours\(24\)/);
    expect(join({}, "by")).toThrow(/would never find a pair: the left side is keyed by id, the right side by text/);
    expect(join({ where: () => [{}] })).toThrow(/its condition is made by less\(…\) and atMost\(…\)/);
    const compare = (left: Refs<{ item: Field }>) => [less(left.item as never, left.item as never)];
    expect(join({ where: compare })).toThrow(/its condition compares text with text/);
  });
});
