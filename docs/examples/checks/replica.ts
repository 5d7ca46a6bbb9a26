import { days, id, instant, job, model, money, seconds, table, text } from "countercheck";

export const OldAccount = model("OldAccount", {
  from: table("shop", "accounts"),
  fields: {
    accountId: id("id"),
    name: text(),
    state: text({ values: { 1: "active", 2: "frozen" } }),
    balance: money(),
    openedAt: instant(),
  },
});
export const NewAccount = model("NewAccount", {
  from: table("ledger", "accounts_v2"),
  fields: {
    accountId: id("legacy_id"),
    owner: text(),
    state: text(),
    balance: money(),
    openedAt: instant(),
    tier: text(),
  },
});

export default job("accounts", (env) => {
  env.replica("accounts", {
    by: "accountId",
    old: env.changes(OldAccount),
    new: env.changes(NewAccount),
    compare: {
      name: { as: "owner", nullIs: "" },
      state: true,
      balance: true,
      openedAt: { oldClock: "Europe/Berlin" },
    },
    ignore: ["tier"],
    failAfter: seconds(30),
    backfilledAfter: days(3),
  });
});
