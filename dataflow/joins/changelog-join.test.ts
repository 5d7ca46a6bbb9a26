import { describe, expect, it } from "vitest";
import { minutes } from "../../base/time.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { id, idOf, model, table, text } from "../model.ts";
import type { JoinType } from "./join-type.ts";

const Order = model("Order", { from: table("shop", "orders"), fields: { id: id(), item: text() } });
const Shipment = model("Shipment", { from: table("shop", "shipments"), fields: { order: id(), by: text() } });

const joining = (type: JoinType, ttl?: number) =>
  jobOf((env) => {
    const orders = env.changes(Order).keyBy("id");
    orders
      .join("shipped", env.changes(Shipment).keyBy("order"), {
        type,
        select: (order, shipment) => ({ order: order.id, item: order.item, shipped: shipment.order, by: shipment.by }),
        ...(ttl === undefined ? {} : { ttl: minutes(ttl) }),
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
});
