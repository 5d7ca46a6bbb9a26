import { hours, minutes, seconds } from "../../base/time.ts";
import { START_MS, terms } from "../terms.ts";
import { type Account, type AccountContent, type Side, sidesAt } from "./account.ts";
import { batchAfter } from "./backfill.ts";
import { migrationTerms, shownAt } from "./terms.ts";

/** Causes of failure of a migration's check. */
export type MigrationClass = "missing-in-new" | "missing-in-old" | "field-differs" | "stale" | "delete-not-propagated";

/** What a plan made go wrong with an account that is right in everything else. */
export interface PlannedMigrationFault {
  readonly class: MigrationClass;
  /** The point of event time from which it is failing. */
  readonly dueAt: number;
  /** When something makes it right again. */
  readonly resolvedAt?: number;
  readonly note: string;
}

/** A kind of fault: how common it is among them, and which accounts it befalls. */
export interface MigrationFault {
  readonly often: number;
  /** `seed`: opened before the snapshots; `live`: since; `flipped`: since the new table is written first. */
  readonly befalls: "seed" | "live" | "flipped";
  readonly class: MigrationClass;
  plan(account: Account): Omit<PlannedMigrationFault, "class">;
}

/** The faults by name. What mends one comes ten minutes late at least. */
export const migrationFaults = {
  neverCopied: { often: 3, befalls: "live", class: "missing-in-new", plan: neverCopied },
  copiedLate: { often: 2, befalls: "live", class: "missing-in-new", plan: copiedLate },
  backfillForgot: { often: 2, befalls: "seed", class: "missing-in-new", plan: backfillForgot },
  newAlone: { often: 2, befalls: "live", class: "missing-in-old", plan: newAlone },
  newAloneFlipped: { often: 2, befalls: "flipped", class: "missing-in-old", plan: newAlone },
  newAheadOfOld: { often: 1, befalls: "live", class: "missing-in-old", plan: newAheadOfOld },
  balanceOffByOne: { often: 2, befalls: "live", class: "field-differs", plan: balanceOffByOne },
  balanceOffByOneFlipped: { often: 2, befalls: "flipped", class: "field-differs", plan: balanceOffByOne },
  stateDiffers: { often: 1, befalls: "live", class: "field-differs", plan: stateDiffers },
  ownerDiffers: { often: 1, befalls: "live", class: "field-differs", plan: ownerDiffers },
  limitDiffers: { often: 1, befalls: "live", class: "field-differs", plan: limitDiffers },
  zoneShifted: { often: 1, befalls: "live", class: "field-differs", plan: zoneShifted },
  differsThenCorrected: { often: 2, befalls: "live", class: "field-differs", plan: differsThenCorrected },
  backfillWrong: { often: 1, befalls: "seed", class: "field-differs", plan: backfillWrong },
  updateLost: { often: 3, befalls: "live", class: "stale", plan: updateLost },
  updateLostThenSent: { often: 2, befalls: "live", class: "stale", plan: updateLostThenSent },
  lastOfQuickUpdatesLost: { often: 1, befalls: "live", class: "stale", plan: lastOfQuickUpdatesLost },
  backfillOverwrote: { often: 1, befalls: "seed", class: "stale", plan: backfillOverwrote },
  notDeleted: { often: 2, befalls: "live", class: "delete-not-propagated", plan: notDeleted },
  deletedLate: { often: 1, befalls: "live", class: "delete-not-propagated", plan: deletedLate },
} as const satisfies Record<string, MigrationFault>;

export type MigrationFaultName = keyof typeof migrationFaults;

/** When a key fails of which a side was changed last; MariaDB's log has whole seconds. */
function dueAfter(side: Side, changedAt: number): number {
  const logged = side === "old" ? Math.floor(changedAt / 1000) * 1000 : changedAt;
  return logged + migrationTerms.failAfter + terms.skew;
}

/** Late by enough to be beyond doubt. */
function later(account: Account, dueAt: number): number {
  return dueAt + account.between(minutes(10), hours(10));
}

/** Some time after it was opened on both sides. */
function sometime(account: Account): number {
  return account.arrival + account.between(minutes(2), hours(10));
}

function neverCopied(account: Account) {
  account.insert("old", account.arrival, account.first);
  return { dueAt: dueAfter("old", account.arrival), note: "never written to the new table" };
}

function copiedLate(account: Account) {
  const fault = neverCopied(account);
  const resolvedAt = later(account, fault.dueAt);
  account.insert("new", resolvedAt, account.first);
  return { ...fault, resolvedAt, note: "written to the new table long after" };
}

function backfillForgot(account: Account) {
  account.insert("old", account.arrival, account.first);
  const dueAt = START_MS + migrationTerms.backfilledAfter + terms.skew;
  return { dueAt, note: "passed over by the back-fill" };
}

function newAlone(account: Account) {
  account.insert("new", account.arrival, account.first);
  return { dueAt: dueAfter("new", account.arrival), note: "in the new table only" };
}

