import { describe, expect, it } from "vitest";
import { type Duration, milliseconds } from "../../base/time.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { id, idOf, model, table, text } from "../model.ts";

const Order = model("Order", { from: table("shop", "orders"), fields: { currency: id(), order: text() } });
const Rate = model("Rate", { from: table("bank", "rates"), fields: { currency: id(), rate: text() } });

interface Options {
  readonly type?: "inner" | "leftOuter";
  readonly keep?: Duration;
  readonly ttl?: Duration;
  readonly late?: "join" | "aside";
}

const converting = ({ type = "leftOuter", ...lengths }: Options = {}) =>
  jobOf((env) => {
    const orders = env.changes(Order).asEvents().keyBy("currency");
    const converted = orders.lookupJoin("rated", env.changes(Rate).keyBy("currency"), {
      type,
      ...lengths,
      select: (order, rate) => ({ currency: order.currency, order: order.order, rate: rate.rate }),
    });
    converted.to("out");
    converted.late().to("late");
  });

class Bank extends JobHarness {
  order(order: string, time: number, currency = "EUR"): this {
    return this.row(Order, { currency: idOf(currency), order }, time);
  }
  rate(rate: string, time: number, currency = "EUR"): this {
    return this.row(Rate, { currency: idOf(currency), rate }, time);
  }
  gone(rate: string, time: number, currency = "EUR"): this {
    return this.row(Rate, { currency: idOf(currency), rate }, time, { kind: -1 });
  }
  /** What came since the last call. */
  get given(): string[] {
    return this.take().map(({ order, rate }) => `${order} ${rate ?? "-"}`);
  }
  get late(): string[] {
    return this.take("late").map(({ order }) => `${order}`);
  }
}

