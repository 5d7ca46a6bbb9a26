import { describe, expect, it } from "vitest";
import { atLeast, below, hours, id, instant, integer, job, model, money, not, number, table, text } from "../index.ts";
import { testJob } from "../testing/index.ts";

const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { paymentId: id(), status: text(), amount: money(), tries: integer(), score: number(), at: instant() },
});
const Line = model("Line", { from: table("ledger", "lines"), fields: { paymentId: id(), net: money() } });

const values = { paymentId: 7, status: "captured", amount: "10.00 EUR", tries: 1n, score: 0.5, at: 5 } as const;

describe("where before filter", () => {
  it("calls the function for what the conditions have kept alone, and feeds checks", () => {
    const asked: unknown[] = [];
    const checked = job("checked", (env) => {
      const payments = env
        .changes(Payment)
        .where({ status: ["captured", "settled"] })
        .filter(({ paymentId }) => asked.push(paymentId) > 0 && paymentId !== "9");
      env.reconcile("settlement", {
        by: "paymentId",
        expect: { payments: payments.sum("amount") },
        actual: { lines: env.changes(Line).sum("net") },
        missingAfter: hours(1),
      });
    });
    const driver = testJob(checked)
      .upsert(Payment, 7, { at: 1 }, values)
      .upsert(Payment, 8, { at: 1 }, { ...values, paymentId: 8, status: "created" })
      .upsert(Payment, 9, { at: 1 }, { ...values, paymentId: 9 })
      .advance(2 * 3_600_000);
    expect(asked).toEqual(["7", "9"]);
    expect(driver.alerts().map(({ key }) => key)).toEqual(["7"]);
  });
});

describe("bounds in where", () => {
  const kept = (condition: object) => {
    const filtered = job("filtered", (env) => env.changes(Payment).where(condition).to("out"));
    const driver = testJob(filtered)
      .upsert(Payment, 1, { at: 1 }, { ...values, paymentId: 1 })
      .upsert(Payment, 2, { at: 1 }, { ...values, paymentId: 2, amount: "9.99 EUR", tries: 2n ** 60n, at: 4 })
      .upsert(Payment, 3, { at: 1 }, { ...values, paymentId: 3, amount: "99.00 USD", tries: -1n, score: 2, at: 6 })
      .upsert(Payment, 4, { at: 1 }, { paymentId: 4 });
    return driver.sink("out").map(({ paymentId }) => paymentId);
  };
  const euros = (minor: bigint) => ({ minor, currency: "EUR" });

  it.each<[string, object, string[]]>([
    ["money from an amount on, in its currency", { amount: atLeast(euros(1000n)) }, ["1"]],
    ["money below an amount, in its currency", { amount: below(euros(1000n)) }, ["2"]],
    ["integers beyond 2^53", { tries: atLeast(2n ** 60n) }, ["2"]],
    ["integers as numbers", { tries: below(1) }, ["3"]],
    ["numbers", { score: atLeast(0.5), tries: below(2) }, ["1", "3"]],
    ["instants", { at: below(5) }, ["2"]],
    ["all but some", { status: not("created", "captured") }, []],
    ["all but some, of which null is none", { status: not("created"), paymentId: not(1, "2") }, ["2", "3"]],
    ["all but none", { status: not() }, ["1", "2", "3"]],
  ])("%s", (_, condition, wanted) => expect(kept(condition)).toEqual(wanted));

  it.each<[string, object]>([
    ["text has no order", { status: atLeast("a" as never) }],
    ["an amount without a currency", { amount: atLeast(5) }],
    ["a share of an integer", { tries: below(1.5) }],
    ["no number", { at: below(Number.NaN) }],
    ["money is like nothing", { amount: not("5.00 EUR") }],
    ["a text that is a number", { tries: not("1") }],
  ])("refuses %s", (_, condition) => {
    expect(() => kept(condition)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^JOB_(DECLARATION_INVALID|NOT_COMPARABLE)$/) }),
    );
  });

  it("names its condition in the uid, which the state of what follows is found by", () => {
    const { nodes } = job("named", (env) => {
      env.changes(Payment).where({ amount: atLeast(euros(1000n)), status: not("a", "b"), at: below(5) });
    }).graph();
    expect(nodes.at(-1)!.uid).toBe("changes/Payment/where(amount>=1000 EUR,status!=a|b,at<5)");
  });
});

describe("sample", () => {
  const COUNT = 4_000;
  const sampled = (share: number, by?: "paymentId" | "tries") => {
    const driver = testJob(
      job("sampled", (env) => {
        env.changes(Payment).sample(share, by).to("payments");
        env.changes(Line).sample(share, "paymentId").to("lines");
      }),
    );
    for (let i = 0; i < COUNT; i++) {
      driver.upsert(Payment, i, { at: 1 }, { ...values, paymentId: i % 1_000, tries: BigInt(i % 1_000) });
      if (i < 1_000) driver.upsert(Line, i, { at: 1 }, { paymentId: i, net: "1.00 EUR" });
    }
    const keysOf = (sink: string) => driver.sink(sink).map(({ paymentId }) => Number(paymentId));
    return { payments: keysOf("payments"), lines: keysOf("lines") };
  };

  it("keeps all rows of a share of the keys, the same ones of every model", () => {
    const { payments, lines } = sampled(0.1, "paymentId");
    expect(lines.length).toBeGreaterThan(70);
    expect(lines.length).toBeLessThan(130);
    expect(payments.length).toBe(4 * lines.length);
    expect(new Set(payments)).toEqual(new Set(lines));
    expect(lines.slice(0, 8)).toMatchInlineSnapshot(`
      [
        3,
        5,
        6,
        12,
        13,
        20,
        40,
        43,
      ]
    `);
  });

  it("keeps more of the same keys when the share rises", () => {
    const [few, many] = [sampled(0.05, "paymentId").lines, sampled(0.2, "paymentId").lines];
    expect(many).toEqual(expect.arrayContaining(few));
    expect(sampled(1, "tries").payments).toHaveLength(COUNT);
  });

  it("takes rows by their primary key where it is not told otherwise", () => {
    const { payments } = sampled(0.1);
    expect(payments.length).toBeGreaterThan(330);
    expect(payments.length).toBeLessThan(470);
    expect(new Set(payments).size).toBeGreaterThan(200);
  });

  it.each([0, 1.1, -0.5, Number.NaN, "1" as never])("refuses a share of %s", (share) => {
    expect(() => job("wrong", (env) => void env.changes(Payment).sample(share)).graph()).toThrow(
      expect.objectContaining({ code: "JOB_DECLARATION_INVALID" }),
    );
  });
});
