import { setTimeout as sleep } from "node:timers/promises";
import { shownAt } from "../../migration/terms.ts";
import type { SqlAccount } from "./sql-account.ts";

/** What an account does, in real time, and how the check must call it. */
export interface SqlKind {
  /** What goes wrong; null for what looks wrong and is right. */
  readonly class: string | null;
  /** It comes right again, by what is done `LATE_MS` later. */
  readonly resolves?: true;
  play(account: SqlAccount): Promise<void>;
}

/** The other side follows after so long. */
const LAG_MS = 1_500;
/** What mends a fault comes so long after it: behind the check's delay and the slowness of machines. */
const LATE_MS = 20_000;
/** Some time after an account was opened. */
const LATER_MS = 4_000;

/** All that accounts of a run do. */
export const sqlKinds = {
  neverCopied: { class: "missing-in-new", play: (account) => account.insertOld() },
  copiedLate: { class: "missing-in-new", resolves: true, play: copiedLate },
  newAlone: { class: "missing-in-old", play: (account) => account.insertNew() },
  balanceOffByOne: { class: "field-differs", play: (account) => differ(account, { balance: 501 }) },
  stateDiffers: { class: "field-differs", play: (account) => differ(account, { state: 3 }) },
  ownerDiffers: { class: "field-differs", play: (account) => differ(account, { owner: "Ann M?ller" }) },
  zoneShifted: { class: "field-differs", play: zoneShifted },
  corrected: { class: "field-differs", resolves: true, play: corrected },
  updateLost: { class: "stale", play: updateLost },
  updateLate: { class: "stale", resolves: true, play: updateLate },
  notDeleted: { class: "delete-not-propagated", play: notDeleted },
  usual: { class: null, play: usual },
  quickUpdates: { class: null, play: quickUpdates },
  newSideFirst: { class: null, play: newSideFirst },
  ignoredColumns: { class: null, play: ignoredColumns },
  deletedOnBoth: { class: null, play: deletedOnBoth },
  deletedAndReopened: { class: null, play: deletedAndReopened },
  nullIsDefault: { class: null, play: nullIsDefault },
} as const satisfies Record<string, SqlKind>;

export type SqlKindName = keyof typeof sqlKinds;

async function open(account: SqlAccount): Promise<void> {
  await account.insertOld();
  await sleep(LAG_MS);
  await account.insertNew();
}

/** Opens an account, and waits until one may change it. */
async function openBefore(account: SqlAccount): Promise<void> {
  await open(account);
  await sleep(LATER_MS);
}

async function copiedLate(account: SqlAccount): Promise<void> {
  await account.insertOld();
  await sleep(LATE_MS);
  await account.insertNew();
}

/** Both sides change, and the new one is told something else besides. */
async function differ(account: SqlAccount, wrong: Parameters<SqlAccount["updateNew"]>[0]): Promise<void> {
  const changes = { balance: 500, state: 2, owner: "Ann Maier" } as const;
  await openBefore(account);
  await account.updateOld(changes);
  await sleep(LAG_MS);
  await account.updateNew({ ...changes, ...wrong });
}

async function zoneShifted(account: SqlAccount): Promise<void> {
  await account.insertOld();
  await sleep(LAG_MS);
  await account.insertNew({ ...account.first, openedAt: shownAt(account.first.openedAt) });
}

async function corrected(account: SqlAccount): Promise<void> {
  await differ(account, { balance: 600 });
  await sleep(LATE_MS);
  await account.updateNew({ balance: 500 });
}

async function updateLost(account: SqlAccount): Promise<void> {
  await openBefore(account);
  await account.updateOld({ balance: 700 });
}

async function updateLate(account: SqlAccount): Promise<void> {
  await updateLost(account);
  await sleep(LATE_MS);
  await account.updateNew({ balance: 700 });
}

async function notDeleted(account: SqlAccount): Promise<void> {
  await openBefore(account);
  await account.deleteOld();
}

async function usual(account: SqlAccount): Promise<void> {
  await openBefore(account);
  await account.updateOld({ balance: 800 });
  await sleep(LAG_MS);
  await account.updateNew({ balance: 800 });
}

async function quickUpdates(account: SqlAccount): Promise<void> {
  await openBefore(account);
  for (const balance of [1, 2, 3, 4]) {
    await account.updateOld({ balance });
    await sleep(700);
  }
  for (const balance of [1, 2, 3, 4]) await account.updateNew({ balance });
}

async function newSideFirst(account: SqlAccount): Promise<void> {
  await account.insertNew();
  await sleep(LAG_MS);
  await account.insertOld();
}

async function ignoredColumns(account: SqlAccount): Promise<void> {
  await openBefore(account);
  await account.touch();
}

async function deletedOnBoth(account: SqlAccount): Promise<void> {
  await openBefore(account);
  await account.deleteOld();
  await sleep(LAG_MS);
  await account.deleteNew();
}

async function deletedAndReopened(account: SqlAccount): Promise<void> {
  const again = { ...account.first, balance: 900 };
  await deletedOnBoth(account);
  await account.insertOld(again);
  await sleep(LAG_MS);
  await account.insertNew(again);
}

async function nullIsDefault(account: SqlAccount): Promise<void> {
  await openBefore(account);
  for (const changes of [
    { owner: null, limit: 100 },
    { owner: "Ann", limit: null },
    { owner: null, limit: null },
  ]) {
    await account.updateOld(changes);
    await sleep(LAG_MS);
    await account.updateNew(changes);
    await sleep(LATER_MS);
  }
}
