import { describe, expect, it } from "vitest";
import { hours } from "../../base/time.ts";
import { job } from "../../checks/job.ts";
import type { ReconcileSpec } from "../../checks/reconcile/reconcile.ts";
import { id, model, money, table as sourceTable } from "../../dataflow/model.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import { finalLines, H, Line, Payment, Refund, SKEW, settlementJob, verdictLines } from "./support.ts";

/**
 * A payment's rows, and what is said of it at the end. Amounts read `100.00 EUR @0`, with the hour of their business time
 * and event time; lines `97.00 + 3.00 EUR @1`, net and fee. Captures and lines have a day, what goes back five days.
 */
interface Case {
  readonly name: string;
  readonly captured?: readonly string[];
  readonly refunded?: readonly string[];
  readonly reversed?: readonly string[];
  readonly lines?: readonly string[];
  /** Hour of the end marker. */
  readonly at: number;
  readonly says: readonly string[];
}

function run(rows: Omit<Case, "name" | "says">, rule: Partial<ReconcileSpec<"paymentId">> = {}): TestDriver {
  const driver = testJob(settlementJob(rule));
  for (const [index, text] of (rows.captured ?? []).entries()) {
    const { amount, at } = amountOf(text);
    driver.upsert(Payment, index, { at }, { paymentId: 7, status: "captured", amount, capturedAt: at });
  }
  for (const kind of ["refunded", "reversed"] as const) {
    for (const [index, text] of (rows[kind] ?? []).entries()) {
      const { amount, at } = amountOf(text);
      const values = { paymentId: 7, kind: kind === "refunded" ? "refund" : "reversal", amount, refundedAt: at };
      driver.upsert(Refund, `${kind}${index}`, { at }, values);
    }
  }
  for (const [index, text] of (rows.lines ?? []).entries()) {
    const { net, fee, at } = lineOf(text);
    driver.upsert(Line, index, { at }, { paymentId: 7, net, fee, bookedAt: at });
  }
  return driver.end(rows.at * H + SKEW);
}

function amountOf(text: string) {
  const [, amount, hour] = /^(.*) @(\d+)$/.exec(text)!;
  return { amount: amount!, at: Number(hour) * H };
}

function lineOf(text: string) {
  const [, net, fee, currency, hour] = /^(\S+)(?: \+ (\S+))? ([A-Z]{3}) @(\d+)$/.exec(text)!;
  return { net: `${net} ${currency}`, fee: fee === undefined ? null : `${fee} ${currency}`, at: Number(hour) * H };
}

function table(title: string, cases: readonly Case[], rule?: Partial<ReconcileSpec<"paymentId">>): void {
  describe(title, () => {
    for (const { name, says, ...rows } of cases) it(name, () => expect(finalLines(run(rows, rule))).toEqual(says));
  });
}

table("captures − refunds − reversals = Σ (line net + line fee)", [
  {
    name: "net and fee make up the capture",
    captured: ["100.00 EUR @0"],
    lines: ["97.00 + 3.00 EUR @1"],
    at: 30,
    says: ["EUR pass"],
  },
  {
    name: "several lines make it up",
    captured: ["100.00 EUR @0"],
    lines: ["50.00 + 1.00 EUR @1", "49.00 EUR @2"],
    at: 30,
    says: ["EUR pass"],
  },
  {
    name: "a refund counts against the captures",
    captured: ["100.00 EUR @0"],
    refunded: ["30.00 EUR @1"],
    lines: ["70.00 EUR @2"],
    at: 30,
    says: ["EUR pass"],
  },
  {
    name: "a reversal counts against the captures",
    captured: ["100.00 EUR @0"],
    reversed: ["100.00 EUR @1"],
    lines: ["0.00 EUR @2"],
    at: 200,
    says: ["EUR pass"],
  },
  {
    name: "a capture that was reversed needs no line",
    captured: ["100.00 EUR @0"],
    reversed: ["100.00 EUR @1"],
    at: 200,
    says: ["EUR pass"],
  },
  {
    name: "lines settled first, refund and claw-back later",
    captured: ["100.00 EUR @0"],
    refunded: ["30.00 EUR @50"],
    lines: ["97.00 + 3.00 EUR @1", "-30.00 EUR @80"],
    at: 300,
    says: ["EUR pass"],
  },
  {
    name: "a cent too little is a failure: tolerance 0 unless the rule gives one",
    captured: ["100.00 EUR @0"],
    lines: ["96.99 + 3.00 EUR @1"],
    at: 24,
    says: ["EUR fail under-charge 0.01"],
  },
]);

