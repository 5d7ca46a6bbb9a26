import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Call, Opened } from "./window-join.ts";

const minute = 60_000;

it("pairs the rows of each ten minutes when they are over", () => {
  const driver = testJob(example)
    .upsert(Call, 1, { at: 1 * minute }, { id: 1, agent: "kim" })
    .upsert(Opened, 1, { at: 2 * minute }, { id: 11, agent: "kim" })
    .upsert(Opened, 2, { at: 9 * minute }, { id: 12, agent: "kim" })
    .upsert(Call, 2, { at: 9 * minute }, { id: 2, agent: "kim" })
    .upsert(Opened, 3, { at: 10 * minute }, { id: 13, agent: "kim" })
    .upsert(Call, 3, { at: 11 * minute }, { id: 3, agent: "lee" })
    .advance(10 * minute - 1);
  expect(driver.sink("together")).toEqual([
    { agent: "'kim", call: "1", ticket: "11" },
    { agent: "'kim", call: "1", ticket: "12" },
    { agent: "'kim", call: "2", ticket: "11" },
    { agent: "'kim", call: "2", ticket: "12" },
  ]);
  driver.advance(20 * minute);
  expect(driver.sink("together").slice(4)).toEqual([{ agent: "'lee", call: "3", ticket: null }]);
  expect(driver.keys()).toBe(0);
});
