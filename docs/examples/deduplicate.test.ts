import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Login } from "./deduplicate.ts";

const hour = 3_600_000;

it("tells of a device once a day, and keeps the one that was seen last by event time", () => {
  const driver = testJob(example);
  let row = 0;
  const login = (user: number, device: string, at: number) =>
    driver.upsert(Login, ++row, { at: at * hour }, { user, device, at: at * hour });
  login(7, "phone", 1);
  login(7, "laptop", 3);
  login(7, "phone", 2);
  expect(driver.sink("new-devices").map(({ device }) => device)).toEqual(["phone", "laptop"]);
  expect(driver.sink("last-devices")).toEqual([
    { $op: "add", user: "7", device: "phone" },
    { $op: "retract", user: "7", device: "phone" },
    { $op: "add", user: "7", device: "laptop" },
  ]);
  driver.advance(26 * hour);
  login(7, "phone", 26);
  expect(driver.sink("new-devices").map(({ device }) => device)).toEqual(["phone", "laptop", "phone"]);
});
