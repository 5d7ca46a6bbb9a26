import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Login } from "./sliding-windows.ts";

const minute = 60_000;

it("counts addresses over ten minutes, every five", () => {
  const driver = testJob(example);
  for (const [login, [at, address]] of [
    [2, "x"],
    [4, "x"],
    [6, "y"],
    [9, "z"],
    [11, "x"],
  ].entries()) {
    driver.upsert(Login, login, { at: Number(at) * minute }, { loginId: login, account: 7, address: `${address}` });
  }
  driver.advance(30 * minute);
  expect(driver.sink("attacked")).toEqual([
    { account: "7", addresses: 3n, until: 10 * minute },
    { account: "7", addresses: 3n, until: 15 * minute },
  ]);
  expect(driver.keys()).toBe(0);
});