function newAheadOfOld(account: Account) {
  const fault = newAlone(account);
  const resolvedAt = later(account, fault.dueAt);
  account.insert("old", resolvedAt, account.first);
  return { ...fault, resolvedAt, note: "in the new table long before it was in the old one" };
}

/** One side is changed, and the other is told something else. */
function changeDifferently(account: Account, changes: Partial<AccountContent>, wrong: Partial<AccountContent>) {
  const at = sometime(account);
  const other = sidesAt(at)[1];
  account.open();
  account.changeAlone(at, changes);
  const wrongAt = at + account.lag();
  account.write(other, wrongAt, wrong);
  return { dueAt: dueAfter(other, wrongAt), other };
}

function balanceOffByOne(account: Account) {
  const balance = account.otherBalance();
  const { dueAt } = changeDifferently(account, { balance }, { balance: balance + 1 });
  return { dueAt, note: "balances are one minor unit apart" };
}

function stateDiffers(account: Account) {
  const { dueAt } = changeDifferently(account, { state: "frozen" }, { state: "closed" });
  return { dueAt, note: "frozen on one side, closed on the other" };
}

function ownerDiffers(account: Account) {
  const { dueAt } = changeDifferently(account, { owner: "Ann Müller" }, { owner: "Ann M?ller" });
  return { dueAt, note: "the name came through another encoding" };
}

function limitDiffers(account: Account) {
  const creditLimit = 1 + account.random.below(50_000);
  const { dueAt } = changeDifferently(account, { creditLimit }, { creditLimit: creditLimit * 10 });
  return { dueAt, note: "the limit is ten times as high" };
}

function zoneShifted(account: Account) {
  const { arrival, first } = account;
  const at = arrival + account.lag();
  account.insert("old", arrival, first);
  account.insert("new", at, { ...first, openedAt: shownAt(first.openedAt) });
  return { dueAt: dueAfter("new", at), note: "the time was taken for one of UTC" };
}

function differsThenCorrected(account: Account) {
  const balance = account.otherBalance();
  const { dueAt, other } = changeDifferently(account, { balance }, { balance: balance + 100 });
  const resolvedAt = later(account, dueAt);
  account.write(other, resolvedAt, { balance });
  return { dueAt, resolvedAt, note: "balances differed until one was corrected" };
}

/** Of a row that the snapshot brought and nobody changed, the longer delay is waited for. */
function backfillWrong(account: Account) {
  const { first } = account;
  account.insert("old", account.arrival, first);
  account.insert("new", batchAfter(START_MS, account.random), { ...first, balance: first.balance + 1 });
  const dueAt = START_MS + migrationTerms.backfilledAfter + terms.skew;
  return { dueAt, note: "the back-fill wrote one minor unit too much" };
}

function updateLost(account: Account) {
  const at = sometime(account);
  account.open();
  account.changeAlone(at, { balance: account.otherBalance() });
  return { dueAt: dueAfter("old", at), note: "an update never came" };
}

function updateLostThenSent(account: Account) {
  const at = sometime(account);
  account.open();
  const changes = account.changeAlone(at, { balance: account.otherBalance() });
  const dueAt = dueAfter("old", at);
  const resolvedAt = later(account, dueAt);
  account.write("new", resolvedAt, changes);
  return { dueAt, resolvedAt, note: "an update came long after" };
}

/** Late from the first of them on, though the old side goes on changing. */
function lastOfQuickUpdatesLost(account: Account) {
  const at = sometime(account);
  const lostAt = at + seconds(12);
  account.open();
  account.change(at, { balance: account.otherBalance() });
  account.changeAlone(lostAt, { balance: account.otherBalance() });
  account.changeAlone(lostAt + seconds(4), { balance: account.otherBalance() });
  return { dueAt: dueAfter("old", lostAt), note: "the last two of three quick updates never came" };
}

/** Read, then changed on both sides, then written as it had been read. */
function backfillOverwrote(account: Account) {
  const { arrival, first, random } = account;
  const batch = batchAfter(START_MS, random);
  const changes = { balance: account.otherBalance() };
  account.insert("old", arrival, first);
  account.write("old", batch - seconds(25), changes);
  account.insert("new", batch - seconds(25) + account.lag(), { ...first, ...changes });
  account.write("new", batch, first);
  return { dueAt: dueAfter("new", batch), note: "the back-fill overwrote what was newer" };
}

function notDeleted(account: Account) {
  const at = sometime(account);
  account.open();
  account.remove("old", at);
  return { dueAt: dueAfter("old", at), note: "deleted on one side only" };
}

function deletedLate(account: Account) {
  const at = sometime(account);
  account.open();
  account.remove("old", at);
  const dueAt = dueAfter("old", at);
  const resolvedAt = later(account, dueAt);
  account.remove("new", resolvedAt);
  return { dueAt, resolvedAt, note: "deleted long after" };
}
