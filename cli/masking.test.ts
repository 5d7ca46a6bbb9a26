import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CountercheckError } from "../base/errors.ts";
import { hours } from "../base/time.ts";
import { job } from "../checks/job.ts";
import { id, instant, model, money, table, text } from "../dataflow/model.ts";
import type { Contribution, EmittedAlert, VerdictRecord } from "../schemas/contracts.ts";
import { type MaskConfig, Masking } from "./masking.ts";
import type { SortedOutbox } from "./sorted-outbox.ts";

const CARD = "4111111111111111";

const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { paymentId: id(), card: text("card_number"), amount: money(), paidAt: instant() },
  businessTime: "paidAt",
});
const Line = model("Line", {
  from: table("ledger", "lines"),
  fields: { paymentId: id(), net: money(), bookedAt: instant() },
});
const graph = job("settlement", (env) => {
  env.reconcile("settlement", {
    by: "paymentId",
    expect: { paid: env.changes(Payment).sum("amount") },
    actual: { settled: env.changes(Line).sum("net") },
    missingAfter: hours(24),
  });
}).graph();

beforeEach(() => {
  process.env.MASK_KEY = "k";
});
afterEach(() => {
  delete process.env.MASK_KEY;
});

const masking = (config: MaskConfig) => new Masking(config, graph, "config.json");
const plain = { fields: ["Payment.card"] };
const keyed = { ...plain, key: "$" + "{env:MASK_KEY}" };

const CONTRIBUTION: Contribution = {
  ...{ leg: "paid", source: "shop", table: "payments", row: "7", position: "1/2/3", time: 1, dueAt: 2 },
  ...{ amount: "5.00 EUR", fields: { paymentId: "42", card: CARD, amount: "5.00 EUR" } },
};

function outboxOf(note: string | null, contributions: readonly Contribution[] = [CONTRIBUTION]): SortedOutbox {
  const where = { check: "settlement", key: "42", currency: "EUR", period: "" };
  const verdict = { ...where, contributions, note } as unknown as VerdictRecord;
  const alert = { ...where, id: "a1", note, fields: ["card"] } as unknown as EmittedAlert;
  const place = { source: "shop", table: "payments", topic: "t", partition: 0, offset: 1 };
  const fault = {
    ...{ id: "t/0/1", ...place, code: "VALUE_NOT_MAPPED", message: `Column card_number holds ${CARD}, which` },
    fields: { Payment: { paymentId: "42", card: `'${CARD}` } },
    ...{ key: Buffer.from("42"), value: Buffer.from(CARD) },
  };
  const none = {
    encoded: new Map(),
    engineAlerts: [],
    counts: [],
    suspensions: [],
    mended: [],
    schemaChanges: [],
    lines: new Map(),
  };
  return { verdicts: [verdict], alerts: [alert], faults: [fault], ...none };
}