describe("look-up join as of event time", () => {
  it("joins an event with the row that is valid at its time, once both watermarks have reached it", () => {
    const bank = new Bank(converting());
    bank.rate("r2", 2).order("o3", 3).rate("r4", 4).order("o1", 1).order("o4", 4);
    expect(bank.watermark(9, Order).given).toEqual([]);
    expect(bank.watermark(3, Rate).given).toEqual(["o1 -", "o3 r2"]);
    expect(bank.watermark(9, Rate).given).toEqual(["o4 r4"]);
  });

  it("inner: events without a row come to nothing", () => {
    const bank = new Bank(converting({ type: "inner" }));
    expect(bank.order("o1", 1).rate("r2", 2).order("o2", 2).watermark(9).given).toEqual(["o2 r2"]);
  });

  it("a retract ends a row from its time on; an update leaves no gap", () => {
    const bank = new Bank(converting()).rate("r1", 1).gone("r1", 5).rate("r5", 5).gone("r5", 7);
    bank.order("o4", 4).order("o5", 5).order("o6", 6).order("o7", 7).order("o8", 8);
    expect(bank.watermark(9).given).toEqual(["o4 r1", "o5 r5", "o6 r5", "o7 -", "o8 -"]);
    expect(bank.keys(), "the row is gone").toBe(0);
  });

  it.each([
    ["first", "r1", "r5"],
    ["last", "r1", "r5"],
    ["first, and is equal", "r1", "r1"],
    ["last, and is equal", "r1", "r1"],
  ])("the retract of an update may come %s: rows of a key are of several partitions", (when, before, after) => {
    const bank = new Bank(converting()).rate(before, 1);
    if (when.startsWith("first")) bank.gone(before, 5).rate(after, 5);
    else bank.rate(after, 5).gone(before, 5);
    bank.order("o4", 4).order("o6", 6).gone(after, 7).order("o8", 8);
    expect(bank.watermark(9).given).toEqual([`o4 ${before}`, `o6 ${after}`, "o8 -"]);
    expect(bank.keys()).toBe(0);
  });

  it("a row that is added and deleted at one time is gone", () => {
    const bank = new Bank(converting()).rate("r1", 1).rate("r5", 5).gone("r1", 5).gone("r5", 5);
    expect(bank.order("o6", 6).watermark(9).given).toEqual(["o6 -"]);
  });

  it("a retract of an older row does not end the newer one", () => {
    const bank = new Bank(converting()).rate("old", 1).rate("new", 5).gone("old", 7);
    expect(bank.order("o8", 8).watermark(9).given).toEqual(["o8 new"]);
  });

  it("a row of the seed is valid from before all time", () => {
    const bank = new Bank(converting());
    bank.row(Rate, { currency: idOf("EUR"), rate: "seed" }, 0, { seed: 50 }).rate("r10", 10);
    expect(bank.order("o1", 1).order("o11", 11).watermark(20).given).toEqual(["o1 seed", "o11 r10"]);
  });

  it("results come by time, then by key, then in the order of the events", () => {
    const bank = new Bank(converting()).rate("eur", 0).rate("usd", 0, "USD");
    bank.order("o2", 7, "USD").order("o1", 7).order("o3", 7).order("o0", 8).order("o4", 5, "USD");
    expect(bank.watermark(100).given).toEqual(["o4 usd", "o1 eur", "o3 eur", "o2 usd", "o0 eur"]);
  });

  it("late events are joined with what is still kept, when the next watermark comes", () => {
    const bank = new Bank(converting()).rate("r1", 1).rate("r4", 4).watermark(5);
    expect(bank.order("o5", 5).order("o3", 3).given).toEqual([]);
    expect(bank.watermark(6).given).toEqual(["o3 -", "o5 r4"]);
  });

  it("aside: late events are handed to the side output, as those without a time always are", () => {
    const bank = new Bank(converting({ late: "aside" })).rate("r1", 1).watermark(5).order("o5", 5).order("o6", 6);
    bank.row(Order, { currency: idOf("EUR"), order: "seed" }, 0, { seed: 9 });
    expect(bank.watermark(9).given).toEqual(["o6 r1"]);
    expect(bank.late).toEqual(["o5", "seed"]);
  });

  it("keep: rows are still there for events so far behind", () => {
    const bank = new Bank(converting({ keep: milliseconds(3), late: "aside" }));
    bank.rate("r1", 1).rate("r4", 4).rate("r6", 6).watermark(6).order("o5", 5).order("o4", 4).order("o3", 3);
    expect(bank.watermark(7).given).toEqual(["o4 r4", "o5 r4"]);
    expect(bank.late).toEqual(["o3"]);
  });

  it("ttl: a row that neither changed nor was joined for so long ends", () => {
    const bank = new Bank(converting({ ttl: milliseconds(10) })).rate("r1", 1);
    bank.order("o10", 10).order("o19", 19).order("o29", 29);
    expect(bank.watermark(10).given).toEqual(["o10 r1"]);
    expect(bank.watermark(28).given).toEqual(["o19 r1"]);
    expect(bank.watermark(29).given).toEqual(["o29 -"]);
    expect(bank.keys()).toBe(0);
  });

  it("ttl: counts from the watermark for a row without a time, from the first where none came yet", () => {
    const never = Number.NEGATIVE_INFINITY;
    const bank = new Bank(converting({ ttl: milliseconds(10) })).rate("first", never).watermark(5);
    expect(bank.order("o14", 14).watermark(14).given).toEqual(["o14 first"]);
    bank.rate("second", never).order("o23", 23).watermark(23);
    expect(bank.given).toEqual(["o23 second"]);
    expect(bank.watermark(32).keys()).toBe(1);
    expect(bank.order("o33", 33).watermark(33).given).toEqual(["o33 -"]);
    expect(bank.keys()).toBe(0);

    const ended = new Bank(converting({ ttl: milliseconds(10) })).rate("only", never).order("o3", 3);
    expect(ended.end().given, "no watermark came").toEqual(["o3 only"]);
    const on = new Bank(converting({ ttl: milliseconds(10) }), 1, ended.hold()).order("o19", 19).watermark(10);
    expect([...on.watermark(19).given, on.watermark(20).keys()]).toEqual(["o19 only", 1]);
    expect(on.watermark(29).keys()).toBe(0);
  });

  it("a late change of the table counts for events that come after it", () => {
    const bank = new Bank(converting()).rate("r1", 1).order("o4", 4).watermark(5);
    expect(bank.rate("r3", 3).order("o6", 6).watermark(9).given).toEqual(["o4 r1", "o6 r3"]);
    expect(bank.rate("r2", 2).order("o10", 10).watermark(10).given).toEqual(["o10 r3"]);
  });

  it.each([undefined, milliseconds(100)])(
    "the end of a run that is gone on with takes no row that is valid behind the watermark (ttl: %s)",
    (ttl) => {
      const job = converting(ttl === undefined ? {} : { ttl });
      const bank = new Bank(job).rate("r1", 1).rate("r10", 10).order("o6", 6).order("o11", 11).watermark(5);
      expect(bank.end().given).toEqual(["o6 r1", "o11 r10"]);
      const on = new Bank(job, 2, bank.hold()).order("o7", 7).order("o12", 12);
      expect(on.watermark(20).given).toEqual(["o7 r1", "o12 r10"]);
      expect(on.watermark(200).keys(), "rows that are kept").toBe(ttl === undefined ? 1 : 0);
    },
  );

  it("the end of a run comes by time, then by key, and leaves nothing of keys without a row", () => {
    const bank = new Bank(converting()).rate("usd", 0, "USD").gone("usd", 8, "USD");
    bank.order("o2", 7, "USD").order("o1", 7).order("o0", 8).order("o4", 5, "USD").order("o9", 9, "USD");
    expect(bank.end().given).toEqual(["o4 usd", "o1 -", "o2 usd", "o0 -", "o9 -"]);
    expect(new Bank(converting(), 1, bank.hold()).watermark(9).keys()).toBe(0);
  });

  it("keeps the newest row, and those that follow the watermark", () => {
    const bank = new Bank(converting());
    for (let time = 0; time < 100; time++) bank.rate(`r${time}`, time);
    const size = () => bank.hold().records.reduce((sum, { record }) => sum + record.length, 0);
    const before = size();
    expect(bank.watermark(200).order("o", 201).watermark(201).given).toEqual(["o r99"]);
    expect(size()).toBeLessThan(before / 30);
  });
});
