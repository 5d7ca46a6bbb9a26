import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Rate, Sale } from "./lookup-join.ts";

const minute = 60_000;

it("gives every sale the rate of its time", () => {
  const driver = testJob(example)
    .upsert(Rate, "USD", { at: 0 }, { currency: "USD", rate: 1.1 })
    .upsert(Sale, 1, { at: 10 * minute }, { id: 1, currency: "USD", amount: "5.00 EUR" })
    .upsert(Rate, "USD", { at: 20 * minute }, { currency: "USD", rate: 1.2 })
    .upsert(Sale, 2, { at: 30 * minute }, { id: 2, currency: "USD", amount: "7.00 EUR" })
    .delete(Rate, "USD", { at: 40 * minute })
    .upsert(Sale, 3, { at: 40 * minute }, { id: 3, currency: "USD", amount: "9.00 EUR" });
  const rated = () => driver.sink("rated-sales").map(({ sale, rate }) => `${sale} ${rate}`);
  expect(rated()).toEqual(["1 1.1", "2 1.2"]);
  driver.advance(70 * minute);
  expect(rated().slice(2)).toEqual(["3 null"]);
  driver.upsert(Sale, 4, { at: 15 * minute }, { id: 4, currency: "USD", amount: "1.00 EUR" });
  driver.upsert(Sale, 5, { at: 9 * minute }, { id: 5, currency: "USD", amount: "1.00 EUR" });
  driver.advance(100 * minute);
  expect(rated().slice(3)).toEqual(["4 1.1"]);
  expect(driver.sink("late-sales")).toMatchObject([{ id: "5" }]);
  expect(driver.keys()).toBe(0);
});
