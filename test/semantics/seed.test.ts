import { describe, expect, it } from "vitest";
import { testJob } from "../../testing/index.ts";
import {
  alertLines,
  captured,
  finalLines,
  H,
  Line,
  Payment,
  Refund,
  SKEW,
  settled,
  settlementJob,
  verdictLines,
} from "./support.ts";

/** When the seed was taken. */
const S = 100 * H;

describe("Seed (op = r): sets a row's state and says nothing of when it changed", () => {
  it("an obligation already overdue at the seed's ts_ms goes into one baseline report, unpaged", () => {
    const driver = testJob(settlementJob())
      .seed(Payment, 1, { at: S }, captured(1, "9.00 EUR", S - 24 * H))
      .end(S + H);
    expect(verdictLines(driver)).toEqual(["v1 fail missing 9.00 EUR (baseline)"]);
    expect(driver.verdicts()[0]!.time).toBe(S + SKEW);
    expect(alertLines(driver)).toEqual([]);
    expect(driver.finals()[0]).toMatchObject({ status: "fail", baseline: true });
  });

  it("one due later is judged like any other", () => {
    const due = S - 24 * H + 1;
    const driver = testJob(settlementJob())
      .seed(Payment, 1, { at: S }, captured(1, "9.00 EUR", due))
      .end(S + H);
    expect(verdictLines(driver)).toEqual(["v1 fail missing 9.00 EUR"]);
    expect(driver.verdicts()[0]!.time).toBe(S + 1 + SKEW);
    expect(alertLines(driver)).toEqual(["opened missing v1"]);
  });

  it("without a business time its deadline counts from the seed's ts_ms", () => {
    const driver = testJob(settlementJob())
      .seed(Payment, 1, { at: S }, captured(1, "9.00 EUR", null))
      .end(S + 30 * H);
    expect(driver.verdicts().map(({ time, baseline }) => [time, baseline])).toEqual([[S + 24 * H + SKEW, false]]);
  });

  it("excesses in it are the baseline's too", () => {
    const driver = testJob(settlementJob())
      .seed(Payment, 1, { at: S }, captured(1, "9.00 EUR", 0))
      .seed(Line, 1, { at: S }, settled(1, "11.00 EUR", null, 0))
      .end(S + H);
    expect([verdictLines(driver), alertLines(driver)]).toEqual([["v1 fail over-charge 2.00 EUR (baseline)"], []]);
  });

  it("lines that were unknown in it are the baseline's too", () => {
    const driver = testJob(settlementJob())
      .seed(Line, 1, { at: S }, settled(1, "11.00 EUR", null, 0))
      .end(S + H);
    expect([verdictLines(driver), alertLines(driver)]).toEqual([["v1 fail unknown-payment 11.00 EUR (baseline)"], []]);
  });

  it("a failure that the first changes after it bring is no baseline", () => {
    const driver = testJob(settlementJob())
      .seed(Payment, 1, { at: S }, captured(1, "9.00 EUR", 0))
      .seed(Line, 1, { at: S }, settled(1, "9.00 EUR", null, 0))
      .upsert(Line, 2, { at: S + H }, settled(1, "9.00 EUR", null, S + H))
      .end(S + 2 * H);
    expect([verdictLines(driver), alertLines(driver)]).toEqual([
      ["v1 fail over-charge 9.00 EUR"],
      ["opened over-charge v1"],
    ]);
  });

  it("a late counterpart ends a baseline failure without an alert", () => {
    const driver = testJob(settlementJob())
      .seed(Payment, 1, { at: S }, captured(1, "9.00 EUR", 0))
      .upsert(Line, 1, { at: S + H }, settled(1, "4.00 EUR", null, S + H))
      .upsert(Line, 2, { at: S + 2 * H }, settled(1, "5.00 EUR", null, S + 2 * H))
      .end(S + 9 * H);
    expect(verdictLines(driver)).toEqual([
      "v1 fail missing 9.00 EUR (baseline)",
      "v2 fail under-charge 5.00 EUR (baseline)",
      "v3 pass EUR",
    ]);
    expect(alertLines(driver)).toEqual([]);
  });

  it("a new loss on a key of the baseline is judged like any other", () => {
    const seeded = () => testJob(settlementJob()).seed(Payment, 1, { at: S }, captured(1, "9.00 EUR", 0));
    const capture = seeded()
      .upsert(Payment, 2, { at: S + H }, captured(1, "900.00 EUR", S + H))
      .end(S + 99 * H);
    expect(alertLines(capture)).toEqual(["opened missing v3"]);
    const excess = seeded()
      .upsert(Line, 1, { at: S + H }, settled(1, "10.00 EUR", null, S + H))
      .end(S + 99 * H);
    expect(alertLines(excess)).toEqual(["opened over-charge v2"]);
  });

  it("a baseline failure that could not be seen for a while is still the baseline's", () => {
    const driver = testJob(settlementJob())
      .seed(Payment, 1, { at: S }, captured(1, "9.00 EUR", 0))
      .advance(S + H)
      .fault({ id: "lines/0/1", source: "ledger", table: "lines" })
      .settle("lines/0/1")
      .end(S + 2 * H);
    expect(verdictLines(driver)).toEqual([
      "v1 fail missing 9.00 EUR (baseline)",
      "v2 unobservable EUR",
      "v3 fail missing 9.00 EUR (baseline)",
    ]);
    expect(alertLines(driver)).toEqual([]);
  });

  it("so is one that could not be seen from the first", () => {
    const driver = testJob(settlementJob())
      .seed(Payment, 1, { at: S }, captured(1, "9.00 EUR", 0))
      .advance(S + 1)
      .fault({ id: "lines/0/1", source: "ledger", table: "lines", fields: { Line: { paymentId: "1" } } })
      .advance(S + H)
      .settle("lines/0/1")
      .end(S + 2 * H);
    expect(verdictLines(driver)).toEqual(["v1 unobservable EUR", "v2 fail missing 9.00 EUR (baseline)"]);
    expect(alertLines(driver)).toEqual([]);
  });
});

