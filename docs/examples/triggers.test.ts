import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Order } from "./triggers.ts";

const minute = 60_000;

it("tells of orders early, on time, and again for each that is late", () => {
  const driver = testJob(example);
  let orderId = 0;
  const order = (at: number) => driver.upsert(Order, ++orderId, { at }, { orderId, article: 7 });
  const counts = () => driver.sink("orders").map(({ orders }) => orders);
  for (let at = 0; at < 150; at++) order(at);
  expect(counts()).toEqual([100n]);
  driver.advance(60 * minute);
  expect(counts()).toEqual([100n, 150n]);
  order(30 * minute);
  expect(counts()).toEqual([100n, 150n, 151n]);
  driver.advance(70 * minute);
  order(30 * minute);
  expect(counts()).toEqual([100n, 150n, 151n]);
  expect(driver.keys()).toBe(0);
});
