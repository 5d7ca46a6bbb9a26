import { expect, it } from "vitest";
import { Batch } from "../../base/batch.ts";
import type { Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import { packCurrency } from "../../base/money.ts";
import { hours, minutes, seconds } from "../../base/time.ts";
import { ADD, changeColumns, changeLayout } from "../../dataflow/change-layout.ts";
import { minus } from "../../dataflow/leg.ts";
import { id, model, money, table } from "../../dataflow/model.ts";
import { ShortOfMemory } from "../../test/support/short-memory.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import { job } from "../job.ts";

const START = Date.UTC(2026, 0, 1);
const Payment = model("Payment", { from: table("shop", "payments"), fields: { paymentId: id(), amount: money() } });
const Refund = model("Refund", { from: table("shop", "refunds"), fields: { paymentId: id(), amount: money() } });
const Line = model("Line", { from: table("ledger", "lines"), fields: { paymentId: id(), amount: money() } });

/** With a tolerance, which is of nothing, keys are not plain. */
const jobOf = (isPlain: boolean) =>
  job("compared", (env) => {
    env.reconcile("compared", {
      by: "paymentId",
      expect: { captured: env.changes(Payment).sum("amount"), refunded: minus(env.changes(Refund).sum("amount")) },
      actual: { settled: env.changes(Line).sum("amount") },
      missingAfter: hours(1),
      skew: seconds(2),
      ...(isPlain ? {} : { tolerance: { absolute: "0" } }),
    });
  });

/** Minutes by their number, with passes and what is pending. */
function told(isPlain: boolean, happens: (driver: TestDriver) => unknown) {
  const driver = testJob(jobOf(isPlain));
  driver.advance(START - 1);
  happens(driver);
  driver.advance(START + hours(9)).end(START + hours(9));
  const counts = driver.counts().map(({ minute, pass, pending }) => [(minute - START) / minutes(1), pass, pending]);
  return {
    counts: counts.sort(([one], [other]) => Number(one) - Number(other)),
    verdicts: driver.verdicts().map(({ status, class: cause, time }) => [status, cause, time]),
  };
}

const at = (minute: number) => START + minutes(minute);
const pay = (driver: TestDriver, minute: number, amount = "10.00 EUR") =>
  driver.upsert(Payment, "payment", { at: at(minute) }, { paymentId: 1, amount });
const settle = (driver: TestDriver, minute: number, amount = "10.00 EUR") =>
  driver.upsert(Line, `line at ${minute}`, { at: at(minute) }, { paymentId: 1, amount });

/** What overtakes a payment that is settled 20 minutes later, of which it is known by then that it passes at 60 and 80. */
const OVERTAKING: Record<string, (driver: TestDriver) => unknown> = {
  nothing: () => {},
  "a stale source between both deadlines": (driver) => {
    driver.status("ledger", "stale").advance(at(70), "shop");
    driver.status("ledger", "active").advance(at(71));
  },
  "a stale source behind both deadlines": (driver) => {
    driver.status("ledger", "stale").advance(at(90), "shop");
    driver.status("ledger", "active").advance(at(91));
  },
  "a suspension between both deadlines": (driver) => {
    const what = { models: ["Line"], cause: "truncate", message: "truncated" } as const;
    driver.suspend({ id: "stop", source: "ledger", table: "lines", time: at(50), ...what });
    driver.advance(at(70)).resume("stop");
  },
  "a suspension before its own point": (driver) => {
    const what = { models: ["Line"], cause: "truncate", message: "truncated" } as const;
    driver.suspend({ id: "stop", source: "ledger", table: "lines", time: at(10), ...what });
    driver.advance(at(30)).resume("stop");
  },
  "a refund in front of the deadlines": (driver) => {
    driver.upsert(Refund, "refund", { at: at(40) }, { paymentId: 1, amount: "3.00 EUR" });
    driver.advance(at(50));
  },
  "a refund between the deadlines, and its line": (driver) => {
    driver.advance(at(65)).upsert(Refund, "refund", { at: at(66) }, { paymentId: 1, amount: "3.00 EUR" });
    driver.advance(at(67));
    settle(driver, 70, "-3.00 EUR");
  },
  "a refund that is taken back, in front of the deadlines": (driver) => {
    driver.upsert(Refund, "refund", { at: at(40) }, { paymentId: 1, amount: "3.00 EUR" });
    driver.upsert(Refund, "refund taken back", { at: at(45) }, { paymentId: 1, amount: "-3.00 EUR" });
  },
  "a row that was written before it and is read behind it": (driver) => settle(driver, 15, "0.00 EUR"),
  "a row within the skew": (driver) => {
    driver.upsert(Line, "soon", { at: at(20) + 1_000 }, { paymentId: 1, amount: "0.00 EUR" });
  },
  "a deletion": (driver) => driver.delete(Line, "line at 20", { at: at(30) }),
  "a deletion of the payment, between its deadline and the point of that": (driver) => {
    driver.delete(Payment, "payment", { at: at(60) + 1_000 });
  },
  "a deletion of both, and another payment": (driver) => {
    driver
      .delete(Line, "line at 20", { at: at(30) })
      .delete(Payment, "payment", { at: at(30) })
      .advance(at(40));
    driver.upsert(Payment, "another", { at: at(45) }, { paymentId: 1, amount: "4.00 EUR" });
  },
  "an update": (driver) => {
    driver.upsert(Line, "line at 20", { at: at(30) }, { paymentId: 1, amount: "9.00 EUR" });
  },
  "updates that say at last what was said": (driver) => {
    for (const amount of ["9.00 EUR", "8.00 EUR", "10.00 EUR"]) {
      driver.upsert(Line, "line at 20", { at: at(30) }, { paymentId: 1, amount });
    }
  },
  "an update that is overtaken in the log, by one of another row": (driver) => {
    driver.upsert(Payment, "payment", { at: at(50) }, { paymentId: 1, amount: "12.00 EUR" });
    driver.upsert(Line, "line at 20", { at: at(30) }, { paymentId: 1, amount: "12.00 EUR" });
  },
  "another key": (driver) => {
    driver.upsert(Line, "line at 20", { at: at(30) }, { paymentId: 2, amount: "10.00 EUR" });
  },
  "a record in the dead letters": (driver) => {
    driver.fault({ id: "fault", source: "ledger", table: "lines", fields: { Line: { paymentId: "1" } } });
    driver.advance(at(70)).settle("fault");
  },
};

it.each(Object.keys(OVERTAKING))(
  "what is known ahead of a key counts as if it were looked at then, with %s",
  (name) => {
    const happens = (isEarly: boolean) => (driver: TestDriver) => {
      pay(driver, 0);
      if (isEarly) driver.advance(at(5));
      settle(driver, 20);
      OVERTAKING[name]!(driver);
    };
    for (const isEarly of [true, false]) {
      expect(told(true, happens(isEarly)), `early: ${isEarly}`).toEqual(told(false, happens(isEarly)));
    }
  },
);

it("a key that nothing overtakes is counted at each of its points", () => {
  const { counts, verdicts } = told(true, (driver) => {
    pay(driver, 0);
    settle(driver, 20);
  });
  expect(counts).toEqual([
    [0, 0, 1],
    [20, 1, 0],
    [60, 1, 0],
    [80, 1, 0],
  ]);
  expect(verdicts).toEqual([]);
});

it("points before the history of all sources is known are judged where it begins, by no look ahead", () => {
  const counts = [true, false].map((isPlain) => {
    const check = new ShortOfMemory(jobOf(isPlain));
    const advance = (through: number, since: number) => {
      for (const source of ["shop", "ledger"]) check.control({ type: "frontier", source, through, since });
    };
    check.batch(0, payments(at(0), at(10)));
    advance(at(5), 0);
    advance(at(70), at(20));
    check.end();
    const told = check.told.filter(({ output }) => output === "counts" || output === "verdicts");
    return told.map(({ record: { minute, pass, pending, status, time } }) => ({ minute, pass, pending, status, time }));
  });
  expect(counts[0]).toEqual(counts[1]);
  expect(counts[0]).not.toEqual([]);
});

/** A payment at each of some times. */
function payments(...times: readonly number[]): Batch {
  const batch = new Batch(changeLayout(Payment));
  batch.grow(times.length);
  batch.count = times.length;
  for (const column of batch.columns) column.nulls.fill(0);
  const { kind, seed, time, row } = changeColumns(batch);
  kind.values.fill(ADD);
  seed.nulls.fill(1);
  for (const [index, each] of times.entries()) {
    time.values[index] = each;
    row.set(index, `payment ${index}`);
    (batch.column("paymentId") as TextColumn).set(index, `'${index}`);
    (batch.column("amount") as Int64Column).setNumber(index, 1_000);
    (batch.column("amount.currency") as Int32Column).set(index, packCurrency("EUR"));
  }
  return batch;
}