table("lower = Σ positive expected that are due + Σ all negative expected; under-charge: actual < lower", [
  {
    name: "before the deadline a part of it is pending",
    captured: ["100.00 EUR @0"],
    lines: ["60.00 EUR @1"],
    at: 23,
    says: ["EUR pending"],
  },
  {
    name: "at the deadline a part of it is an under-charge",
    captured: ["100.00 EUR @0"],
    lines: ["60.00 EUR @1"],
    at: 24,
    says: ["EUR fail under-charge 40.00"],
  },
  {
    name: "a refund lowers it at once, due or not",
    captured: ["100.00 EUR @0"],
    refunded: ["40.00 EUR @1"],
    lines: ["60.00 EUR @1"],
    at: 24,
    says: ["EUR pass"],
  },
  {
    name: "a second capture is silent until its deadline",
    captured: ["100.00 EUR @0", "50.00 EUR @20"],
    lines: ["100.00 EUR @1"],
    at: 43,
    says: ["EUR pending"],
  },
  {
    name: "and fails at it",
    captured: ["100.00 EUR @0", "50.00 EUR @20"],
    lines: ["100.00 EUR @1"],
    at: 44,
    says: ["EUR fail under-charge 50.00"],
  },
  {
    name: "a claw-back ahead of its refund is silent until its deadline",
    captured: ["100.00 EUR @0"],
    lines: ["100.00 EUR @1", "-30.00 EUR @30"],
    at: 53,
    says: ["EUR pending"],
  },
  {
    name: "a claw-back that nobody asked for fails at its own deadline",
    captured: ["100.00 EUR @0"],
    lines: ["100.00 EUR @1", "-30.00 EUR @30"],
    at: 54,
    says: ["EUR fail under-charge 30.00"],
  },
  {
    name: "and passes when its refund came before that",
    captured: ["100.00 EUR @0"],
    refunded: ["30.00 EUR @40"],
    lines: ["100.00 EUR @1", "-30.00 EUR @30"],
    at: 54,
    says: ["EUR pass"],
  },
]);

table("upper = Σ all positive expected + Σ negative expected that are due; over-charge: actual > upper", [
  {
    name: "more than was captured fails at once",
    captured: ["100.00 EUR @0"],
    lines: ["100.01 EUR @1"],
    at: 2,
    says: ["EUR fail over-charge 0.01"],
  },
  {
    name: "a line twice is an over-charge",
    captured: ["100.00 EUR @0"],
    lines: ["100.00 EUR @1", "100.00 EUR @2"],
    at: 3,
    says: ["EUR fail over-charge 100.00"],
  },
  {
    name: "a refund that awaits its claw-back is silent until its deadline",
    captured: ["100.00 EUR @0"],
    refunded: ["30.00 EUR @10"],
    lines: ["100.00 EUR @1"],
    at: 129,
    says: ["EUR pending"],
  },
  {
    name: "and an over-charge at it",
    captured: ["100.00 EUR @0"],
    refunded: ["30.00 EUR @10"],
    lines: ["100.00 EUR @1"],
    at: 130,
    says: ["EUR fail over-charge 30.00"],
  },
  {
    name: "a capture that is not due raises it at once",
    captured: ["100.00 EUR @0", "50.00 EUR @20"],
    lines: ["150.00 EUR @21"],
    at: 22,
    says: ["EUR pass"],
  },
]);

