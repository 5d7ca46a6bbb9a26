import { describe, expect, it } from "vitest";
import { hours, type Id, id, idOf, instant, integer, job, model, money, seconds, table, text } from "../index.ts";
import { testJob } from "../testing/index.ts";

const H = 3_600_000;

/** Payments as an old system keeps them: gross and refunded in one row, its numbers with letters before them. */
const OldPayment = model("OldPayment", {
  from: table("legacy", "pay_order"),
  fields: { orderNo: text(), gross: money(), refunded: money(), paidAt: instant(), state: integer() },
});
const Line = model("Line", { from: table("acquirer", "lines"), fields: { paymentId: id(), net: money() } });

const STATES: Readonly<Record<string, string>> = { 1: "captured", 2: "failed" };

/** Settlement of what such a payment comes to, in days of an hour. */
const settlement = job("settlement", (env) => {
  const payments = env.changes(OldPayment).derive(
    "Payment",
    { paymentId: id(), amount: money(), status: text(), capturedAt: instant() },
    ({ orderNo, gross, refunded, paidAt, state }) => ({
      paymentId: orderNo === null ? null : paymentNo(orderNo),
      amount: gross && { minor: gross.minor - (refunded?.minor ?? 0n), currency: gross.currency },
      status: STATES[String(state)] ?? "open",
      capturedAt: paidAt,
    }),
    { businessTime: "capturedAt" },
  );
  env.reconcile("settlement", {
    by: "paymentId",
    expect: { captured: payments.where({ status: "captured" }).sum("amount") },
    actual: { settled: env.changes(Line).sum("net") },
    missingAfter: hours(24),
    skew: seconds(2),
  });
  payments
    .keyBy("paymentId")
    .aggregate("totals", ({ sum }) => ({ total: sum("amount", { currency: "EUR" }) }))
    .to("totals");
});

function paymentNo(orderNo: string): Id {
  if (!/^P\d+$/.test(orderNo)) throw new Error(`${orderNo} is no order number`);
  return idOf(Number(orderNo.slice(1)));
}

const paid = { orderNo: "P7", gross: "10.00 EUR", refunded: null, paidAt: H, state: 1n } as const;

describe("a derived model", () => {
  it("is checked like any other: by its own key, amounts and business time, at the raw rows", () => {
    const driver = testJob(settlement)
      .upsert(OldPayment, 1, { at: 2 * H }, paid)
      .upsert(OldPayment, 2, { at: 2 * H }, { ...paid, orderNo: "P8", state: 2n })
      .advance(30 * H);
    expect(driver.alerts()).toMatchObject([
      { key: "7", class: "missing", atRisk: "10.00", currency: "EUR", dueAt: 25 * H },
    ]);
    const [verdict] = driver.verdicts();
    expect(verdict!.contributions).toMatchObject([
      {
        leg: "captured",
        source: "legacy",
        table: "pay_order",
        row: "1",
        fields: { paymentId: "7", amount: "10.00 EUR", status: "captured", capturedAt: "1970-01-01T01:00:00.000Z" },
      },
    ]);
  });

  it("takes back what it made, when the raw row changes or goes", () => {
    const driver = testJob(settlement)
      .upsert(OldPayment, 1, { at: 2 * H }, paid)
      .upsert(OldPayment, 1, { at: 3 * H }, { ...paid, refunded: "4.00 EUR" })
      .upsert(Line, 1, { at: 4 * H }, { paymentId: 7, net: "6.00 EUR" })
      .upsert(OldPayment, 2, { at: 2 * H }, { ...paid, orderNo: "P8" })
      .delete(OldPayment, 2, { at: 5 * H })
      .advance(40 * H);
    expect(driver.alerts()).toEqual([]);
    const euros = (minor: bigint) => ({ minor, currency: "EUR" });
    expect(driver.sink("totals").map((row) => [row.$op, row.total])).toEqual([
      ["add", euros(1000n)],
      ["retract", euros(1000n)],
      ["add", euros(600n)],
      ["add", euros(1000n)],
      ["retract", euros(1000n)],
    ]);
  });

  it("tells the row that its function fails at", () => {
    const driver = testJob(settlement);
    expect(() => driver.upsert(OldPayment, 4, { at: H }, { ...paid, orderNo: "X" })).toThrow(
      expect.objectContaining({
        code: "JOB_DERIVE_FAILED",
        message:
          "The function that makes Payment failed at row 4 of legacy.pay_order, while offset 1 of pay_order/0 was read. Mend it, or leave such rows out before it with `where`, and run again; nothing is lost. It said: X is no order number",
      }),
    );
  });

  it("tells the row for which its function makes what the field cannot hold", () => {
    const wrong = job("wrong", (env) => {
      const made = () => ({ paymentId: idOf(7), amount: 5 as never });
      env.changes(OldPayment).derive("Payment", { paymentId: id(), amount: money() }, made).to("out");
    });
    expect(() => testJob(wrong).upsert(OldPayment, 4, { at: H }, paid)).toThrow(
      expect.objectContaining({
        code: "JOB_DERIVE_FAILED",
        message: expect.stringContaining("gave a number for the field amount, which is declared as money"),
      }),
    );
  });

  it("cannot be told which of its keys a faulty record hides: those that failed by silence are unobservable", () => {
    const driver = testJob(settlement)
      .upsert(OldPayment, 1, { at: 2 * H }, paid)
      .upsert(Line, 9, { at: 2 * H }, { paymentId: 9, net: "1.00 EUR" })
      .advance(30 * H)
      .fault({ id: "t/0/5", source: "legacy", table: "pay_order", fields: { OldPayment: { paymentId: "7" } } });
    // The line of payment 9 may be of the payment that cannot be read; that the one of payment 7 is missing is sure.
    driver.end(31 * H);
    expect(driver.finals().map(({ key, status }) => [key, status])).toEqual([
      ["7", "fail"],
      ["9", "unobservable"],
    ]);
  });

  it.each([
    ["no name", ["", {}], "JOB_DECLARATION_INVALID"],
    ["no fields", ["Payment", null], "JOB_DECLARATION_INVALID"],
    ["no function", ["Payment", { a: id() }], "JOB_DECLARATION_INVALID"],
    ["a business time that is none", ["Payment", { a: id() }, () => ({}), { businessTime: "a" }], "MODEL_INVALID"],
  ])("is refused with %s", (_, given, code) => {
    const wrong = job(
      "wrong",
      (env) => void (env.changes(OldPayment).derive as (...all: unknown[]) => unknown)(...given),
    );
    expect(() => wrong.graph()).toThrow(expect.objectContaining({ code }));
  });
});
