import { id, instant, model, money, table, text } from "countercheck";

/** An account as the old application has it: numbers for states, its own clocks' times, nulls. */
export const OldAccount = model("OldAccount", {
  from: table("shop", "accounts"),
  fields: {
    accountId: id("id"),
    ownerName: text(),
    state: text({ values: { 1: "active", 2: "frozen", 3: "closed" } }),
    balance: money(),
    creditLimit: money(),
    openedAt: instant(),
  },
});

/** The same account in the new application, which keeps the old one's id beside its own. */
export const NewAccount = model("NewAccount", {
  from: table("ledger", "accounts_v2"),
  fields: {
    accountId: id("legacy_id"),
    ownerName: text(),
    state: text(),
    balance: money(),
    creditLimit: money(),
    openedAt: instant(),
  },
});
