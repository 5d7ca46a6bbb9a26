import { describe, expect, it } from "vitest";
import { job } from "../../checks/job.ts";
import { id, idOf, instant, integer, model, money, table, text } from "../../dataflow/model.ts";
import { testJob } from "../../testing/index.ts";
import { InputMerger } from "./receiver.ts";

const Order = model("Order", {
  from: table("shop", "orders"),
  fields: { orderId: id(), status: text(), amount: money(), items: integer(), at: instant() },
});
const Return = model("Return", {
  from: table("depot", "returns"),
  fields: { orderId: id(), status: text(), amount: money(), items: integer(), at: instant() },
});

const values = { orderId: 7, status: "open", amount: "1.50 EUR", items: 2n, at: 5 } as const;
const euros = (minor: bigint) => ({ minor, currency: "EUR" });

describe("streams without state", () => {
  it("asEvents: every add is an event, retracts are dropped", () => {
    const driver = testJob(job("events", (env) => env.changes(Order).asEvents().to("out")))
      .upsert(Order, 1, { at: 10 }, values)
      .upsert(Order, 1, { at: 20 }, { ...values, status: "paid" })
      .delete(Order, 1, { at: 30 });
    expect(driver.sink("out")).toEqual([
      { orderId: "7", status: "open", amount: euros(150n), items: 2n, at: 5 },
      { orderId: "7", status: "paid", amount: euros(150n), items: 2n, at: 5 },
    ]);
  });

  it("where before and after asEvents", () => {
    const two = job("two", (env) => {
      env.changes(Order).where({ status: "paid" }).asEvents().to("paid");
      env.changes(Order).asEvents().where({ items: 2 }).to("pairs");
    });
    const driver = testJob(two)
      .upsert(Order, 1, { at: 10 }, values)
      .upsert(Order, 2, { at: 10 }, { ...values, status: "paid", items: 9n });
    expect([driver.sink("paid").length, driver.sink("pairs").length]).toEqual([1, 1]);
  });

  it("filter: events that a function holds for", () => {
    const few = job("few", (env) => {
      env
        .changes(Order)
        .asEvents()
        .filter(({ items }) => items !== null && items % 3n === 0n)
        .to("out");
    });
    const driver = testJob(few)
      .upsert(Order, 1, { at: 10 }, { ...values, items: 9n })
      .upsert(Order, 2, { at: 10 }, values)
      .upsert(Order, 3, { at: 10 }, { ...values, items: null });
    expect(driver.sink("out").map(({ items }) => items)).toEqual([9n]);
  });

  it("filter of a changelog: a row that is wanted no more is taken back", () => {
    const large = job("large", (env) => {
      env
        .changes(Order)
        .filter(({ items }) => items! >= 5n)
        .to("out");
    });
    const driver = testJob(large)
      .upsert(Order, 1, { at: 10 }, { ...values, items: 9n })
      .upsert(Order, 1, { at: 20 }, { ...values, items: 1n });
    const changes = driver.sink("out") as { $op: string; items: bigint }[];
    expect(changes.map(({ $op, items }) => [$op, items])).toEqual([
      ["add", 9n],
      ["retract", 9n],
    ]);
  });

  it("map: a function of each row, nulls included", () => {
    const mapped = job("mapped", (env) => {
      const fields = { key: id(), cents: integer(), amount: money() };
      const events = env.changes(Order).asEvents();
      events
        .map(fields, ({ orderId, amount }) => ({ key: orderId, cents: amount === null ? null : amount.minor, amount }))
        .to("out");
    });
    const driver = testJob(mapped)
      .upsert(Order, 1, { at: 10 }, values)
      .upsert(Order, 2, { at: 10 }, { ...values, orderId: null, amount: null });
    expect(driver.sink("out")).toEqual([
      { key: "7", cents: 150n, amount: euros(150n) },
      { key: null, cents: null, amount: null },
    ]);
  });

  it.each([
    ["an integer past 64 bits", { orderId: idOf(1), cents: 2n ** 63n, amount: null }],
    ["an amount past 64 bits", { orderId: idOf(1), cents: null, amount: euros(2n ** 63n) }],
    ["a currency that does not exist", { orderId: idOf(1), cents: null, amount: { minor: 1n, currency: "XXY" } }],
  ])("map that returns %s is a typed error", (_, row) => {
    const wrong = job("wrong", (env) =>
      env
        .changes(Order)
        .asEvents()
        .map({ orderId: id(), cents: integer(), amount: money() }, () => row)
        .to("out"),
    );
    expect(() => testJob(wrong).upsert(Order, 1, { at: 10 }, values)).toThrow(
      expect.objectContaining({ code: "JOB_WRONG_VALUE" }),
    );
  });

  it("union: this stream and another of the same fields as one", () => {
    const both = job("both", (env) => env.changes(Order).asEvents().union(env.changes(Return).asEvents()).to("out"));
    const driver = testJob(both)
      .upsert(Order, 1, { at: 10 }, values)
      .upsert(Return, 1, { at: 5 }, { ...values, status: "back" });
    expect(driver.sink("out").map((row) => row.status)).toEqual(["open", "back"]);
  });

  it("two sinks of one stream both get every row", () => {
    const fan = job("fan", (env) => {
      const events = env.changes(Order).asEvents();
      events.to("one");
      events.to("other");
    });
    const driver = testJob(fan).upsert(Order, 1, { at: 10 }, values);
    expect(driver.sink("one")).toEqual(driver.sink("other"));
  });
});

describe("several inputs as one", () => {
  it("the watermark is the least of theirs, and does not go back", () => {
    const merger = new InputMerger(2);
    const at = (input: number, time: number) => merger.control(input, { type: "watermark", time });
    expect([at(0, 10), at(1, 5), at(1, 5), at(0, 20), at(1, 15)]).toEqual([
      undefined,
      { type: "watermark", time: 5 },
      undefined,
      undefined,
      { type: "watermark", time: 15 },
    ]);
  });

  it("frontiers pass uncombined", () => {
    const frontier = { type: "frontier", source: "shop", through: 5, since: 0 } as const;
    expect(new InputMerger(2).control(1, frontier)).toBe(frontier);
  });

  it("the end is the last one's", () => {
    const merger = new InputMerger(2);
    merger.end();
    expect(merger.ended).toBe(false);
    merger.end();
    expect(merger.ended).toBe(true);
  });
});
