import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Position } from "./timed-by.ts";

const second = 1_000;

it("takes event time from a field, and waits for what lies behind", () => {
  const driver = testJob(example)
    .upsert(Position, 1, { at: 100 * second }, { parcel: 7, measuredAt: 50 * second })
    .upsert(Position, 2, { at: 101 * second }, { parcel: 7, measuredAt: 45 * second })
    .upsert(Position, 3, { at: 102 * second }, { parcel: 7, measuredAt: 58 * second })
    .advance(127 * second);
  expect(driver.sink("quiet")).toEqual([]);
  driver.advance(128 * second);
  expect(driver.sink("quiet")).toEqual([{ parcel: "7", last: 58 * second }]);
  expect(driver.keys()).toBe(0);
});
