import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Refund } from "./unique.ts";

const H = 3_600_000;

it("is the example of docs/reference/checks/unique.md", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../reference/checks/unique.md"), "utf8");
  const [, shown] = /^```ts\n(.*?)^```$/ms.exec(page) ?? [];
  expect(shown).toBe(readFileSync(resolve(import.meta.dirname, "unique.ts"), "utf8"));
});

it("finds a request that is refunded twice, and refunds that are alike within a day", () => {
  const refund = (requestNo: string, channelNo: string, requestedAt: number) => {
    const values = { chargeNo: "CH-1", requestNo, channelNo, requestedAt, reason: "broken", amount: "6.00 EUR" };
    return { ...values, status: "succeeded" };
  };
  const driver = testJob(example)
    .upsert(Refund, 1, { at: 0 }, refund("RQ-1", "CN-1", 0))
    .upsert(Refund, 2, { at: H }, refund("RQ-1", "CN-2", H))
    .advance(2 * H);
  const found = () => driver.alerts().map(({ action, class: cause, atRisk }) => [action, cause, atRisk]);
  expect(found()).toEqual([["opened", "duplicate-refund", "6.00"]]);
  driver.upsert(Refund, 3, { at: 20 * H }, refund("RQ-2", "CN-3", 20 * H)).advance(21 * H);
  expect(found().slice(1)).toEqual([["opened", "suspected-duplicate", "6.00"]]);
  driver.upsert(Refund, 4, { at: 60 * H }, refund("RQ-3", "CN-4", 60 * H)).advance(61 * H);
  expect(found().filter(([action]) => action === "opened")).toHaveLength(2);
});

it("keeps saying so while another record cannot be read", () => {
  const refund = { chargeNo: "CH-1", requestNo: "RQ-1", channelNo: "CN-1", requestedAt: 0, reason: "broken" };
  const row = { ...refund, amount: "6.00 EUR", status: "succeeded" };
  const driver = testJob(example)
    .upsert(Refund, 1, { at: 0 }, row)
    .upsert(Refund, 2, { at: H }, row)
    .advance(2 * H);
  driver.fault({ id: "shop/0/5", source: "shop", table: "charge_refunds" });
  expect(driver.verdicts().map(({ status, class: cause }) => [status, cause])).toEqual([["fail", "duplicate-refund"]]);
});
