import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Charge, Refund } from "./bound.ts";

const H = 3_600_000;

it("is the example of docs/reference/checks/bound.md", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../reference/checks/bound.md"), "utf8");
  const [, shown] = /^```ts\n(.*?)^```$/ms.exec(page) ?? [];
  expect(shown).toBe(readFileSync(resolve(import.meta.dirname, "bound.ts"), "utf8"));
});

it("finds refunds of more than was captured at once, and refunds of nothing six hours later", () => {
  const refund = (chargeNo: string, amount: string) => ({ chargeNo, amount, status: "in-flight", requestedAt: 0 });
  const driver = testJob(example)
    .upsert(Charge, 1, { at: 0 }, { chargeNo: "CH-1", status: "captured", amount: "10.00 EUR" })
    .upsert(Refund, 1, { at: 0 }, refund("CH-1", "6.00 EUR"))
    .upsert(Refund, 2, { at: 0 }, refund("CH-1", "6.00 EUR"))
    .upsert(Refund, 3, { at: 0 }, refund("CH-2", "3.00 EUR"))
    .advance(H);
  const found = () => driver.alerts().map(({ action, class: cause, atRisk }) => [action, cause, atRisk]);
  expect(found()).toEqual([["opened", "over-refund", "2.00"]]);
  driver.upsert(Refund, 2, { at: 2 * H }, { ...refund("CH-1", "6.00 EUR"), status: "failed" }).advance(7 * H);
  expect(found().slice(1)).toEqual([
    ["resolved", "over-refund", "0"],
    ["opened", "refund-of-unknown-charge", "3.00"],
  ]);
});

it.each([
  ["charges", "unobservable"],
  ["charge_refunds", "fail"],
])("cannot see an excess while a charge cannot be read: a record of %s makes it %s", (tableName, status) => {
  const refund = { chargeNo: "CH-1", amount: "12.00 EUR", status: "in-flight", requestedAt: 0 };
  const driver = testJob(example)
    .upsert(Charge, 1, { at: 0 }, { chargeNo: "CH-1", status: "captured", amount: "10.00 EUR" })
    .upsert(Refund, 1, { at: 0 }, refund)
    .advance(H);
  driver.fault({ id: "shop/0/5", source: "shop", table: tableName });
  expect(driver.verdicts().at(-1)?.status).toBe(status);
  driver.settle("shop/0/5");
  expect(driver.verdicts().at(-1)).toMatchObject({ class: "over-refund", atRisk: "2.00" });
});
