import { describe, expect, it } from "vitest";
import { hours, minutes } from "../../base/time.ts";
import { flag, id, instant, model, money, table, text } from "../../dataflow/model.ts";
import { testJob } from "../../testing/index.ts";
import { job } from "../job.ts";

const HOUR = 3_600_000;
const Order = model("Order", {
  from: table("shop", "orders"),
  fields: { orderId: id(), shopId: id(), channel: text(), number: text(), amount: money(), orderedAt: instant() },
  businessTime: "orderedAt",
});
const Untimed = model("Untimed", { from: table("shop", "untimed"), fields: { orderId: id(), amount: money() } });
const Inserted = model("Inserted", {
  from: table("shop", "inserted"),
  fields: { orderId: id(), test: flag() },
  insertsOnly: true,
});

const numbers = job("numbers", (env) =>
  env.unique("numbers", { of: env.changes(Order), by: ["shopId", "number"], class: "number-given-twice" }),
);

describe("a check of uniqueness", () => {
  it("has keys of several fields, and no currency where it is told no money", () => {
    const driver = testJob(numbers)
      .upsert(Order, 1, { at: HOUR }, { shopId: 1, number: "A", amount: "5.00 EUR", orderedAt: HOUR })
      .upsert(Order, 2, { at: HOUR }, { shopId: 2, number: "A", amount: "5.00 EUR", orderedAt: HOUR })
      .upsert(Order, 3, { at: 2 * HOUR }, { shopId: 1, number: "A", amount: "9.00 EUR", orderedAt: 2 * HOUR })
      .end(9 * HOUR);
    expect(driver.verdicts()).toMatchObject([
      {
        key: "1|'A",
        currency: "XXX",
        atRisk: "0",
        class: "number-given-twice",
        note: "3 after 1",
        time: 2 * HOUR + 2000,
      },
    ]);
    expect(driver.finals().map(({ key, status }) => `${key} ${status}`)).toEqual(["1|'A fail", "2|'A pass"]);
  });

  describe("of rows without an amount", () => {
    const priced = job("priced", (env) =>
      env.unique("priced", { of: env.changes(Order), by: "number", money: "amount" }),
    );
    const row = (amount: string | null, orderedAt: number) => ({ shopId: 1, number: "A", amount, orderedAt });

    it.each<[string | null, string | null, readonly string[]]>([
      ["6.00 EUR", null, ["XXX fail 0", "EUR pass"]],
      [null, "6.00 EUR", ["EUR fail 6.00", "XXX pass"]],
      [null, null, ["XXX fail 0"]],
    ])("finds a duplicate of %s and %s", (first, second, says) => {
      const driver = testJob(priced)
        .upsert(Order, 1, { at: HOUR }, row(first, HOUR))
        .upsert(Order, 2, { at: 2 * HOUR }, row(second, 2 * HOUR))
        .end(9 * HOUR);
      expect(driver.alerts().map(({ class: cause, atRisk }) => `${cause} ${atRisk}`)).toEqual([
        `duplicate ${says[0]!.split(" ")[2]}`,
      ]);
      const finals = driver.finals().map(({ currency, status, atRisk }) => {
        return status === "fail" ? `${currency} fail ${atRisk}` : `${currency} ${status}`;
      });
      expect(finals.sort()).toEqual([...says].sort());
    });

    it("tells the failure in its currency once the amount is known", () => {
      const driver = testJob(priced)
        .upsert(Order, 1, { at: HOUR }, row("6.00 EUR", HOUR))
        .upsert(Order, 2, { at: 2 * HOUR }, row(null, 2 * HOUR))
        .upsert(Order, 2, { at: 3 * HOUR }, row("6.00 EUR", 2 * HOUR))
        .end(9 * HOUR);
      expect(
        driver
          .alerts()
          .map(({ action, currency, atRisk }) => `${action} ${currency} ${atRisk}`)
          .sort(),
      ).toEqual(["opened EUR 6.00", "opened XXX 0", "resolved XXX 0"]);
    });
  });

  it("passes again when the surplus row is deleted, or gets another key", () => {
    const row = { shopId: 1, number: "A", amount: "5.00 EUR", orderedAt: HOUR };
    const driver = testJob(numbers)
      .upsert(Order, 1, { at: HOUR }, row)
      .upsert(Order, 2, { at: HOUR }, row)
      .delete(Order, 2, { at: 2 * HOUR })
      .upsert(Order, 3, { at: 3 * HOUR }, row)
      .upsert(Order, 3, { at: 4 * HOUR }, { ...row, number: "B" })
      .end(9 * HOUR);
    expect(driver.verdicts().map(({ key, status, time }) => `${key} ${status} ${time / HOUR}`)).toEqual(
      ["fail 1", "pass 2", "fail 3", "pass 4"].map((text) => {
        const [status, hour] = text.split(" ");
        return `1|'A ${status} ${Number(hour) + 2000 / HOUR}`;
      }),
    );
  });

  describe("of many periods", () => {
    const within = job("within", (env) =>
      env.unique("within", { of: env.changes(Order), by: "shopId", alike: ["number"], within: minutes(1) }),
    );
    const row = (number: string, orderedAt: number) => ({ shopId: 1, number, amount: "5.00 EUR", orderedAt });

    it("forgets those of which nothing is left and nothing was told; told ones count on", () => {
      const driver = testJob(within)
        .upsert(Order, 1, { at: HOUR }, row("A", HOUR))
        .upsert(Order, 2, { at: 2 * HOUR }, row("B", 2 * HOUR))
        .upsert(Order, 3, { at: 3 * HOUR }, row("B", 2 * HOUR))
        .delete(Order, 1, { at: 4 * HOUR })
        .delete(Order, 2, { at: 4 * HOUR })
        .delete(Order, 3, { at: 4 * HOUR })
        .upsert(Order, 4, { at: 5 * HOUR }, row("A", HOUR))
        .delete(Order, 4, { at: 6 * HOUR })
        .upsert(Order, 5, { at: 7 * HOUR }, row("B", 2 * HOUR))
        .upsert(Order, 6, { at: 7 * HOUR }, row("B", 2 * HOUR))
        .end(9 * HOUR);
      expect(driver.verdicts().map(({ status, version }) => `${status} ${version}`)).toEqual([
        "fail 1",
        "pass 2",
        "fail 3",
      ]);
      expect(driver.alerts().map(({ action }) => action)).toEqual(["opened", "resolved", "reopened"]);
      expect(driver.finals().map(({ period, status }) => `${Date.parse(period) / HOUR} ${status}`)).toEqual(["2 fail"]);
    });

    it("judges a key of many", () => {
      const driver = testJob(within);
      const count = 2_000;
      for (let at = 1; at <= count; at++) driver.upsert(Order, at, { at: HOUR }, row("A", at * HOUR));
      driver.upsert(Order, count + 1, { at: 2 * HOUR }, row("A", HOUR)).end(3 * HOUR);
      expect(driver.verdicts()).toHaveLength(1);
      expect(driver.finals()).toHaveLength(count);
    });
  });

  it("shows what it is about in its expression", () => {
    const alike = job("alike", (env) =>
      env.unique("alike", {
        of: env.changes(Order),
        by: "shopId",
        alike: ["amount"],
        within: minutes(30),
        confirmedBy: "number",
        money: "amount",
      }),
    );
    const row = { shopId: 1, amount: "5.00 EUR" };
    const driver = testJob(alike)
      .upsert(Order, 1, { at: HOUR }, { ...row, number: "A", orderedAt: HOUR })
      .upsert(Order, 2, { at: HOUR }, { ...row, number: "B", orderedAt: HOUR })
      .end(9 * HOUR);
    expect(driver.verdicts()).toMatchObject([
      {
        class: "duplicate",
        atRisk: "5.00",
        period: new Date(HOUR).toISOString(),
        rule: { expression: "one row for each shopId, amount within 30m, told apart by number" },
      },
    ]);
  });
});