table("one cause, one class, first match", [
  {
    name: "unknown-payment: lines, no capture in any currency; silent before its own deadline",
    lines: ["10.00 EUR @1"],
    at: 24,
    says: ["EUR pending"],
  },
  {
    name: "unknown-payment at its own deadline",
    lines: ["10.00 EUR @1"],
    at: 25,
    says: ["EUR fail unknown-payment 10.00"],
  },
  {
    name: "a payment without a capture is never over-charged",
    refunded: ["5.00 EUR @0"],
    lines: ["10.00 EUR @1"],
    at: 300,
    says: ["EUR fail unknown-payment 10.00"],
  },
  { name: "a refund alone is no failure of this check", refunded: ["5.00 EUR @0"], at: 300, says: ["EUR pending"] },
  {
    name: "lines that come before their payment are silent",
    captured: ["10.00 EUR @20"],
    lines: ["10.00 EUR @1"],
    at: 40,
    says: ["EUR pass"],
  },
  { name: "missing: nothing came", captured: ["10.00 EUR @0"], at: 24, says: ["EUR fail missing 10.00"] },
  { name: "nothing is missing before the deadline", captured: ["10.00 EUR @0"], at: 23, says: ["EUR pending"] },
  {
    name: "missing is what the refunds leave of it",
    captured: ["10.00 EUR @0"],
    refunded: ["4.00 EUR @1"],
    at: 24,
    says: ["EUR fail missing 6.00"],
  },
  { name: "a capture of nothing misses nothing", captured: ["0.00 EUR @0"], at: 300, says: ["EUR pass"] },
  {
    name: "currency-mismatch: reported on X, and it silences X's missing and Y's unknown",
    captured: ["10.00 EUR @0"],
    lines: ["11.00 USD @1"],
    at: 300,
    says: ["EUR fail currency-mismatch 10.00", "USD pending"],
  },
  {
    name: "currency-mismatch goes before missing: one cause, one alert",
    captured: ["10.00 EUR @0"],
    lines: ["11.00 USD @30"],
    at: 300,
    says: ["EUR fail currency-mismatch 10.00", "USD pending"],
  },
  {
    name: "captured in both currencies, lines in one: missing in the other",
    captured: ["10.00 EUR @0", "11.00 USD @0"],
    lines: ["11.00 USD @1"],
    at: 300,
    says: ["EUR fail missing 10.00", "USD pass"],
  },
  {
    name: "captured in one, lines in both: too much in the one without a capture",
    captured: ["10.00 EUR @0"],
    lines: ["10.00 EUR @1", "1.00 USD @1"],
    at: 300,
    says: ["EUR pass", "USD fail over-charge 1.00"],
  },
]);

table("one verdict per currency", [
  {
    name: "each currency is judged by itself",
    captured: ["10.00 EUR @0", "20.00 USD @0"],
    lines: ["10.00 EUR @1", "19.00 USD @1"],
    at: 24,
    says: ["EUR pass", "USD fail under-charge 1.00"],
  },
  {
    name: "equal amounts in different currencies never settle each other",
    captured: ["10.00 EUR @0", "10.00 USD @0"],
    lines: ["20.00 EUR @1"],
    at: 24,
    says: ["EUR fail over-charge 10.00", "USD fail missing 10.00"],
  },
  {
    name: "JPY has no minor unit",
    captured: ["1000 JPY @0"],
    lines: ["970 + 29 JPY @1"],
    at: 24,
    says: ["JPY fail under-charge 1"],
  },
  {
    name: "KWD has three digits",
    captured: ["10.000 KWD @0"],
    lines: ["9.990 + 0.009 KWD @1"],
    at: 24,
    says: ["KWD fail under-charge 0.001"],
  },
]);

table(
  "an absolute tolerance",
  [
    {
      name: "lets the sides differ by as much",
      captured: ["100.00 EUR @0"],
      lines: ["99.95 EUR @1"],
      at: 24,
      says: ["EUR pass"],
    },
    {
      name: "and no more",
      captured: ["100.00 EUR @0"],
      lines: ["99.94 EUR @1"],
      at: 24,
      says: ["EUR fail under-charge 0.06"],
    },
    { name: "in both directions", captured: ["100.00 EUR @0"], lines: ["100.05 EUR @1"], at: 24, says: ["EUR pass"] },
    {
      name: "and no more in the other",
      captured: ["100.00 EUR @0"],
      lines: ["100.06 EUR @1"],
      at: 24,
      says: ["EUR fail over-charge 0.06"],
    },
    {
      name: "a part of a minor unit is none",
      captured: ["100 JPY @0"],
      lines: ["99 JPY @1"],
      at: 24,
      says: ["JPY fail under-charge 1"],
    },
    {
      name: "does not hold for a payment that nobody knows",
      captured: [],
      lines: ["0.01 EUR @0"],
      at: 24,
      says: ["EUR fail unknown-payment 0.01"],
    },
  ],
  { tolerance: { absolute: "0.05" } },
);

table(
  "a tolerance in per cent of the expected side, half up",
  [
    {
      name: "0.5 % of 1.10 is 0.0055, rounded up to a cent",
      captured: ["1.10 EUR @0"],
      lines: ["1.09 EUR @1"],
      at: 24,
      says: ["EUR pass"],
    },
    {
      name: "0.5 % of 0.90 is 0.0045, rounded down to nothing",
      captured: ["0.90 EUR @0"],
      lines: ["0.89 EUR @1"],
      at: 24,
      says: ["EUR fail under-charge 0.01"],
    },
    {
      name: "0.5 % of 1.00 is the half",
      captured: ["1.00 EUR @0"],
      lines: ["0.99 EUR @1"],
      at: 24,
      says: ["EUR pass"],
    },
  ],
  { tolerance: { percent: "0.5", of: "expect", rounding: "halfUp" } },
);

