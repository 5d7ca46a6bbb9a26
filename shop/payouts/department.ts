import { keyOf } from "../../base/key.ts";
import { formatDecimal } from "../../base/money.ts";
import type { Random } from "../../base/random.ts";
import { days, hours, minutes } from "../../base/time.ts";
import type { Department, DepartmentContext, DepartmentFault, DepartmentSpec, DepartmentTruth } from "../department.ts";
import { digitsOf } from "../prices.ts";
import type { BookingTimes } from "../settlement.ts";
import type { LineRow } from "../tables.ts";
import { END_MS, START_MS } from "../terms.ts";
import type { World } from "../world.ts";
import { type Account, PayoutBatch } from "./account.ts";
import { PayoutCasting } from "./casting.ts";
import { Desk } from "./desk.ts";
import { leaveUnadjusted, payoutFaults, payUnknownBatch, type Unknown } from "./faults.ts";
import { type PayoutLookAlikeName, payoutLookAlikes } from "./look-alikes.ts";

/** uid of the check that finds what goes wrong. */
const CHECK = "batch-payout";
/** Share of the settlement runs for which an advance is paid. */
const PREPAID = 0.03;

/**
 * Pays settlement batches out, one payout for each currency, by the cutoff of the next business day. What is changed in a
 * batch behind its payout is paid or taken back by an adjustment in time.
 */
export const payouts: DepartmentSpec = { name: "payment-settlement", open: (context) => new Payouts(context) };

