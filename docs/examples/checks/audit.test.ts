import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Context, Entry } from "./audit.ts";

const S = 1_000;

it("is the example of docs/reference/checks/audit.md", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../reference/checks/audit.md"), "utf8");
  const [, shown] = /^```ts\n(.*?)^```$/ms.exec(page) ?? [];
  expect(shown).toBe(readFileSync(resolve(import.meta.dirname, "audit.ts"), "utf8"));
});

it("finds a transaction that nobody accounted for, and an amount that changed without its version", () => {
  const entry = { id: 1, status: "open", amount: "10.00 EUR", version: 1n, modifiedAt: 0 };
  const driver = testJob(example)
    .seed(Entry, 1, { at: 0 }, entry)
    .upsert(Entry, 1, { at: 10 * S, transaction: "7" }, { ...entry, amount: "12.00 EUR" })
    .commit("ledger", "7", 10 * S, { entries: 1 })
    .upsert(
      Entry,
      1,
      { at: 20 * S, transaction: "8" },
      { ...entry, amount: "9.00 EUR", version: 2n, modifiedAt: 20 * S },
    )
    .upsert(Context, 1, { at: 20 * S, transaction: "8" }, { who: "ada", why: "FIN-1" })
    .commit("ledger", "8", 20 * S, { entries: 1, context: 1 })
    .advance(60 * S);
  expect(driver.verdicts().map(({ check, class: cause, key }) => [check, cause, key])).toEqual([
    ["ledger-changes.rows", "unguarded-change", "'7"],
    ["ledger-changes", "unauthorised", "'7"],
  ]);
});

it("cannot see a transaction that does not end, nor tell what changed in a row that is not known from before", () => {
  const entry = { id: 9, status: "open", amount: "10.00 EUR", version: 1n, modifiedAt: 0 };
  const driver = testJob(example)
    .update(Entry, 9, { at: 10 * S, transaction: "7" }, entry)
    .upsert(Context, 1, { at: 10 * S, transaction: "7" }, { who: "ada", why: "FIN-1" })
    .advance(400 * S);
  const said = () => driver.verdicts().map(({ check, status, class: cause }) => [check, status, cause]);
  expect(said()).toEqual([
    ["ledger-changes.rows", "unobservable", null],
    ["ledger-changes", "unobservable", null],
  ]);
  driver.commit("ledger", "7", 500 * S, { entries: 1, context: 1 }).advance(600 * S);
  expect(said().slice(2)).toEqual([
    ["ledger-changes.rows", "fail", "unattributable"],
    ["ledger-changes", "pass", null],
  ]);
});