table(
  "a tolerance in per cent of the actual side, rounded down",
  [
    { name: "1 % of 1.99 is 0.01", captured: ["2.00 EUR @0"], lines: ["1.99 EUR @1"], at: 24, says: ["EUR pass"] },
    {
      name: "1 % of 0.99 is nothing",
      captured: ["1.00 EUR @0"],
      lines: ["0.99 EUR @1"],
      at: 24,
      says: ["EUR fail under-charge 0.01"],
    },
  ],
  { tolerance: { percent: "1", of: "actual", rounding: "down" } },
);

describe("fees come from the line or from a fee model", () => {
  const Fee = model("Fee", { from: sourceTable("ledger", "fees"), fields: { paymentId: id(), charged: money() } });
  const withFeeModel = job("fee-model", (env) =>
    env.reconcile("fee-model", {
      by: "paymentId",
      expect: { captured: env.changes(Payment).sum("amount") },
      actual: { settled: env.changes(Line).sum("net"), fees: env.changes(Fee).sum("charged") },
      missingAfter: hours(24),
    }),
  );

  it.each([
    ["3.00 EUR", ["EUR pass"]],
    ["2.00 EUR", ["EUR fail under-charge 1.00"]],
    ["4.00 EUR", ["EUR fail over-charge 1.00"]],
  ])("a fee of %s in its own table", (charged, says) => {
    const driver = testJob(withFeeModel)
      .upsert(Payment, 1, { at: 0 }, { paymentId: 7, amount: "100.00 EUR", capturedAt: 0 })
      .upsert(Line, 1, { at: H }, { paymentId: 7, net: "97.00 EUR", fee: "9.99 EUR", bookedAt: H })
      .upsert(Fee, 1, { at: H }, { paymentId: 7, charged })
      .end(30 * H);
    expect(finalLines(driver)).toEqual(says);
  });

  it("never from both: what is called a fee is of one model", () => {
    const both = job("both", (env) =>
      env.reconcile("both", {
        by: "paymentId",
        expect: { captured: env.changes(Payment).sum("amount") },
        actual: {
          settled: env.changes(Line).sum("net"),
          fees: env.changes(Line).sum("fee"),
          feesCharged: env.changes(Fee).sum("charged"),
        },
        missingAfter: hours(24),
      }),
    );
    expect(() => both.graph()).toThrow(/fees and feesCharged are of Line and Fee: fees come from the line or/);
  });
});

describe("every expected contribution has its own deadline from its own business time", () => {
  it("captures have theirs, and lines may have another", () => {
    const rows = { captured: ["10.00 EUR @10"], lines: ["1.00 EUR @0"], at: 33 };
    expect(finalLines(run(rows))).toEqual(["EUR pending"]);
    expect(finalLines(run({ ...rows, at: 34 }))).toEqual(["EUR fail under-charge 9.00"]);
    const unknown = { lines: ["1.00 EUR @0"], at: 5 };
    expect(finalLines(run(unknown, { unknownAfter: hours(5) }))).toEqual(["EUR fail unknown-payment 1.00"]);
  });

  it("each deadline of one key is judged in its order", () => {
    const driver = run({ captured: ["10.00 EUR @0", "5.00 EUR @10"], at: 300 });
    expect(verdictLines(driver)).toEqual(["v1 fail missing 10.00 EUR", "v2 fail missing 15.00 EUR"]);
    expect(driver.verdicts().map((verdict) => verdict.time)).toEqual([24 * H + SKEW, 34 * H + SKEW]);
  });
});

describe("a rule that cannot be judged is refused", () => {
  it.each<[string, Partial<ReconcileSpec<"paymentId">>]>([
    ["a negative deadline", { missingAfter: hours(-1) }],
    ["a negative skew", { skew: hours(-1) }],
    ["a tolerance that is no number", { tolerance: { absolute: "a little" } }],
    ["a negative tolerance", { tolerance: { percent: "-1", of: "expect", rounding: "down" } }],
    ["no actual leg", { actual: {} }],
    ["no expected leg", { expect: {} }],
  ])("%s", (_, rule) => {
    expect(() => settlementJob(rule).graph()).toThrow(expect.objectContaining({ code: "RULE_INVALID" }));
  });
});