describe("masked fields", () => {
  it("are in no evidence, note or dead letter", () => {
    const all = masking(plain).outbox(outboxOf(`card ${CARD} → 4222; more of ${CARD}`));
    expect(JSON.stringify(all)).not.toMatch(/4111|4222/);
    expect(all.verdicts[0]!.contributions).toEqual([
      { ...CONTRIBUTION, fields: { ...CONTRIBUTION.fields, card: "•••" } },
    ]);
    expect([all.verdicts[0]!.note, all.alerts[0]!.note]).toEqual(["card •••", "card •••"]);
    expect(all.alerts[0]!.fields).toEqual(["card"]);
    expect(all.faults[0]).toMatchObject({ value: null, fields: { Payment: { paymentId: "42" } } });
    expect(all.faults[0]!.message).toMatch(/^Column card_number •••\. Its raw value is not kept/);
  });

  it("are not told by a function of the job that throws them, of whatever rows they are", () => {
    const catalogued = (reason: string) =>
      new CountercheckError("CHECK_FUNCTION_FAILED", { uid: "c", key: "42", reason }).message;
    const outbox = outboxOf(null);
    const verdicts = outbox.verdicts.map((verdict) => ({ ...verdict, reason: catalogued("no 5555 known. Mend it") }));
    const engineAlerts = [{ id: "f", code: "CHECK_FUNCTION_FAILED", source: "shop", message: catalogued("5555") }];
    const all = masking(plain).outbox({ ...outbox, verdicts, engineAlerts });
    expect(JSON.stringify(all)).not.toContain("5555");
    expect(all.verdicts[0]!.reason).toBe(catalogued("•••"));
    expect(all.engineAlerts[0]!.message).toBe(catalogued("•••"));
  });

  it("are in no engine alert, such as of a function of the job that tells what it was given", () => {
    const failed = { id: "f", code: "CHECK_FUNCTION_FAILED", source: "shop" };
    const engineAlerts = [`no such thing as ${CARD}`, "the card 4222 is too short"].map((message) => ({
      ...failed,
      message,
    }));
    const all = masking(plain).outbox({ ...outboxOf(null), engineAlerts });
    expect(all.engineAlerts.map(({ message }) => message)).toEqual(["no such thing as •••", "the card •••"]);
  });

  it("show which values are the same where there is a key, and hide them in the texts of others", () => {
    const other = { ...CONTRIBUTION, row: "8", fields: { card: "4000" } };
    const [verdict] = masking(keyed).outbox(outboxOf(`seen: ${CARD}`, [CONTRIBUTION, CONTRIBUTION, other])).verdicts;
    const [one, same, another] = verdict!.contributions.map(({ fields }) => fields.card);
    expect(one).toMatch(/^•••[0-9a-f]{8}$/);
    expect(same).toBe(one);
    expect(another).not.toBe(one);
    expect(verdict!.note).toBe(`seen: ${one}`);
  });

  it("are hidden as a row's key too, and change nothing of other tables", () => {
    const lines = { ...CONTRIBUTION, source: "ledger", table: "lines", fields: { card: "it has no such field" } };
    const row = { ...CONTRIBUTION, row: `'${CARD}x`, fields: { card: `${CARD}x` } };
    const [verdict] = masking(plain).outbox(outboxOf(null, [lines, row])).verdicts;
    expect(verdict!.contributions).toEqual([lines, { ...row, row: "•••", fields: { card: "•••" } }]);
    expect(verdict!.note).toBeNull();
  });

  it("are hidden in a row's key of several parts", () => {
    const row = { ...CONTRIBUTION, row: `42|'${CARD}` };
    expect(masking(plain).outbox(outboxOf(null, [row])).verdicts[0]!.contributions[0]!.row).toBe("42|•••");
  });

  it("are hidden in what a write found, too", () => {
    const audited = job("audit", (env) => {
      env.audit("payments-changed", { of: Payment, neverDeleted: true });
    }).graph();
    const write = { ...CONTRIBUTION, fields: { card: CARD, cardBefore: "4000", amountBefore: "5.00 EUR" } };
    const [verdict] = new Masking(plain, audited, "config.json").outbox(outboxOf(null, [write])).verdicts;
    expect(verdict!.contributions[0]!.fields).toEqual({ card: "•••", cardBefore: "•••", amountBefore: "5.00 EUR" });
  });

  it.each([[["card"]], [["paymentId", "card"]]] as const)("are no parts of a key, such as %j", (by) => {
    const twice = job("twice", (env) => {
      env.unique("same-card", { of: env.changes(Payment), by, money: "amount" });
    }).graph();
    expect(() => new Masking(plain, twice, "config.json")).toThrow(
      "Payment.card is a key, by which verdicts are found",
    );
  });

  it.each([
    ["Payment.cvc", "mask: Payment.cvc is no field; Payment has paymentId, card, amount, paidAt"],
    ["Refund.card", "mask: Refund.card is of no model of settlement"],
    ["Payment.paymentId", "mask: Payment.paymentId is a key, by which verdicts are found; it cannot be masked"],
  ])("are fields, and no keys: %s", (field, problem) => {
    expect(() => masking({ fields: [field] })).toThrow(problem);
  });
});
