import { describe, expect, it } from "vitest";
import { messageOf } from "../../base/errors.ts";
import { hours, minutes } from "../../base/time.ts";
import { job } from "../../checks/job.ts";
import type { Graph } from "../../dataflow/graph.ts";
import { flag, id, instant, integer, model, money, number, table, text } from "../../dataflow/model.ts";
import type { StateSpecs } from "../../dataflow/process/state-spec.ts";
import { list, value } from "../../dataflow/process/state-spec.ts";
import { keptBy, requireUsable } from "./upgrade.ts";

describe("going on from a checkpoint of another version of a job", () => {
  const before = watch({ last: value({ times: integer(), status: text(), amount: money({ scale: 2 }) }) });

  it.each([
    ["a field more", { last: value({ times: integer(), status: text(), amount: money({ scale: 2 }), more: flag() }) }],
    ["a field fewer", { last: value({ times: integer() }) }],
    ["another order", { last: value({ amount: money({ scale: 2 }), status: text(), times: integer() }) }],
    ["a field that is wider", { last: value({ times: number(), status: text(), amount: money({ scale: 2 }) }) }],
    ["a state more", { last: value({ times: integer() }), more: list({ at: instant() }) }],
    ["a ttl", { last: value({ times: integer() }, { ttl: hours(1) }) }],
  ] as const)("takes a state with %s", (_, states) => {
    expect(refusal(before, watch(states))).toBe("");
  });

  it.each([
    [
      { last: value({ times: text() }) },
      "State last of watch cannot be read as the job declares it now: times was integer, and is text.",
    ],
    [{ last: value({ status: id() }) }, "status was text, and is id."],
    [{ last: value({ amount: money({ scale: 3 }) }) }, "amount was money of scale 2, and is money of scale 3."],
    [{ last: value({ amount: money() }) }, "amount was money of scale 2, and is money."],
    [
      { last: value({ times: flag(), status: integer() }) },
      "times was integer, and is flag; status was text, and is integer.",
    ],
    [{ last: list({ times: integer() }) }, "it was a value, and is a list."],
  ] as const)("refuses another type, and says which: %#", (states, text) => {
    expect(refusal(before, watch(states))).toContain(text);
  });

  it("refuses to drop state, and says what may be meant", () => {
    const renamed = watch({ newest: value({ times: integer() }) });
    expect(refusal(before, renamed)).toBe(
      "The job goes on from a checkpoint with state that it no longer has: state last of watch. What the job has instead, the " +
        "checkpoint lacks: state newest of watch. What is kept under one name is not found under another: change the name " +
        "back, or leave that state behind for good with `--allow-dropped-state`.",
    );
    expect(refusal(before, watch({}, "guard"))).toContain(
      "no longer has: state last of watch. What the job has instead",
    );
    expect(refusal(before, renamed, true)).toBe("");
    expect(refusal(watch({}), watch({}, "guard"))).toContain(
      "all of watch. What the job has instead, the checkpoint lacks: all of guard.",
    );
    expect(refusal(watch({}), before)).toBe("");
    expect(refusal(before, check())).toContain("state last of watch, the rows of model Payment from shop.payments.");
  });

  it("takes a check whose deadlines, tolerance and evidence change", () => {
    expect(refusal(check(), check({ missingAfter: hours(48) }))).toBe("");
    expect(refusal(check(), check({ tolerance: { absolute: "0.01" }, skew: minutes(1), version: 2 }))).toBe("");
    expect(refusal(check(), check({}, { note: text() }))).toBe("");
    expect(refusal(check({}, { note: text() }), check())).toBe("");
    expect(refusal(check({}, {}, ["fees", "settled"]), check())).toBe("");
  });

  it("refuses a check that adds up something else", () => {
    expect(refusal(check(), check({}, {}, ["settled"]))).toContain("State keys of settled cannot be read");
    expect(refusal(check(), check({}, {}, ["settled"]))).toContain("now: leg fees is gone. Change that back");
    expect(refusal(check({}, {}, ["settled"]), check())).toContain("now: leg fees is new. Change");
    expect(refusal(check(), check({}, {}, ["settled", "fees"], "fee"))).toContain(
      "field of leg settled was net, and is fee",
    );
    expect(refusal(check(), check({}, {}, ["settled", "fees"], "net", "paid"))).toContain(
      "rows of Bill was changes/Bill/where(status=captured), and is changes/Bill/where(status=paid)",
    );
    expect(refusal(check({}, { note: text() }), check({}, { note: integer() }))).toContain(
      "The rows of model Bill from shop.bills cannot be read as the job declares it now: note was text, and is integer.",
    );
  });

  it("refuses a check whose row stage comes or goes, by a declaration or by another reader, and says whose", () => {
    const staged = billed();
    const whole = billed("full");
    expect(refusal(staged, whole)).toContain("no longer has: the rows of model Bill from shop.bills.");
    expect(refusal(staged, whole, true)).toContain("State keys of billed cannot be read");
    expect(refusal(staged, whole, true)).toContain("withoutRowStage of Bill is new");
    expect(refusal(whole, staged)).toContain("withoutRowStage of Bill is gone");
    const read = billed("full", true);
    expect(refusal(whole, read)).toContain("withoutRowStage of Bill is gone");
    expect(refusal(read, whole, true)).toContain("withoutRowStage of Bill is new");
    expect(refusal(billed(undefined, true), read)).toBe("");
    expect(refusal(staged, read)).toBe("");
  });

  it("takes the rows that a look-up had in hand by their fields, and leaves none behind unasked", () => {
    const before = asking("ask", "paymentId", "status");
    expect(refusal(before, asking("ask", "paymentId"))).toBe("");
    expect(refusal(asking("ask", "paymentId"), before)).toBe("");
    expect(refusal(before, asking("ask-more", "paymentId"))).toContain("state rows in hand of ask.");
    expect(refusal(before, asking("ask-more", "paymentId"), true)).toBe("");
    expect(refusal(before, watch({}, "ask"))).toContain("state rows in hand of ask.");
  });
});

