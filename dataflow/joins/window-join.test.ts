import { describe, expect, it } from "vitest";
import { minutes } from "../../base/time.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { id, idOf, instant, integer, model, table } from "../model.ts";
import { calendarDays, cumulative, globalWindow, session, sliding, tumbling } from "../windows/assigners.ts";
import type { JoinType } from "./join-type.ts";
import type { JoinAssigner } from "./window-join.ts";

const Click = model("Click", { from: table("shop", "clicks"), fields: { user: id(), page: id() } });
const Purchase = model("Purchase", { from: table("shop", "purchases"), fields: { user: id(), item: id() } });

const MINUTE = 60_000;

const clicksAndPurchases = (assigner: JoinAssigner, type: JoinType) =>
  jobOf((env) => {
    const clicks = env.changes(Click).asEvents().keyBy("user");
    const purchases = env.changes(Purchase).asEvents().keyBy("user");
    const joined = clicks.windowJoin("joined", purchases, assigner, {
      type,
      select: (click, purchase) => ({ user: click.user, buyer: purchase.user, page: click.page, item: purchase.item }),
    });
    joined.late("left").to("late clicks");
    joined.late("right").to("late purchases");
    joined
      .map({ user: id(), page: id(), item: id() }, ({ user, buyer, page, item }) => ({
        user: user ?? buyer,
        page,
        item,
      }))
      .keyBy("user")
      .process("told", {
        state: {},
        emits: { page: id(), item: id(), at: instant() },
        onElement: ({ page, item }, { emit, time }) => emit({ page, item, at: time }),
      })
      .to("out");
  });

/** A harness in minutes, that shows results as `page item @minute of the window's end`. */
class Shop extends JobHarness {
  click(page: string, minute: number, user = 1): this {
    return this.row(Click, { user: idOf(user), page: idOf(page) }, minute * MINUTE);
  }
  purchase(item: string, minute: number, user = 1): this {
    return this.row(Purchase, { user: idOf(user), item: idOf(item) }, minute * MINUTE);
  }
  at(minute: number): this {
    return this.watermark(minute * MINUTE);
  }
  pairs(): string[] {
    return this.take().map(({ page, item, at }) => `${shown(page)} ${shown(item)} @${((at as number) + 1) / MINUTE}`);
  }
  late(): string[] {
    return [
      ...this.take("late clicks").map(({ page }) => shown(page)),
      ...this.take("late purchases").map(({ item }) => shown(item)),
    ];
  }
}

const shown = (value: unknown): string => (value === null ? "-" : String(value).slice(1));
const tenMinutes = tumbling(minutes(10));

