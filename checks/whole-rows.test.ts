import { describe, expect, it } from "vitest";
import { days, hours, milliseconds, minutes, seconds } from "../base/time.ts";
import { id, instant, type Model, model, money, table, text } from "../dataflow/model.ts";
import { allSaid } from "../test/support/compared-check.ts";
import { ShortOfMemory } from "../test/support/short-memory.ts";
import { batchOf, type LogChange, unstaged, type WholeRow } from "../test/support/whole-row-log.ts";
import { type Job, job } from "./job.ts";
import { PlainKeys } from "./plain/plain-keys.ts";
import { RowMarks } from "./row-marks.ts";
import type { RowEvidence } from "./row-set.ts";

const START = Date.UTC(2026, 0, 1);
const fields = { paymentId: id(), amount: money(), note: text() };
const PAYMENTS = table("shop", "payments", { before: "full" });
const LINES = table("ledger", "lines", { before: "full" });
const Payment = model("Payment", { from: PAYMENTS, fields: { ...fields, at: instant() }, businessTime: "at" });
const Line = model("Line", { from: LINES, fields });
const StagedLine = model("Line", { from: table("ledger", "lines"), fields });
const paid: WholeRow = { paymentId: "'1", amount: 500, note: "", at: START };

function jobOf(isPlain: boolean, lines: typeof Line = Line): Job {
  return job("compared", (env) => {
    env.reconcile("compared", {
      by: "paymentId",
      expect: { captured: env.changes(Payment).sum("amount") },
      actual: { settled: env.changes(lines).sum("amount") },
      missingAfter: hours(1),
      skew: milliseconds(0),
      retain: days(60),
      ...(isPlain ? {} : { tolerance: { absolute: "0" } }),
    });
  });
}

/** Says changes of payments and lines, and proves both. */
class Said {
  readonly check: ShortOfMemory;

  constructor(isPlain: boolean, lines = Line) {
    this.check = new ShortOfMemory(jobOf(isPlain, lines));
    this.prove(START - 1);
  }

  payment(position: number, time: number, before: WholeRow | null, after: WholeRow | null): this {
    return this.#say(Payment, { row: "p", position, time, isSeed: false, before, after });
  }

  line(position: number, time: number, before: WholeRow | null, after: WholeRow | null): this {
    return this.#say(Line, { row: "l", position, time, isSeed: false, before, after });
  }

  prove(through: number): this {
    for (const source of ["shop", "ledger"])
      this.check.control({ type: "frontier", source, through, since: START - days(1) });
    return this;
  }

  get engine(): string[] {
    return this.check.told.filter(({ output }) => output === "engine").map(({ record }) => String(record.id));
  }

  get verdicts(): unknown[] {
    const all = this.check.told.filter(({ output }) => output === "verdicts");
    return all.map(({ record }) => [record.status, record.class, record.contributions]);
  }

  #say(of: Model, change: LogChange): this {
    const rows = unstaged(change);
    if (rows.length > 0) this.check.batch(of === Payment ? 0 : 1, batchOf(of, rows));
    return this;
  }
}

