import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Order, Payment } from "./join.ts";

const DAY = 86_400_000;

it("is right after each change of either table", () => {
  const driver = testJob(example);
  const given = () =>
    driver.sink("paid-orders").map(({ $op, item, paid }) => {
      const amount = (paid as { minor: bigint } | null)?.minor;
      return `${$op === "add" ? "+" : "-"} ${item} ${amount ?? "unpaid"}`;
    });
  driver.upsert(Order, 1, { at: 10 }, { id: 1, item: "lamp", placed: 10 });
  expect(given()).toEqual(["+ lamp unpaid"]);
  driver.upsert(Payment, 1, { at: 20 }, { order: 1, amount: "5.00 EUR", made: 20 });
  expect(given().slice(1)).toEqual(["- lamp unpaid", "+ lamp 500"]);
  driver.upsert(Payment, 2, { at: 30 }, { order: 1, amount: "2.00 EUR", made: 30 });
  expect(given().slice(3)).toEqual(["+ lamp 200"]);
  driver.upsert(Payment, 3, { at: 35 }, { order: 1, amount: "3.00 EUR", made: 9 });
  expect(given()).toHaveLength(4);
  driver.delete(Payment, 1, { at: 40 });
  expect(given().slice(4)).toEqual(["- lamp 500"]);
  driver.upsert(Order, 1, { at: 50 }, { id: 1, item: "desk", placed: 10 });
  expect(given().slice(5)).toEqual(["- lamp 200", "+ desk 200"]);
  driver.advance(50 + 90 * DAY);
  expect(given()).toHaveLength(7);
  expect(driver.keys()).toBe(0);
});