describe("a window join", () => {
  it("gives all pairs of a key in a window, when it is over", () => {
    const shop = new Shop(clicksAndPurchases(tenMinutes, "inner"));
    shop.click("a", 1).purchase("x", 9).click("b", 2).purchase("y", 0).purchase("z", 10).click("c", 3, 2);
    expect(shop.at(9.9).pairs()).toEqual([]);
    expect(shop.watermark(10 * MINUTE - 1).pairs()).toEqual(["a y @10", "a x @10", "b y @10", "b x @10"]);
    expect(shop.keys(), "what is left is z").toBe(1);
    expect([shop.at(20).pairs(), shop.keys()]).toEqual([[], 0]);
  });

  it.each<[JoinType, string[]]>([
    ["inner", ["a x @10"]],
    ["leftOuter", ["a x @10", "b - @20"]],
    ["rightOuter", ["a x @10", "- y @30"]],
    ["fullOuter", ["a x @10", "b - @20", "- y @30"]],
  ])("%s: rows alone in their window", (type, results) => {
    const shop = new Shop(clicksAndPurchases(tenMinutes, type));
    shop.click("a", 1).purchase("x", 1).click("b", 11).purchase("y", 21);
    expect([shop.end().pairs(), shop.keys()]).toEqual([results, 0]);
  });

  it("keeps a row for all its sliding windows", () => {
    const shop = new Shop(clicksAndPurchases(sliding(minutes(10), minutes(5)), "leftOuter"));
    shop.click("a", 7).purchase("x", 3).purchase("y", 12);
    expect(shop.at(30).pairs()).toEqual(["a x @10", "a y @15"]);
    expect(shop.keys()).toBe(0);
  });

  it("joins growing windows", () => {
    const shop = new Shop(clicksAndPurchases(cumulative(minutes(10), minutes(5)), "fullOuter"));
    shop.click("a", 3).purchase("x", 7);
    expect(shop.at(60).pairs()).toEqual(["a - @5", "a x @10"]);
  });

  it("joins the days of a time zone", () => {
    const hour = 60;
    const shop = new Shop(clicksAndPurchases(calendarDays("Europe/Berlin"), "fullOuter"));
    const newYear = Date.UTC(2025, 11, 31) / MINUTE;
    shop
      .click("a", newYear + 22 * hour)
      .purchase("x", newYear + 23 * hour)
      .purchase("y", newYear + 40 * hour);
    const ends = [newYear + 23 * hour, newYear + 47 * hour];
    expect(shop.end().pairs()).toEqual([`a - @${ends[0]}`, `- x @${ends[1]}`, `- y @${ends[1]}`]);
  });

  it("joins sessions of the rows of both sides", () => {
    const shop = new Shop(clicksAndPurchases(session(minutes(5)), "fullOuter"));
    shop.click("a", 0).purchase("x", 10).click("b", 5).click("c", 16);
    expect(shop.at(14).pairs()).toEqual([]);
    expect(shop.at(15).pairs(), "5 minutes after x").toEqual(["a x @15", "b x @15"]);
    expect([shop.at(21).pairs(), shop.keys()]).toEqual([["c - @21"], 0]);
  });

  it("hands rows aside that are late for all their windows", () => {
    const shop = new Shop(clicksAndPurchases(sliding(minutes(10), minutes(5)), "inner")).at(12);
    shop.click("a", 4).click("b", 5).purchase("x", 11).purchase("y", 3);
    expect(shop.late()).toEqual(["a", "y"]);
    expect(shop.at(60).pairs()).toEqual(["b x @15"]);
  });

  it("takes a late row into a session that goes on", () => {
    const shop = new Shop(clicksAndPurchases(session(minutes(5)), "inner")).purchase("x", 10).at(14);
    shop.click("a", 6).click("b", 4);
    expect(shop.late()).toEqual([]);
    expect([shop.click("c", -2).late(), shop.at(15).pairs()]).toEqual([["c"], ["b x @15", "a x @15"]]);
  });

  it("has no place for rows without an event time", () => {
    const shop = new Shop(clicksAndPurchases(tenMinutes, "leftOuter"));
    shop.row(Click, { user: idOf(1), page: idOf("a") }, 0, { seed: 5 });
    expect([shop.late(), shop.end().pairs()]).toEqual([["a"], []]);
  });

  it("leaves rows out that are in none of its windows", () => {
    const shop = new Shop(clicksAndPurchases(sliding(minutes(1), minutes(5)), "fullOuter"));
    expect([shop.click("a", 2).keys(), shop.end().pairs(), shop.late()]).toEqual([0, [], []]);
  });

  it("joins windows of the time at which rows come", () => {
    const shop = new Shop(clicksAndPurchases(tumbling(minutes(10), { time: "processing" }), "fullOuter"));
    shop
      .processingTime(1 * MINUTE)
      .click("a", 77)
      .purchase("x", -5)
      .processingTime(10 * MINUTE - 1)
      .click("b", 3);
    expect(shop.at(1_000).pairs(), "the watermark ends nothing").toEqual([]);
    expect(shop.processingTime(10 * MINUTE).pairs()).toEqual(["a x @10", "b x @10"]);
    const job = clicksAndPurchases(tumbling(minutes(10), { time: "processing" }), "fullOuter");
    const restored = new Shop(job, 2, shop.click("c", 0).hold());
    expect(restored.end().pairs(), "nor does the end of input").toEqual([]);
    expect([restored.processingTime(20 * MINUTE).pairs(), restored.keys()]).toEqual([["c - @20"], 0]);
  });

  it("does not take the rows of other windows for its own", () => {
    const held = new Shop(clicksAndPurchases(tenMinutes, "inner")).click("a", 1).hold();
    const other = clicksAndPurchases(tumbling(minutes(5)), "inner");
    expect(() => new Shop(other, 1, held)).toThrow(expect.objectContaining({ code: "STATE_INCOMPATIBLE" }));
  });

  it.each<[string, JoinAssigner, RegExp]>([
    ["windows without an end", globalWindow() as never, /never over/],
    ["sessions whose rows have gaps of their own", session({ gapFrom: "gap" }), /must be one for all rows/],
  ])("is not made of %s", (_, assigner, message) => {
    expect(() => clicksAndPurchases(assigner, "inner").graph()).toThrow(message);
  });

  it("does not join keys of other kinds", () => {
    const Visit = model("Visit", { from: table("shop", "visits"), fields: { user: integer() } });
    const wrong = jobOf((env) => {
      const visits = env.changes(Visit).asEvents().keyBy("user");
      const spec = { type: "inner", select: () => ({}) } as const;
      env
        .changes(Click)
        .asEvents()
        .keyBy("user")
        .windowJoin("joined", visits as never, tenMinutes, spec);
    });
    expect(() => wrong.graph()).toThrow(expect.objectContaining({ code: "JOB_KEYS_DIFFER" }));
  });
});
