import { hours, minutes } from "../../base/time.ts";
import type { FaultContext } from "./faults.ts";

/** A payout that looks wrong for a while, or to a careless rule, and is right at every point of event time. */
export interface PayoutLookAlike {
  /** Share of all payouts. */
  readonly share: number;
  play(context: FaultContext): void;
}

/** The look-alikes by name. All are for plain accounts. */
export const payoutLookAlikes = {
  splitPayout: { share: 0.06, play: splitPayout },
  payoutRejectedOnce: { share: 0.04, play: payoutRejectedOnce },
  payoutAmountCorrected: { share: 0.03, play: payoutAmountCorrected },
  payoutJustInTime: { share: 0.04, play: payoutJustInTime },
} as const satisfies Record<string, PayoutLookAlike>;

export type PayoutLookAlikeName = keyof typeof payoutLookAlikes;

/** The bank gets two payouts, hours apart. */
function splitPayout({ desk, account, random, now }: FaultContext): void {
  const first = account.unit * (1 + random.below(account.net / account.unit - 1));
  const rest = Math.min(now + hours(1) + random.below(hours(6)), account.batch.closesAt);
  desk.pay(account, first, now, random);
  desk.at(account.batch, rest, (at) => desk.balance(account, at));
}

/** The bank rejects the payout, and takes the next. */
function payoutRejectedOnce({ desk, account, now }: FaultContext): void {
  desk.fail(account, account.net, now, (failedAt) => {
    desk.at(account.batch, failedAt + minutes(20), (at) => desk.balance(account, at));
  });
}

/** Too little at first, put right before it is due. */
function payoutAmountCorrected({ desk, account, random, now }: FaultContext): void {
  const row = desk.payNow(account, account.unit, now);
  desk.at(account.batch, Math.min(now + minutes(10) + random.below(hours(3)), account.batch.closesAt), (at) => {
    if (!account.payouts.includes(row)) return;
    desk.change(row, { amount: row.amount + account.open }, at);
  });
}

/** One minute before the deadline. */
function payoutJustInTime({ desk, account }: FaultContext): void {
  desk.at(account.batch, account.batch.dueAt - minutes(1), (at) => desk.balance(account, at));
}
