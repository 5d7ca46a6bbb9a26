import type { Moment, SqlBatch } from "./sql-batch.ts";

/** What was made to go wrong with a batch. */
export interface PlannedPayoutFault {
  readonly class: string;
  readonly atRisk: string;
  readonly currency: string;
  /** The change that it fails by; default: it fails at the deadline. */
  readonly from?: Moment;
  readonly resolves?: boolean;
}

/** What befalls a batch. Gives what was made to go wrong; nothing for what must stay silent. */
export type PayoutStory = (batch: SqlBatch) => Promise<PlannedPayoutFault | undefined>;

/** Payouts that are right, though some look wrong for a while. */
export const lookAlikes: Readonly<Record<string, PayoutStory>> = {
  usual: silent(async (batch) => {
    await batch.book(["97.10 EUR", "24.40 EUR", "-20.00 EUR"]);
    await batch.wait(4);
    await batch.pay("101.50 EUR");
  }),
  severalCurrencies: silent(async (batch) => {
    await batch.book(["97.10 EUR", "1000 JPY", "3.125 KWD"]);
    await batch.wait(4);
    await batch.pay("1000 JPY");
    await batch.pay("3.125 KWD");
    await batch.pay("97.10 EUR");
  }),
  split: silent(async (batch) => {
    await batch.book(["97.10 EUR"]);
    await batch.pay("50.00 EUR");
    await batch.wait(4);
    await batch.pay("47.10 EUR");
  }),
  rejectedOnce: silent(async (batch) => {
    await batch.book(["97.10 EUR"]);
    await (await batch.send("97.10 EUR"))("failed");
    await (await batch.send("97.10 EUR"))("paid");
  }),
  advance: silent(async (batch) => {
    await batch.pay("97.10 EUR");
    await batch.wait(6);
    await batch.book(["97.10 EUR"]);
  }),
  lineAdded: silent(async (batch) => {
    await batch.book(["97.10 EUR"]);
    await batch.pay("97.10 EUR");
    await batch.wait(4);
    await batch.book(["2.90 EUR"]);
    await batch.wait(4);
    await batch.pay("2.90 EUR");
  }),
  lineTakenBack: silent(async (batch) => {
    await batch.book(["97.10 EUR", "24.40 EUR"]);
    await batch.pay("121.50 EUR");
    await batch.untilDue(8);
    await batch.changeLine(2, "20.40", "-4.00 EUR");
  }),
  collected: silent(async (batch) => {
    await batch.book(["-30.00 EUR"]);
    await batch.wait(4);
    await batch.pay("-30.00 EUR");
  }),
  dueLater: silent(async (batch) => {
    await batch.book(["97.10 EUR"], batch.dueAt + 3_600_000);
  }),
};

/** Payouts that are wrong. */
export const faults: Readonly<Record<string, PayoutStory>> = {
  missing: async (batch) => {
    await batch.book(["97.10 EUR"]);
    return { class: "missing", atRisk: "97.10", currency: "EUR" };
  },
  missingInOneCurrency: async (batch) => {
    await batch.book(["97.10 EUR", "1000 JPY"]);
    await batch.pay("97.10 EUR");
    return { class: "missing", atRisk: "1000", currency: "JPY" };
  },
  late: async (batch) => {
    await batch.book(["97.10 EUR"]);
    await batch.untilDue(10);
    await batch.pay("97.10 EUR");
    return { class: "missing", atRisk: "97.10", currency: "EUR", resolves: true };
  },
  shortByOne: async (batch) => {
    await batch.book(["97.10 EUR"]);
    await batch.pay("97.09 EUR");
    return { class: "under-paid", atRisk: "0.01", currency: "EUR" };
  },
  lineAddedLate: async (batch) => {
    const bookedAt = Date.now();
    await batch.book(["97.10 EUR"], bookedAt);
    await batch.pay("97.10 EUR");
    await batch.untilDue(8);
    const from = await batch.book(["2.90 EUR"], bookedAt);
    return { class: "under-paid", atRisk: "2.90", currency: "EUR", from };
  },
  lineTakenBackAlone: async (batch) => {
    await batch.book(["97.10 EUR", "24.40 EUR"]);
    await batch.pay("121.50 EUR");
    await batch.wait(5);
    const from = await batch.changeLine(2, "20.40");
    return { class: "over-paid", atRisk: "4.00", currency: "EUR", from };
  },
  doubled: async (batch) => {
    await batch.book(["97.10 EUR"]);
    await batch.pay("97.10 EUR");
    await batch.wait(5);
    const from = await batch.pay("97.10 EUR");
    await batch.wait(5);
    await batch.pay("-97.10 EUR");
    return { class: "over-paid", atRisk: "97.10", currency: "EUR", from, resolves: true };
  },
  otherCurrency: async (batch) => {
    await batch.book(["97.10 EUR"]);
    await batch.pay("97.10 USD");
    await batch.untilDue(10);
    await batch.changePayouts("97.10", "EUR");
    return { class: "currency-mismatch", atRisk: "97.10", currency: "EUR", resolves: true };
  },
  unknown: async (batch) => {
    await batch.pay("50.00 GBP");
    return { class: "unknown-batch", atRisk: "50.00", currency: "GBP" };
  },
};

/** Behind all others: a batch that is paid twice. */
export const last: PayoutStory = async (batch) => {
  await batch.untilDue(25);
  await batch.book(["1.00 EUR"], batch.dueAt - 1);
  await batch.pay("1.00 EUR");
  await batch.wait(5);
  const from = await batch.pay("1.00 EUR");
  return { class: "over-paid", atRisk: "1.00", currency: "EUR", from };
};

function silent(story: (batch: SqlBatch) => Promise<void>): PayoutStory {
  return async (batch) => {
    await story(batch);
    return undefined;
  };
}