describe("what cannot be judged is refused", () => {
  it.each<[string, object]>([
    ["a key that is not named", { by: [] }],
    ["a likeness in a field that is not there", { alike: ["amuont"] }],
    ["an id that is not there", { confirmedBy: "channelId" }],
    ["money that is none", { money: "channel" }],
    ["a window without a unit", { within: 24 }],
    ["a window of nothing", { within: hours(0) }],
    ["a class that is no name", { class: "Over refund" }],
    ["a class that has a meaning already", { class: "unknown-after-retention" }],
    ["a uid that is no name", { uid: "a b" }],
    ["rows that are no model's", { of: {} }],
  ])("%s", (_, changes) => {
    const { uid = "orders", ...spec } = changes as { uid?: string };
    const wrong = job("wrong", (env) =>
      env.unique(uid, { of: env.changes(Order), by: "orderId", ...(spec as object) } as never),
    );
    expect(() => wrong.graph()).toThrow(expect.objectContaining({ code: "RULE_INVALID" }));
  });

  it("a window over rows without a business time", () => {
    const wrong = job("wrong", (env) =>
      env.unique("orders", { of: env.changes(Untimed), by: "orderId", within: hours(1) }),
    );
    expect(() => wrong.graph()).toThrow(/Untimed has none/);
  });

  it("rows that are only inserted, of which repeats cannot be told", () => {
    const wrong = job("wrong", (env) => env.unique("orders", { of: env.changes(Inserted), by: "orderId" }));
    expect(() => wrong.graph()).toThrow(expect.objectContaining({ code: "RULE_INVALID" }));
  });
});
