import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Credit, Sale } from "./reconcile.ts";

const time = (text: string) => Date.parse(text);

it("is the example of docs/reference/checks/reconcile.md", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../reference/checks/reconcile.md"), "utf8");
  const [, shown] = /^```ts\n(.*?)^```$/ms.exec(page) ?? [];
  expect(shown).toBe(readFileSync(resolve(import.meta.dirname, "reconcile.ts"), "utf8"));
});

it("warns on Tuesday of a sale of Friday, and is content with a credit in dollars that comes in time", () => {
  const soldAt = time("2026-03-06T10:00Z");
  const creditedAt = time("2026-03-10T14:30Z");
  const driver = testJob(example).upsert(
    Sale,
    1,
    { at: soldAt },
    { saleId: 1, status: "sold", amount: "92.00 EUR", soldAt },
  );
  driver.advance(time("2026-03-10T14:00Z"));
  const credit = { saleId: 1, amount: "100.00 USD", fx: "0.92", soldIn: "EUR", creditedAt };
  driver.upsert(Credit, 1, { at: creditedAt }, credit).end(time("2026-03-12T00:00Z"));
  expect(driver.alerts().map(({ action, class: cause, atRisk }) => `${action} ${cause} ${atRisk}`)).toEqual([
    "warned never-credited 92.00",
    "resolved never-credited 0",
  ]);
  expect(driver.verdicts()).toEqual([]);
});

it("fails on Tuesday at five", () => {
  const soldAt = time("2026-03-06T10:00Z");
  const driver = testJob(example)
    .upsert(Sale, 1, { at: soldAt }, { saleId: 1, status: "sold", amount: "92.00 EUR", soldAt })
    .end(time("2026-03-12T00:00Z"));
  expect(driver.verdicts().map(({ class: cause, time: point }) => [cause, new Date(point).toISOString()])).toEqual([
    ["never-credited", "2026-03-10T16:00:02.000Z"],
  ]);
});
