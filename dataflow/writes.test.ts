import { expect, it } from "vitest";
import { job } from "../checks/job.ts";
import { type TestDriver, testJob } from "../testing/index.ts";
import { id, integer, model, money, table } from "./model.ts";

const Account = model("Account", {
  from: table("bank", "accounts"),
  fields: { accountId: id(), balance: money(), version: integer() },
});
const writes = job("writes", (env) => env.writes(Account).to("writes"));

/** Writes as texts: `7 insert 1: → 5.00 EUR`. */
function seen(driver: TestDriver): string[] {
  return driver.sink("writes").map((row) => {
    const { transactionId, operation, rowId, isBeforeKnown, balance, balanceBefore } = row as {
      readonly [K in string]: string;
    };
    const before = isBeforeKnown ? shown(balanceBefore) : "?";
    return `${transactionId} ${operation} ${rowId}: ${before}→${shown(balance)}`;
  });
}

function shown(money: unknown): string {
  const value = money as { readonly minor: bigint } | null;
  return value === null ? "" : String(value.minor);
}

const at = (transaction: string, time = 10) => ({ at: time, transaction });
const balance = (amount: string) => ({ accountId: 1, balance: `${amount} EUR`, version: 1n });

it("every write is a row that never goes, with what was before", () => {
  const driver = testJob(writes)
    .upsert(Account, 1, at("7"), balance("5.00"))
    .upsert(Account, 1, at("8"), balance("6.00"));
  driver.delete(Account, 1, at("9"));
  expect(seen(driver)).toEqual(["'7 insert 1: →500", "'8 update 1: 500→600", "'9 delete 1: 600→"]);
});

it("a write that leaves a row as it was is one too", () => {
  const driver = testJob(writes)
    .upsert(Account, 1, at("7"), balance("5.00"))
    .upsert(Account, 1, at("8"), balance("5.00"));
  expect(seen(driver)).toEqual(["'7 insert 1: →500", "'8 update 1: 500→500"]);
});

it("what a snapshot reads is none, and is known from then on", () => {
  const driver = testJob(writes)
    .seed(Account, 1, { at: 0 }, balance("5.00"))
    .upsert(Account, 1, at("8"), balance("6.00"));
  driver.seed(Account, 1, { at: 20 }, balance("6.00"));
  expect(seen(driver)).toEqual(["'8 update 1: 500→600"]);
});

it("what a row was that was never seen is not known", () => {
  const driver = testJob(writes).update(Account, 1, at("7"), balance("5.00")).delete(Account, 2, at("7"));
  expect(seen(driver)).toEqual(["'7 update 1: ?→500", "'7 delete 2: ?→"]);
});

it("a row that is written again after it was deleted was not there", () => {
  const driver = testJob(writes).upsert(Account, 1, at("7"), balance("5.00")).delete(Account, 1, at("8"));
  driver.upsert(Account, 1, at("9"), balance("6.00"));
  expect(seen(driver)).toEqual(["'7 insert 1: →500", "'8 delete 1: 500→", "'9 insert 1: →600"]);
});

it("what the log says twice is written once", () => {
  const twice = { ...at("7"), position: [1, 5, 0] as const };
  const driver = testJob(writes).upsert(Account, 1, twice, balance("5.00")).upsert(Account, 1, twice, balance("5.00"));
  expect(seen(driver)).toEqual(["'7 insert 1: →500"]);
  expect(driver.repeats("bank")).toBe(1);
});

it("a field that has the name of one of theirs is refused", () => {
  const Odd = model("Odd", { from: table("bank", "odd"), fields: { rowId: id() } });
  const odd = job("odd", (env) => env.writes(Odd).to("writes"));
  expect(() => odd.graph()).toThrow("rowId: its writes have a field of that name");
});

it("beside the rows themselves", () => {
  const both = job("both", (env) => {
    env.writes(Account).to("writes");
    env.changes(Account).to("rows");
  });
  const driver = testJob(both)
    .upsert(Account, 1, at("7"), balance("5.00"))
    .upsert(Account, 1, at("8"), balance("6.00"));
  expect(seen(driver)).toHaveLength(2);
  expect(driver.sink("rows")).toHaveLength(3);
});
