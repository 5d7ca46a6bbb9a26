import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Gift, Purchase, Refund } from "./union.ts";

it("is one stream of all", () => {
  const driver = testJob(example)
    .upsert(Purchase, 1, { at: 1 }, { user: 7, points: 10n })
    .upsert(Gift, 1, { at: 2 }, { user: 7, points: 5n })
    .upsert(Refund, 1, { at: 3 }, { user: 7, points: -2n })
    .upsert(Purchase, 2, { at: 4 }, { user: 8, points: 1n });
  expect(driver.sink("points").map(({ user, points }) => `${user}: ${points}`)).toEqual([
    "7: 10",
    "7: 15",
    "7: 13",
    "8: 1",
  ]);
});
