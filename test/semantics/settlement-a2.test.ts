import { describe, expect, it } from "vitest";
import paymentSettlement from "../../jobs/payment-settlement/job.ts";
import { Payout, SettlementLine } from "../../jobs/payment-settlement/models.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import { SKEW } from "./support.ts";

/** Times are of the week of Monday, 2 March 2026: `Mo 14:00` in Frankfurt, where the bank's day ends at 17:00. */
function timeOf(text: string): number {
  const [day, clock] = text.split(" ") as [string, string];
  const date = 2 + ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "Mo2", "Tu2"].indexOf(day);
  return Date.parse(`2026-03-${String(date).padStart(2, "0")}T${clock}:00+01:00`);
}

/** A batch's rows, as `100.00 EUR @Mo 14:00`, and what is said of it at the end. */
interface Case {
  readonly name: string;
  readonly lines?: readonly string[];
  readonly paid?: readonly string[];
  readonly at: string;
  readonly says: readonly string[];
}

function run({ lines = [], paid = [], at }: Omit<Case, "name" | "says">): TestDriver {
  const driver = testJob(paymentSettlement);
  for (const [index, text] of lines.entries()) {
    const [net, time] = text.split(" @") as [string, string];
    const bookedAt = timeOf(time);
    const fee = `0 ${net.slice(-3)}`;
    driver.upsert(SettlementLine, index, { at: bookedAt }, { paymentId: index, batchId: "B-1", net, fee, bookedAt });
  }
  for (const [index, text] of paid.entries()) {
    const [amount, time] = text.split(" @") as [string, string];
    const paidAt = timeOf(time);
    driver.upsert(Payout, index, { at: paidAt }, { batchId: "B-1", status: "paid", amount, paidAt });
  }
  return driver.end(timeOf(at) + SKEW);
}

function saysOf(driver: TestDriver): string[] {
  const finals = driver.finals().filter(({ check }) => check === "batch-payout");
  return finals.map(({ currency, status, class: cause, atRisk }) => {
    return cause === null ? `${currency} ${status}` : `${currency} ${status} ${cause} ${atRisk}`;
  });
}

function table(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    for (const { name, says, ...rows } of cases) it(name, () => expect(saysOf(run(rows))).toEqual(says));
  });
}

table("A2, key batch: Σ net lines = payout", [
  {
    name: "lines of several payments make up one payout",
    lines: ["97.10 EUR @Mo 14:00", "24.40 EUR @Mo 14:00"],
    paid: ["121.50 EUR @Tu 09:00"],
    at: "Tu 17:00",
    says: ["EUR pass"],
  },
  {
    name: "several payouts make up a batch",
    lines: ["97.10 EUR @Mo 14:00"],
    paid: ["50.00 EUR @Mo 18:00", "47.10 EUR @Tu 09:00"],
    at: "Tu 17:00",
    says: ["EUR pass"],
  },
  {
    name: "fees are kept, and no part of it; claw-backs lessen it",
    lines: ["97.10 EUR @Mo 14:00", "-30.00 EUR @Mo 14:00"],
    paid: ["67.10 EUR @Tu 09:00"],
    at: "Tu 17:00",
    says: ["EUR pass"],
  },
  {
    name: "a batch of claw-backs is collected",
    lines: ["-30.00 EUR @Mo 14:00"],
    paid: ["-30.00 EUR @Tu 09:00"],
    at: "Fr 17:00",
    says: ["EUR pass"],
  },
  {
    name: "a payout before the last line is silent",
    lines: ["97.10 EUR @Mo 14:00", "24.40 EUR @Mo 20:00"],
    paid: ["97.10 EUR @Mo 15:00", "24.40 EUR @We 09:00"],
    at: "Th 17:00",
    says: ["EUR pass"],
  },
  {
    name: "an advance before any line is silent",
    lines: ["97.10 EUR @Tu 14:00"],
    paid: ["97.10 EUR @Mo 15:00"],
    at: "Tu 17:00",
    says: ["EUR pass"],
  },
]);

table("each has its own deadlines: by the cutoff of the next business day", [
  {
    name: "pending until then",
    lines: ["10.00 EUR @Mo 14:00"],
    at: "Tu 16:59",
    says: ["EUR pending"],
  },
  { name: "missing at it", lines: ["10.00 EUR @Mo 14:00"], at: "Tu 17:00", says: ["EUR fail missing 10.00"] },
  {
    name: "after the cutoff it is the next day's batch",
    lines: ["10.00 EUR @Mo 17:01"],
    at: "Tu 17:00",
    says: ["EUR pending"],
  },
  {
    name: "a weekend between settlement and payout is silent",
    lines: ["10.00 EUR @Fr 14:00"],
    paid: ["10.00 EUR @Mo2 16:00"],
    at: "Mo2 17:00",
    says: ["EUR pass"],
  },
  {
    name: "Friday evening's batch is late but due later",
    lines: ["10.00 EUR @Fr 18:00"],
    at: "Mo2 17:00",
    says: ["EUR pending"],
  },
  {
    name: "and missing on Tuesday",
    lines: ["10.00 EUR @Fr 18:00"],
    at: "Tu2 17:00",
    says: ["EUR fail missing 10.00"],
  },
  {
    name: "a payout of a batch that nobody knows waits for its own",
    paid: ["10.00 EUR @Mo 14:00"],
    at: "Tu 16:59",
    says: ["EUR pending"],
  },
]);

table("one cause, one class, first match, by the names of the domain", [
  { name: "unknown-batch", paid: ["10.00 EUR @Mo 14:00"], at: "Tu 17:00", says: ["EUR fail unknown-batch 10.00"] },
  {
    name: "currency-mismatch: settled only in EUR, paid only in USD",
    lines: ["10.00 EUR @Mo 14:00"],
    paid: ["10.00 USD @Tu 09:00"],
    at: "We 17:00",
    says: ["EUR fail currency-mismatch 10.00", "USD pending"],
  },
  {
    name: "under-paid, by one minor unit",
    lines: ["10.00 EUR @Mo 14:00"],
    paid: ["9.99 EUR @Tu 09:00"],
    at: "Tu 17:00",
    says: ["EUR fail under-paid 0.01"],
  },
  {
    name: "over-paid, at once",
    lines: ["10.00 EUR @Mo 14:00"],
    paid: ["10.00 EUR @Tu 09:00", "10.00 EUR @Tu 09:05"],
    at: "Tu 09:05",
    says: ["EUR fail over-paid 10.00"],
  },
  {
    name: "lines added behind the payout are due by themselves",
    lines: ["10.00 EUR @Mo 14:00", "5.00 EUR @Tu 18:00"],
    paid: ["10.00 EUR @Tu 09:00"],
    at: "Th 17:00",
    says: ["EUR fail under-paid 5.00"],
  },
  {
    name: "one verdict per currency: each currency of a batch is paid by itself",
    lines: ["10.00 EUR @Mo 14:00", "1000 JPY @Mo 14:00"],
    paid: ["10.00 EUR @Tu 09:00"],
    at: "Tu 17:00",
    says: ["EUR pass", "JPY fail missing 1000"],
  },
]);

describe("each has its own alerts", () => {
  it("a payment that is settled may be in a batch that is not paid, and is warned of two hours before", () => {
    const driver = run({ lines: ["10.00 EUR @Mo 14:00"], at: "Tu 17:00" });
    const steps = driver.alerts().map(({ check, action, class: cause }) => `${check} ${action} ${cause}`);
    expect(steps.filter((step) => step.startsWith("batch-payout"))).toEqual([
      "batch-payout warned missing",
      "batch-payout opened missing",
    ]);
  });
});
