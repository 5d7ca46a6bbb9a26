import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { NewAccount, OldAccount } from "./replica.ts";

const S = 1_000;

it("is the example of docs/reference/checks/replica.md", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../reference/checks/replica.md"), "utf8");
  const [, shown] = /^```ts\n(.*?)^```$/ms.exec(page) ?? [];
  expect(shown).toBe(readFileSync(resolve(import.meta.dirname, "replica.ts"), "utf8"));
});

it("finds an account that both sides have, but not the same", () => {
  const openedAt = Date.UTC(2026, 0, 15, 10);
  const account = { accountId: 7, balance: "10.00 EUR", openedAt };
  const driver = testJob(example)
    .upsert(OldAccount, 7, { at: 0 }, { ...account, name: null, state: "active", openedAt: openedAt + 3_600 * S })
    .upsert(NewAccount, "acc-7", { at: 3 * S }, { ...account, owner: "", state: "active", tier: "gold" })
    .advance(60 * S);
  expect(driver.verdicts()).toEqual([]);
  driver.upsert(NewAccount, "acc-7", { at: 90 * S }, { ...account, owner: "", state: "frozen" }).advance(180 * S);
  expect(driver.verdicts().map(({ class: cause, note }) => [cause, note])).toEqual([
    ["field-differs", "state differs: old active, new frozen"],
  ]);
});
