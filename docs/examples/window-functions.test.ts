import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Reading } from "./window-functions.ts";

/** The night in which clocks go on: the 29th has 23 hours. */
const at = (time: string) => ({ at: Date.parse(`2026-03-${time}+02:00`) });

it("looks at all readings of a calendar day", () => {
  const driver = testJob(example)
    .upsert(Reading, 1, at("29T08:00"), { readingId: 1, meter: 7, counter: 500n, note: "read by phone" })
    .upsert(Reading, 2, at("29T23:59"), { readingId: 2, meter: 7, counter: 480n, note: "meter changed?" })
    .upsert(Reading, 3, at("30T00:00"), { readingId: 3, meter: 7, counter: 470n });
  const notes = "read by phone; meter changed?";
  expect(driver.sink("back")).toEqual([{ meter: "7", day: Date.parse("2026-03-29T00:00+01:00"), notes }]);
  driver.advance(at("31T00:00").at);
  expect(driver.sink("back")).toHaveLength(1);
  expect(driver.keys()).toBe(0);
});