describe.each([true, false])("rows without a row stage, where keys may be plain: %s", (isPlain) => {
  const settled = () => {
    const said = new Said(isPlain).payment(1, START, null, paid).line(1, START + minutes(1), null, paid);
    return said.prove(START + hours(2));
  };

  it("that are said again are neither late nor counted twice, for as long as the key is kept", () => {
    for (const after of [hours(3), days(40), days(59)]) {
      const said = settled().prove(START + after);
      said.payment(1, START, null, paid).line(1, START + minutes(1), null, paid);
      said.prove(START + after + hours(3));
      expect(said.engine).toEqual([]);
      expect(said.verdicts).toEqual([]);
    }
  });

  it("go away by their update and their deletion, and not by what is older", () => {
    const said = settled().payment(5, START + hours(3), paid, { ...paid, amount: 700 });
    said.payment(4, START + hours(2), paid, null).prove(START + hours(6));
    expect(said.verdicts).toMatchObject([["fail", "under-charge", [{ amount: "7.00 EUR" }, { amount: "5.00 EUR" }]]]);
    said.payment(6, START + hours(7), { ...paid, amount: 700 }, null).prove(START + hours(9));
    expect(said.verdicts[1]).toMatchObject(["fail", "unknown-payment", [{ amount: "5.00 EUR" }]]);
  });

  it("that go and were not known are remembered, and for `retain` only", () => {
    const said = new Said(isPlain)
      .payment(3, START, paid, null)
      .payment(2, START, null, paid)
      .prove(START + hours(2));
    expect(said.check.keys).toBe(1);
    said.check.save();
    said.prove(START + days(61));
    expect(said.check.keys).toBe(0);
    expect(allSaid(said.check)).toMatchObject({ verdicts: [], finals: [], engine: [] });
  });

  it("that go from a key that waits for nothing else leave no key behind, whatever came first", () => {
    const said = new Said(isPlain).payment(3, START, paid, null).payment(5, START + 1, null, paid);
    said
      .line(1, START + 2, null, paid)
      .prove(START + days(61))
      .payment(6, START + days(61), paid, null);
    said.line(2, START + days(61), paid, null).prove(START + days(62));
    expect(said.check.keys).toBe(1);
    said.prove(START + days(200));
    expect(said.check.keys).toBe(0);
  });

  it("that come again and say the same change nothing; what they say else replaces them, and is told of once", () => {
    const said = settled()
      .payment(5, START + hours(3), null, paid)
      .prove(START + hours(5));
    expect([said.engine, said.verdicts]).toEqual([[], []]);
    said.payment(7, START + hours(6), null, { ...paid, amount: 700 }).prove(START + hours(8));
    expect(said.engine).toEqual(["SEED_DIFFERS/shop/payments"]);
    expect(said.verdicts).toMatchObject([["fail", "under-charge", [{ amount: "7.00 EUR" }, { amount: "5.00 EUR" }]]]);
    said.payment(6, START + hours(5), paid, null).prove(START + hours(9));
    expect(said.verdicts).toHaveLength(1);
  });

  it("that come again with more than was known contradict nothing", () => {
    const unknown = { ...paid, amount: null };
    const said = new Said(isPlain).payment(1, START, null, { ...paid, note: "" }).line(1, START, null, unknown);
    said
      .prove(START + 1)
      .line(2, START + minutes(1), null, unknown)
      .prove(START + minutes(5));
    expect(said.engine).toEqual([]);
  });

  it("whose positions go back while time goes on end the run; clocks may be set back a little", () => {
    const said = settled().payment(9, START + hours(3), paid, { ...paid, note: "booked" });
    said.payment(8, START + hours(3) + seconds(10), paid, null);
    const back = () => said.payment(8, START + hours(3) + seconds(11), paid, null);
    expect(back).toThrow(expect.objectContaining({ code: "POSITION_WENT_BACK" }));
    const first = new Said(isPlain).payment(9, START, null, paid);
    expect(() => first.payment(8, START + minutes(1), null, paid)).toThrow("1/2/2");
  });

  it("that stay as they are say nothing where their key was forgotten, or is not known any more", () => {
    for (const after of [days(70), days(140)]) {
      const said = settled().prove(START + after);
      said.payment(5, START + after + 1, paid, paid).prove(START + after + hours(3));
      expect(said.verdicts).toEqual([]);
      const keys = after === days(70) ? 1 : 0;
      expect(said.check.keys).toBe(keys);
    }
  });

  it("that change where their key was forgotten are not new business", () => {
    const said = settled().prove(START + days(70));
    said.payment(5, START + days(71), paid, { ...paid, note: "booked" }).prove(START + days(72));
    expect(said.verdicts).toMatchObject([["fail", "unknown-after-retention", [{ amount: "5.00 EUR" }]]]);
  });

  it("are taken where reading begins with a change that leaves them as they are", () => {
    const said = new Said(isPlain).payment(5, START, paid, paid).prove(START + hours(2));
    expect(said.verdicts).toMatchObject([["fail", "missing", [{ amount: "5.00 EUR" }]]]);
  });

  it("cannot take the place of rows with a row stage in what is kept, nor these theirs", () => {
    const whole = settled();
    expect(() => whole.check.restart(jobOf(isPlain, StagedLine), 1)).toThrow(
      /^State keys of compared .*: withoutRowStage of Line is gone\./,
    );
    const staged = new ShortOfMemory(jobOf(isPlain, StagedLine));
    const coming = { row: "p", position: 1, time: START, isSeed: false, before: null, after: paid };
    staged.batch(0, batchOf(Payment, unstaged(coming)));
    expect(() => staged.restart(jobOf(isPlain), 1)).toThrow(expect.objectContaining({ code: "STATE_INCOMPATIBLE" }));
  });
});

