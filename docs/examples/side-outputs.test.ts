import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Reading } from "./side-outputs.ts";

it("hands aside what goes back", () => {
  const driver = testJob(example)
    .upsert(Reading, 1, { at: 1 }, { meter: 7, counter: 100n })
    .upsert(Reading, 2, { at: 2 }, { meter: 7, counter: 130n })
    .upsert(Reading, 3, { at: 3 }, { meter: 7, counter: 13n })
    .upsert(Reading, 4, { at: 4 }, { meter: 7, counter: 131n });
  expect(driver.sink("used")).toEqual([
    { meter: "7", used: 100n },
    { meter: "7", used: 30n },
    { meter: "7", used: 1n },
  ]);
  expect(driver.sink("backwards")).toEqual([{ meter: "7", counter: 13n, least: 130n }]);
});