class Payouts implements Department {
  readonly #world: World;
  readonly #random: Random;
  readonly #desk: Desk;
  readonly #casting: PayoutCasting;
  readonly #batches = new Map<string, PayoutBatch>();
  readonly #unknown: Unknown[] = [];
  readonly #counts = {
    ...(Object.fromEntries(Object.keys(payoutLookAlikes).map((name) => [name, 0])) as Record<
      PayoutLookAlikeName,
      number
    >),
    payoutBeforeLines: 0,
    payoutAfterWeekend: 0,
    payoutAdjusted: 0,
  };

  constructor({ world, random, orders, faults }: DepartmentContext) {
    this.#world = world;
    this.#random = random;
    this.#desk = new Desk(world);
    this.#casting = new PayoutCasting(random.fork("casting"), orders, faults);
  }

  begin(): void {
    const { lines, settlement } = this.#world;
    lines.observer = (before, after) => this.#changed(before, after);
    settlement.observer = (times, rows) => this.#announced(times, rows);
  }

  truth(): DepartmentTruth {
    const accounts = [...this.#batches.values()].flatMap(({ accounts }) => [...accounts.values()]);
    const known = accounts.flatMap((account) => (account.fault ? [{ account, fault: account.fault }] : []));
    return { faults: [...known, ...this.#unknown].flatMap(described), lookAlikes: this.#counts };
  }

  /** A line of the ledger was changed, in the transaction that is going on. */
  #changed(before: LineRow | null, after: LineRow | null): void {
    const now = this.#world.postgres.commitMs;
    const wereRight = new Map<Account, boolean>();
    for (const [row, times] of [[before, -1] as const, [after, 1] as const]) {
      if (row === null) continue;
      const account = this.#batchOf(row).account(row.currency);
      if (!wereRight.has(account)) wereRight.set(account, account.open === 0 && account.sent === 0);
      account.count(row, times);
    }
    for (const { batch } of wereRight.keys()) this.#repair(batch, now);
    for (const [account, wasRight] of wereRight) this.#follow(account, now, wasRight);
  }

  /** What was wrong with a batch is noticed when its lines change. */
  #repair(batch: PayoutBatch, now: number): void {
    const accounts = [...batch.accounts.values()];
    const isOpen = ({ fault }: Account) => fault !== undefined && !fault.isCancelled && fault.resolvedAt === undefined;
    if (!accounts.some(isOpen)) return;
    for (const account of accounts) {
      if (account.isPaidOut) this.#desk.balance(account, now);
    }
  }

  #follow(account: Account, now: number, wasRight: boolean): void {
    const { batch } = account;
    if (!account.isPlanned) {
      account.isPlanned = true;
      if (batch.isUrgent(now)) {
        account.isPaidOut = true;
        this.#desk.balance(account, now);
      } else this.#plan(account, now);
      return;
    }
    const { isAdjusting, isPaidOut, lines, open } = account;
    const isPaid = account.payouts.length > 0;
    const isOnItsWay = open > 0 && (isAdjusting || !isPaidOut);
    const isRight = lines === 0 ? !isPaid : open === 0 || isOnItsWay;
    if ((!isPaidOut && !isPaid) || isRight) return;
    if (wasRight && this.#casting.leavesUnadjusted(account, now)) account.fault = leaveUnadjusted(account, now);
    else this.#adjust(account, now);
  }

  /** What is to be taken back is taken back at once; what is to be paid on top may take until the deadline. */
  #adjust(account: Account, now: number): void {
    const { batch } = account;
    this.#counts.payoutAdjusted++;
    if (account.lines === 0 || account.open < 0 || batch.isUrgent(now)) return this.#desk.balance(account, now);
    account.isAdjusting = true;
    const random = this.#random.fork(`adjustment/${batch.id}/${account.currency}/${now}`);
    const wanted = now + minutes(10) + random.below(batch.closesAt - now - minutes(10));
    this.#desk.at(batch, wanted, (at) => {
      account.isAdjusting = false;
      this.#desk.balance(account, at);
    });
  }

  #plan(account: Account, now: number): void {
    const { batch, currency } = account;
    const random = this.#random.fork(`payout/${batch.id}/${currency}`);
    const wanted = now + hours(1) + random.below(batch.closesAt - now - hours(2));
    this.#desk.at(batch, wanted, (at) => {
      account.isPaidOut = true;
      this.#payOut(account, at, random);
    });
  }

  #payOut(account: Account, now: number, random: Random): void {
    if (!account.isPlain) return this.#desk.balance(account, now);
    const context = { desk: this.#desk, account, random, now };
    const unknownId = now > START_MS ? this.#casting.unknownBatch() : undefined;
    if (unknownId !== undefined) {
      payUnknownBatch(this.#desk, unknownId, now + minutes(3), random, (unknown) => this.#unknown.push(unknown));
    }
    const name = this.#casting.fault(account, now, random);
    if (name !== undefined) return payoutFaults[name].play(context);
    const lookAlike = this.#casting.lookAlike(random);
    if (lookAlike !== undefined) {
      this.#counts[lookAlike]++;
      return payoutLookAlikes[lookAlike].play(context);
    }
    if (account.batch.dueAt - now < hours(34) && account.batch.dueAt - account.batch.bookedAt > days(3)) {
      this.#counts.payoutAfterWeekend++;
    }
    this.#desk.pay(account, account.net, now, random);
  }

  /** A settlement run is planned: now and then its batch gets an advance before its lines are booked. */
  #announced({ bookedAt, committedAt }: BookingTimes, rows: readonly LineRow[]): void {
    const random = this.#random.fork(`advance/${bookedAt}`);
    const wanted = committedAt - minutes(1) - random.below(minutes(3));
    if (
      !random.chance(PREPAID) ||
      wanted <= this.#world.schedule.now ||
      wanted < START_MS + hours(1) ||
      wanted > END_MS - hours(1)
    )
      return;
    const { batch_id: id, currency } = rows[0]!;
    const batch = this.#batch(id, bookedAt);
    this.#desk.at(batch, wanted, (now) => {
      const own = rows.filter((row) => row.currency === currency);
      const sum = own.reduce((net, row) => net + row.net, 0);
      if (own.some(({ net }) => net < 0) || sum === 0) return;
      this.#counts.payoutBeforeLines++;
      this.#desk.payNow(batch.account(currency), sum, now);
    });
  }

  #batchOf(row: LineRow): PayoutBatch {
    return this.#batch(row.batch_id, Date.parse(row.booked_at));
  }

  #batch(id: string, bookedAt: number): PayoutBatch {
    const known = this.#batches.get(id);
    if (known !== undefined) return known;
    const batch = new PayoutBatch(id, bookedAt);
    this.#batches.set(id, batch);
    return batch;
  }
}

function described({ account: { batch, currency, unit }, fault }: Unknown): DepartmentFault[] {
  if (fault.isCancelled) return [];
  const { class: name, dueAt, note, resolvedAt } = fault;
  const atRisk = formatDecimal(BigInt(fault.atRisk / unit), digitsOf(currency));
  const resolved = resolvedAt === undefined ? {} : { resolvedAt };
  return [{ check: CHECK, class: name, key: keyOf(batch.id), currency, atRisk, dueAt, note, ...resolved }];
}
