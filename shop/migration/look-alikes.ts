import { hours, minutes, seconds } from "../../base/time.ts";
import { START_MS } from "../terms.ts";
import { type Account, sidesAt } from "./account.ts";
import { batchAfter } from "./backfill.ts";
import { BACKFILL_BATCHES, BACKFILL_EVERY, BACKFILL_FROM } from "./terms.ts";

/** An account that looks wrong for a while, or to a careless comparison, and is right whenever it is judged. */
export interface MigrationLookAlike {
  /** Share of the accounts that it can befall. */
  readonly share: number;
  plan(account: Account): void;
}

/** Of accounts that were opened since the snapshots. */
export const liveLookAlikes = {
  quickUpdates: { share: 0.08, plan: quickUpdates },
  slowLag: { share: 0.06, plan: slowLag },
  newSideFirst: { share: 0.05, plan: newSideFirst },
  ignoredColumns: { share: 0.06, plan: ignoredColumns },
  changedAndBack: { share: 0.05, plan: changedAndBack },
  deletedOnBoth: { share: 0.05, plan: deletedOnBoth },
  deletedAndReopened: { share: 0.05, plan: deletedAndReopened },
  nullIsDefault: { share: 0.06, plan: nullIsDefault },
} as const satisfies Record<string, MigrationLookAlike>;

/** Of accounts that the snapshots brought. */
export const seedLookAlikes = {
  inBothTables: { share: 0.25, plan: inBothTables },
  updatedBeforeBackfill: { share: 0.12, plan: updatedBeforeBackfill },
  updatedAfterBackfill: { share: 0.12, plan: updatedAfterBackfill },
  deletedBeforeBackfill: { share: 0.06, plan: deletedBeforeBackfill },
  backfilledLast: { share: 0.06, plan: backfilledLast },
} as const satisfies Record<string, MigrationLookAlike>;

export type MigrationLookAlikeName = keyof typeof liveLookAlikes | keyof typeof seedLookAlikes;

/** Opened, and changed up to three times in a day. */
export function usualLive(account: Account): void {
  account.open();
  changeNowAndThen(account, account.arrival + minutes(2));
}

/** Written by the back-fill. */
export function usualSeed(account: Account): void {
  backfill(account, batchAfter(START_MS, account.random));
}

function changeNowAndThen(account: Account, from: number): void {
  let at = from;
  for (let left = account.random.below(4); left > 0; left--) {
    at += account.between(minutes(2), hours(5));
    account.change(at, account.random.chance(0.2) ? { state: "frozen" } : { balance: account.otherBalance() });
  }
}

/** Changes overtake each other's copies. */
function quickUpdates(account: Account): void {
  account.open();
  let at = account.arrival + account.between(minutes(2), hours(8));
  const lag = account.lag();
  for (let left = 3 + account.random.below(4); left > 0; left--) {
    account.change(at, { balance: account.otherBalance() }, lag);
    at += account.between(seconds(1), seconds(4));
  }
}

/** Copies that are nearly too late. */
function slowLag(account: Account): void {
  const lag = seconds(25);
  account.open(account.arrival, lag);
  account.change(account.arrival + minutes(5), { balance: account.otherBalance() }, lag);
}

/** The other side's transaction is committed first. */
function newSideFirst(account: Account): void {
  const { arrival, first } = account;
  const [primary, other] = sidesAt(arrival);
  account.insert(other, arrival, first);
  account.insert(primary, arrival + account.lag(), first);
}

function ignoredColumns(account: Account): void {
  account.open();
  account.touch("old", account.arrival + account.between(minutes(2), hours(3)));
  account.touch("new", account.arrival + account.between(hours(4), hours(8)));
}

/** The other side sees neither the change nor that it was taken back. */
function changedAndBack(account: Account): void {
  const { balance } = account.first;
  const at = account.arrival + account.between(minutes(2), hours(8));
  account.open();
  account.changeAlone(at, { balance: account.otherBalance() });
  account.changeAlone(at + account.between(seconds(2), seconds(15)), { balance });
}

function deletedOnBoth(account: Account): void {
  account.open();
  account.delete(account.arrival + account.between(minutes(2), hours(8)));
}

/** Both follow within seconds, so that one side has the new row while the other still has the old one. */
function deletedAndReopened(account: Account): void {
  const at = account.arrival + account.between(minutes(2), hours(8));
  const [primary, other] = sidesAt(at);
  const again = { ...account.first, balance: account.otherBalance() };
  const lag = account.between(seconds(4), seconds(8));
  account.open();
  account.delete(at, lag);
  account.insert(primary, at + seconds(2), again);
  account.insert(other, at + lag + seconds(2), again);
}

function nullIsDefault(account: Account): void {
  const at = account.arrival + account.between(minutes(2), hours(3));
  account.open();
  account.change(at, { owner: "Somebody", creditLimit: 100 });
  account.change(at + hours(1), { owner: null, creditLimit: null });
}

/** In the new table when the batch comes, or before. */
function backfill(account: Account, batch: number): void {
  account.insert("old", account.arrival, account.first);
  account.insert("new", batch, account.first);
}

function inBothTables(account: Account): void {
  account.insert("old", account.arrival, account.first);
  account.insert("new", account.arrival + 1, account.first);
  changeNowAndThen(account, START_MS + account.between(hours(1), hours(60)));
}

/** The dual write brings the whole account; the back-fill passes it over. */
function updatedBeforeBackfill(account: Account): void {
  const changes = { balance: account.otherBalance() };
  const at = START_MS + account.between(minutes(1), minutes(50));
  account.insert("old", account.arrival, account.first);
  account.write("old", at, changes);
  account.insert("new", at + account.lag(), { ...account.first, ...changes });
}

function updatedAfterBackfill(account: Account): void {
  const batch = batchAfter(START_MS, account.random);
  backfill(account, batch);
  changeNowAndThen(account, batch + minutes(1));
}

function deletedBeforeBackfill(account: Account): void {
  account.insert("old", account.arrival, account.first);
  account.remove("old", START_MS + account.between(minutes(1), minutes(50)));
}

/** By the last batch of all, a day before it must have been there. */
function backfilledLast(account: Account): void {
  backfill(account, BACKFILL_FROM + (BACKFILL_BATCHES - 1) * BACKFILL_EVERY);
}
