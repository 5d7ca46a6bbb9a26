import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Limit, Transfer } from "./broadcast.ts";

it("judges each transfer by the limits that are there when it comes", () => {
  const driver = testJob(example)
    .upsert(Transfer, 1, { at: 1 }, { id: 1, country: "NL", amount: 500n })
    .upsert(Limit, 1, { at: 2 }, { country: "NL", most: 300n })
    .upsert(Transfer, 2, { at: 3 }, { id: 2, country: "NL", amount: 500n })
    .upsert(Limit, 1, { at: 4 }, { country: "NL", most: 450n })
    .upsert(Transfer, 3, { at: 5 }, { id: 3, country: "NL", amount: 500n })
    .delete(Limit, 1, { at: 6 })
    .upsert(Transfer, 4, { at: 7 }, { id: 4, country: "NL", amount: 500n });
  expect(driver.sink("above")).toEqual([
    { transfer: "2", above: 200n },
    { transfer: "3", above: 50n },
  ]);
});
