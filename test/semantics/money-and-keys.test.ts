import { describe, expect, it } from "vitest";
import { hours } from "../../base/time.ts";
import { job } from "../../checks/job.ts";
import { id, model, money, table } from "../../dataflow/model.ts";
import { testJob } from "../../testing/index.ts";
import { captured, finalLines, H, Line, Payment, settled, settlementJob, verdictLines } from "./support.ts";

/** An amount at a scale of four digits against one at the currency's own. */
const Fine = model("Fine", {
  from: table("shop", "fine"),
  fields: { ref: id(), amount: money({ scale: 4 }) },
});
const Coarse = model("Coarse", {
  from: table("ledger", "coarse"),
  fields: { ref: id(), amount: money() },
});
const scales = job("scales", (env) =>
  env.reconcile("scales", {
    by: "ref",
    expect: { fine: env.changes(Fine).sum("amount") },
    actual: { coarse: env.changes(Coarse).sum("amount") },
    missingAfter: hours(1),
  }),
);

function compare(fine: string, ...coarse: string[]) {
  const driver = testJob(scales).upsert(Fine, 1, { at: H }, { ref: 1, amount: fine });
  for (const [row, amount] of coarse.entries()) driver.upsert(Coarse, row, { at: H }, { ref: 1, amount });
  return driver.end(10 * H);
}

describe("Money: { minor, currency }, exact, never a float", () => {
  it("past 2^53 a single minor unit counts", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: 0 }, captured(1, "90071992547409.93 EUR", 0))
      .upsert(Line, 1, { at: 1 }, settled(1, "90071992547409.92 EUR", null, 1))
      .end(30 * H);
    expect(finalLines(driver)).toEqual(["EUR fail under-charge 0.01"]);
    expect(driver.verdicts()[0]).toMatchObject({ lower: "90071992547409.93", actual: "90071992547409.92" });
  });

  it("sums past 64 bits are exact too, though each amount must fit", () => {
    const most = "92233720368547758.07 EUR";
    const driver = testJob(settlementJob());
    for (const row of [1, 2, 3]) driver.upsert(Payment, row, { at: 0 }, captured(1, most, 0));
    driver.end(30 * H);
    expect(finalLines(driver)).toEqual(["EUR fail missing 276701161105643274.21"]);
  });

  it("sum gives one total per currency", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: 0 }, captured(1, "1.00 EUR", 0))
      .upsert(Payment, 2, { at: 0 }, captured(1, "2.00 EUR", 0))
      .upsert(Payment, 3, { at: 0 }, captured(1, "4.00 USD", 0))
      .end(30 * H);
    const totals = driver.verdicts().map((verdict) => [verdict.currency, verdict.legs[0]]);
    expect(totals).toEqual([
      ["EUR", { leg: "captured", side: "expect", total: "3.00" }],
      ["USD", { leg: "captured", side: "expect", total: "4.00" }],
    ]);
  });

  it("an amount that is null contributes nothing", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: 0 }, { ...captured(1, "1.00 EUR", 0), amount: null })
      .end(30 * H);
    expect(finalLines(driver)).toEqual([]);
  });
});

describe("sides are compared at the finer scale", () => {
  it.each([
    ["EUR, two digits against four", "1.2500 EUR", "1.25 EUR", ["EUR pass"]],
    ["a hundredth of a cent is a difference", "1.2501 EUR", "1.25 EUR", ["EUR fail under-charge 0.0001"]],
    ["JPY, none against four", "100.0000 JPY", "100 JPY", ["JPY pass"]],
    ["JPY, a part of a yen is a difference", "100.0001 JPY", "100 JPY", ["JPY fail under-charge 0.0001"]],
    ["KWD, three against four", "1.2340 KWD", "1.234 KWD", ["KWD pass"]],
    ["KWD, more than was expected", "1.2339 KWD", "1.234 KWD", ["KWD fail over-charge 0.0001"]],
  ])("%s", (_, fine, coarse, says) => {
    expect(finalLines(compare(fine, coarse))).toEqual(says);
  });

  it("bounds and totals are shown at it", () => {
    expect(compare("1.2501 EUR", "1.00 EUR", "0.25 EUR").verdicts()[0]).toMatchObject({
      lower: "1.2501",
      upper: "1.2501",
      actual: "1.2500",
      legs: [{ total: "1.2501" }, { total: "1.2500" }],
    });
  });
});

describe("Keys: one canonical encoding", () => {
  const pair = (payment: string | number | bigint, line: string | number | bigint) =>
    finalLines(
      testJob(settlementJob())
        .upsert(Payment, 1, { at: 0 }, { paymentId: payment, status: "captured", amount: "1.00 EUR", capturedAt: 0 })
        .upsert(Line, 1, { at: 0 }, { paymentId: line, net: "1.00 EUR", bookedAt: 0 })
        .end(30 * H),
    ).sort();

  it("integers of any width are equal", () => expect(pair(7, 7n)).toEqual(["EUR pass"]));

  it("also past 2^53", () => {
    expect(pair(9007199254740993n, 9007199254740993n)).toEqual(["EUR pass"]);
    expect(pair(9007199254740993n, 9007199254740992n)).toEqual([
      "EUR fail missing 1.00",
      "EUR fail unknown-payment 1.00",
    ]);
  });

  it("strings compare exactly, and are no integers", () => {
    expect(pair("P-1", "P-1")).toEqual(["EUR pass"]);
    for (const other of ["p-1", "P-1 ", "P-01"]) expect(pair("P-1", other)).toHaveLength(2);
    expect(pair(7, "7")).toHaveLength(2);
  });

  it("a row without the key takes no part", () => {
    const driver = testJob(settlementJob())
      .upsert(Line, 1, { at: 0 }, { paymentId: null, net: "1.00 EUR", bookedAt: 0 })
      .end(30 * H);
    expect([verdictLines(driver), driver.keys()]).toEqual([[], 0]);
  });
});