it("the rule is the same where a table says the row before", () => {
  const [whole, staged] = [Line, StagedLine].map((lines) => {
    const said = new Said(false, lines).payment(1, START, null, paid).prove(START + hours(2));
    return said.check.told.find(({ output }) => output === "verdicts")!.record.rule;
  });
  expect(whole).toMatchObject({ hash: expect.any(String) });
  expect(whole).toEqual(staged);
});

it("rows that went are known to a job whose legs are in another order", () => {
  const Paid = model("Paid", { from: table("bank", "paid"), fields });
  const jobWith = (isSwapped: boolean) =>
    job("compared", (env) => {
      const captured = env.changes(Payment).sum("amount");
      const charged = env.changes(Line).sum("amount");
      env.reconcile("compared", {
        by: "paymentId",
        expect: isSwapped ? { charged, captured } : { captured, charged },
        actual: { settled: env.changes(Paid).sum("amount") },
        missingAfter: hours(1),
      });
    });
  const change = (position: number, before: WholeRow | null, after: WholeRow | null) => {
    return unstaged({ row: "p", position, time: START, isSeed: false, before, after });
  };
  const check = new ShortOfMemory(jobWith(false));
  check.batch(0, batchOf(Payment, change(3, paid, null)));
  check.restart(jobWith(true), 1);
  check.batch(1, batchOf(Payment, change(2, null, paid)));
  check.batch(0, batchOf(Line, change(1, null, { ...paid, amount: 300 })));
  for (const source of ["shop", "ledger", "bank"]) {
    check.control({ type: "frontier", source, through: START + hours(3), since: START - days(1) });
  }
  const { verdicts } = allSaid(check);
  expect(verdicts).toMatchObject([{ status: "fail", class: "missing", contributions: [{ leg: "charged", row: "p" }] }]);
});

it("rows without a row stage that are said again leave their key plain", () => {
  const { take } = PlainKeys.prototype;
  const taken: boolean[] = [];
  PlainKeys.prototype.take = function (row) {
    const isTaken = take.call(this, row);
    taken.push(isTaken);
    return isTaken;
  };
  try {
    const said = new Said(true).payment(1, START, null, paid).line(1, START + minutes(1), null, paid);
    said
      .prove(START + hours(2))
      .payment(1, START, null, paid)
      .line(1, START + minutes(1), null, paid);
    said.payment(0, START, paid, null).payment(2, START + hours(3), paid, { ...paid, note: "booked" });
  } finally {
    PlainKeys.prototype.take = take;
  }
  // What is older is a repeat too; an update is not plain.
  expect(taken).toEqual([true, true, true, true, true, false, false]);
});

it("of rows that went, as many are remembered as went within a time, and a few more", () => {
  const marks = new RowMarks().complete({ entries: [], waiting: [] }, () => true);
  for (let time = 0; time < 10_000; time++) {
    if (marks.isCrowded) marks.forgetGoneBefore(time - 100);
    marks.goes({ id: `0/0/row-${time}`, major: 0, minor: time, sub: 0, time, seed: null } as RowEvidence);
  }
  expect(marks.told.length).toBeLessThan(300);
  expect(marks.of("0/0/row-9900")).toMatchObject({ isThere: false, at: { minor: 9_900 } });
  marks.forgetAllBut([{ isAdd: false, row: "0/0/row-9950", entries: [] }]);
  expect(marks.told).toEqual(["0/0/row-9950"]);
});