describe("missing counterparts and excesses alike are judged only when the seed of every source is complete", () => {
  it("a source that is still reading its seed holds everything up", () => {
    const driver = testJob(settlementJob())
      .seed(Line, 1, { at: S }, settled(1, "9.00 EUR", null, 0))
      .advance(S + 50 * H, "ledger")
      .seed(Payment, 1, { at: S + 3 * H }, captured(1, "9.00 EUR", 0));
    expect(verdictLines(driver)).toEqual([]);
    driver.advance(S + 50 * H, "shop");
    expect([verdictLines(driver), finalLines(driver.end(S + 51 * H))]).toEqual([[], ["EUR pass"]]);
  });

  it("nothing is judged at a point before the newest seed, which may hold its counterpart", () => {
    const driver = testJob(settlementJob())
      .upsert(Line, 1, { at: S }, settled(1, "9.00 EUR", null, S - 24 * H))
      .seed(Payment, 1, { at: S + 3 * H }, captured(1, "9.00 EUR", 0))
      .end(S + 50 * H);
    expect([verdictLines(driver), finalLines(driver)]).toEqual([[], ["EUR pass"]]);
  });

  it("a seeded row that changes afterwards is in time", () => {
    const driver = testJob(settlementJob())
      .seed(Payment, 1, { at: S }, captured(1, "9.00 EUR", S))
      .advance(S + H)
      .upsert(Payment, 1, { at: S + 2 * H }, captured(1, "8.00 EUR", S))
      .delete(Payment, 1, { at: S + 3 * H })
      .end(S + 50 * H);
    expect([driver.engineAlerts, verdictLines(driver)]).toEqual([[], []]);
  });
});

describe("an r that differs from known state is an upsert and an engine alert (changes were missed)", () => {
  it("counts from its own time on", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: S }, captured(1, "9.00 EUR", S))
      .upsert(Line, 1, { at: S }, settled(1, "9.00 EUR", null, S))
      .advance(S + H)
      .seed(Line, 1, { at: S + 2 * H }, settled(1, "10.00 EUR", null, S))
      .end(S + 3 * H);
    expect(verdictLines(driver)).toEqual(["v1 fail over-charge 1.00 EUR"]);
    expect(driver.engineAlerts.map(({ code, source }) => `${code} ${source}`)).toEqual(["SEED_DIFFERS ledger"]);
  });

  it("one that agrees says nothing", () => {
    const driver = testJob(settlementJob())
      .upsert(Refund, 1, { at: S }, { paymentId: 1, kind: "refund", amount: "1.00 EUR", refundedAt: S })
      .seed(Refund, 1, { at: S + H }, { paymentId: 1, kind: "refund", amount: "1.00 EUR", refundedAt: S })
      .end(S + 2 * H);
    expect(driver.engineAlerts).toEqual([]);
  });
});