const Payment = model("Payment", { from: table("shop", "payments"), fields: { paymentId: id(), status: text() } });
const Line = model("Line", {
  from: table("ledger", "lines"),
  fields: { paymentId: id(), net: money(), fee: money(), bookedAt: instant() },
});

function watch(state: StateSpecs, uid = "watch"): Graph {
  return job("watch", (env) => {
    env
      .changes(Payment)
      .asEvents()
      .keyBy("paymentId")
      .process(uid, { state, emits: { paymentId: id() }, onElement: () => undefined })
      .to("seen");
  }).graph();
}

function asking(uid: string, ...names: ("paymentId" | "status")[]): Graph {
  return job("asking", (env) => {
    const payments = env
      .changes(Payment)
      .asEvents()
      .select(...names);
    payments.lookup(uid, { emits: { found: text() }, lookup: async () => [], timeout: minutes(1) }).to("found");
  }).graph();
}

function check(
  rule: object = {},
  more: object = {},
  legs: readonly ("settled" | "fees")[] = ["settled", "fees"],
  settled: "net" | "fee" = "net",
  status = "captured",
): Graph {
  const Bill = model("Bill", {
    from: table("shop", "bills"),
    fields: { paymentId: id(), status: text(), amount: money(), capturedAt: instant(), ...more },
    businessTime: "capturedAt",
  });
  return job("settled", (env) => {
    const bills = env.changes(Bill).where({ status });
    const lines = env.changes(Line);
    const all = { settled: lines.sum(settled), fees: lines.sum("fee") };
    const actual = Object.fromEntries(legs.map((name) => [name, all[name]]));
    env.reconcile("settled", {
      by: "paymentId",
      expect: { captured: bills.sum("amount") },
      actual,
      missingAfter: hours(24),
      ...rule,
    });
  }).graph();
}

/** Bills whose table says the row before or not, and which others read too or not. */
function billed(before?: "full", areRead = false): Graph {
  const Bill = model("Bill", {
    from: table("shop", "bills", { before }),
    fields: { paymentId: id(), amount: money() },
  });
  return job("billed", (env) => {
    const bills = env.changes(Bill);
    if (areRead) bills.to("bills");
    env.unique("billed", { of: bills, by: "paymentId", money: "amount" });
  }).graph();
}

/** Why a job cannot go on from where another stopped; empty where it can. */
function refusal(before: Graph, now: Graph, allowDropped = false): string {
  try {
    requireUsable(keptBy(before), now, allowDropped);
    return "";
  } catch (error) {
    return messageOf(error);
  }
}
