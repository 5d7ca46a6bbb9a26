import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Parcel, Scan } from "./custom.ts";

const H = 3_600_000;

it("is the example of docs/reference/checks/custom.md", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../reference/checks/custom.md"), "utf8");
  const [, shown] = /^```ts\n(.*?)^```$/ms.exec(page) ?? [];
  expect(shown).toBe(readFileSync(resolve(import.meta.dirname, "custom.ts"), "utf8"));
});

it("finds parcels that nobody has scanned, once they are due", () => {
  const parcel = (parcelNo: number, packedAt: number) => ({ orderId: 1, parcelNo, cost: "7.50 EUR", packedAt });
  const driver = testJob(example)
    .upsert(Parcel, 1, { at: 0 }, parcel(11, 0))
    .upsert(Parcel, 2, { at: 6 * H }, parcel(12, 6 * H))
    .advance(23 * H);
  expect(driver.alerts()).toEqual([]);
  driver.upsert(Scan, 1, { at: 28 * H }, { orderId: 1, parcelNo: 11 }).advance(31 * H);
  expect(driver.alerts().map(({ action, class: cause, atRisk, note }) => [action, cause, atRisk, note])).toEqual([
    ["opened", "parcel-lost", "7.50", "lost of this order so far: 11"],
    ["resolved", "parcel-lost", "0", null],
    ["reopened", "parcel-lost", "7.50", "lost of this order so far: 11, 12"],
  ]);
});
