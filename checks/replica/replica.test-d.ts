import { days, id, instant, integer, job, model, money, seconds, table, text } from "../../index.ts";

/** What compiles and what does not in a replica: every line under `@ts-expect-error` must fail, every other one must not. */

const Old = model("Old", {
  from: table("shop", "accounts"),
  fields: {
    accountId: id("id"),
    name: text(),
    state: text({ values: { 1: "active", 2: "frozen" } }),
    balance: money(),
    openedAt: instant(),
    version: integer(),
  },
});
const New = model("New", {
  from: table("ledger", "accounts_v2"),
  fields: {
    accountId: id("legacy_id"),
    owner: text(),
    state: text(),
    balance: money({ scale: 4 }),
    openedAt: instant(),
    tier: text(),
  },
});
const failAfter = seconds(30);

export const compiles = job("compiles", (env) => {
  env.replica("accounts", {
    by: "accountId",
    old: env.changes(Old).where({ state: "active" }),
    new: env.changes(New),
    compare: {
      name: { as: "owner", nullIs: "" },
      state: true,
      balance: true,
      openedAt: { oldClock: "Europe/Berlin" },
    },
    ignore: ["version", "tier"],
    failAfter,
    backfilledAfter: days(3),
    backfilled: { by: "openedAt", before: Date.UTC(2026, 2, 2) },
    direction: "newToOld",
  });
});

export const wrong = job("wrong", (env) => {
  const tables = { old: env.changes(Old), new: env.changes(New), failAfter } as const;
  // @ts-expect-error the key is no id of both models
  env.replica("a", { ...tables, by: "state", compare: { balance: true } });
  // @ts-expect-error the old side has no such field
  env.replica("b", { ...tables, by: "accountId", compare: { owner: true } });
  // @ts-expect-error the new side has no field of that name: say what it calls it
  env.replica("c", { ...tables, by: "accountId", compare: { name: true } });
  // @ts-expect-error money and text are never the same
  env.replica("d", { ...tables, by: "accountId", compare: { name: { as: "balance" } } });
  // @ts-expect-error there is no such field to ignore
  env.replica("e", { ...tables, by: "accountId", compare: { balance: true }, ignore: ["colour"] });
  // @ts-expect-error a duration names its unit: seconds(30)
  env.replica("f", { ...tables, by: "accountId", compare: { balance: true }, failAfter: 30 });
  // @ts-expect-error the back-fill's rows are told by an instant
  env.replica("g", { ...tables, by: "accountId", compare: { balance: true }, backfilled: { by: "name", before: 0 } });
  // @ts-expect-error there are two directions
  env.replica("h", { ...tables, by: "accountId", compare: { balance: true }, direction: "both" });
});
