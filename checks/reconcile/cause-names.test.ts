import { describe, expect, it } from "vitest";
import { hours } from "../../base/time.ts";
import { id, instant, model, money, table } from "../../dataflow/model.ts";
import { testJob } from "../../testing/index.ts";
import { job } from "../job.ts";
import type { ReconcileSpec } from "./reconcile.ts";

const H = 3_600_000;
const Success = model("Success", {
  from: table("shop", "refunds"),
  fields: { refundId: id(), amount: money(), finishedAt: instant() },
  businessTime: "finishedAt",
});
const Booking = model("Booking", {
  from: table("ledger", "bookings"),
  fields: { refundId: id(), amount: money(), bookedAt: instant() },
  businessTime: "bookedAt",
});

function booked(classes?: ReconcileSpec<"refundId">["classes"]) {
  return job("booked", (env) =>
    env.reconcile("booked", {
      by: "refundId",
      expect: { succeeded: env.changes(Success).sum("amount") },
      actual: { booked: env.changes(Booking).sum("amount") },
      missingAfter: hours(2),
      ...(classes && { classes }),
    }),
  );
}

const NAMES = { missing: "never-booked", "unknown-payment": "never-succeeded" } as const;

describe("causes of a reconciliation", () => {
  it("are called what the rule calls them, with their deadlines and lateness as ever", () => {
    const driver = testJob(booked(NAMES))
      .upsert(Success, 1, { at: 0 }, { refundId: 1, amount: "5.00 EUR", finishedAt: 0 })
      .upsert(Booking, 1, { at: 5 * H }, { refundId: 1, amount: "5.00 EUR", bookedAt: 5 * H })
      .upsert(Booking, 2, { at: H }, { refundId: 2, amount: "7.00 EUR", bookedAt: H })
      .upsert(Success, 2, { at: 4 * H }, { refundId: 2, amount: "6.00 EUR", finishedAt: 4 * H })
      .end(9 * H);
    expect(
      driver.alerts().map(({ key, action, class: cause, dueAt, lateByMs }) => [key, action, cause, dueAt, lateByMs]),
    ).toEqual(
      expect.arrayContaining([
        ["1", "opened", "never-booked", 2 * H, null],
        ["1", "resolved", "never-booked", 2 * H, 3 * H],
        ["2", "opened", "never-succeeded", 3 * H, null],
        ["2", "resolved", "never-succeeded", 3 * H, H],
        ["2", "opened", "over-charge", null, null],
      ]),
    );
  });

  it("rest on the same silence, whatever they are called", () => {
    const driver = testJob(booked(NAMES))
      .upsert(Success, 1, { at: 0 }, { refundId: 1, amount: "5.00 EUR", finishedAt: 0 })
      .fault({ id: "bookings/0/7", source: "ledger", table: "bookings" })
      .end(9 * H);
    expect(driver.verdicts().map(({ status }) => status)).toEqual(["unobservable"]);
  });

  it("are part of what decides a verdict: names change the rule's hash, and having none does not", () => {
    const hashOf = (classes?: ReconcileSpec<"refundId">["classes"]) =>
      testJob(booked(classes))
        .upsert(Success, 1, { at: 0 }, { refundId: 1, amount: "5.00 EUR", finishedAt: 0 })
        .end(9 * H)
        .verdicts()[0]!.rule.hash;
    expect(hashOf(NAMES)).not.toBe(hashOf());
  });

  it.each<[string, object]>([
    ["a cause that there is not", { late: "never-booked" }],
    ["a name that is none", { missing: "Never booked" }],
    ["two causes of one name", { missing: "wrong", "over-charge": "wrong" }],
    ["the name of another cause", { missing: "over-charge" }],
    ["a name that has a meaning already", { missing: "unknown-after-retention" }],
  ])("are not called by %s", (_, classes) => {
    expect(() => booked(classes).graph()).toThrow(expect.objectContaining({ code: "RULE_INVALID" }));
  });
});
