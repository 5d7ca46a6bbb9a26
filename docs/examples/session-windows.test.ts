import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Click } from "./session-windows.ts";

const minute = 60_000;

it("makes one visit of two when a click comes that lies between them", () => {
  const driver = testJob(example);
  const click = (clickId: number, toldAt: number, at: number, page: string) =>
    driver.upsert(Click, clickId, { at: toldAt * minute }, { clickId, visitor: 7, page, at: at * minute });
  click(1, 0, 0, "home");
  click(2, 50, 50, "basket");
  click(3, 51, 25, "shoes");
  click(4, 90, 90, "home");
  driver.advance(110 * minute);
  expect(driver.sink("visits")).toEqual([{ visitor: "7", clicks: 3n, landing: "home", began: 0 }]);
  driver.advance(150 * minute);
  expect(driver.sink("visits").slice(1)).toEqual([{ visitor: "7", clicks: 1n, landing: "home", began: 90 * minute }]);
  expect(driver.keys()).toBe(0);
});
