import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Cart } from "./process.ts";

const minute = 60_000;

it("tells of a cart half an hour after its last change", () => {
  const driver = testJob(example)
    .upsert(Cart, 1, { at: 0 }, { id: 1, status: "filled" })
    .upsert(Cart, 2, { at: 5 * minute }, { id: 2, status: "filled" })
    .upsert(Cart, 1, { at: 10 * minute }, { id: 1, status: "filled more" })
    .upsert(Cart, 2, { at: 20 * minute }, { id: 2, status: "paid" })
    .advance(39 * minute);
  expect(driver.sink("abandoned")).toEqual([]);
  driver.advance(40 * minute);
  expect(driver.sink("abandoned")).toEqual([{ cart: "1", since: 10 * minute }]);
  expect(driver.keys()).toBe(0);
});
