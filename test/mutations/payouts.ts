import { days, hours } from "../../base/time.ts";
import { type Row, unscaledOf } from "../../shop/decoded-log.test-helper.ts";
import { digitsOf } from "../../shop/prices.ts";
import { START_MS } from "../../shop/terms.ts";
import { change, later, more } from "./change.ts";
import { type Chosen, countsOf, lastRows, type Mutation } from "./mutation.ts";
import type { Recording } from "./recording.ts";

const CHECK = "batch-payout";

/** What can go wrong between settlement batches and what the bank is paid for them. */
export const payoutMutations: readonly Mutation[] = [
  of("dropped", "the payout", "missing", (recording, { payout }) => change.drop(recording, payout)),
  of("doubled", "the payout", "over-paid", (recording, { payout, id }) =>
    change.double(recording, payout, { id: id + 900_000_000n }),
  ),
  of("one unit off", "the payout, more", "over-paid", (recording, { payout, unit }) =>
    change.cells(recording, payout, (row) => ({ ...row, amount: more(row.amount, unit) })),
  ),
  of("one unit off", "the payout, less", "under-paid", (recording, { payout, unit }) =>
    change.cells(recording, payout, (row) => ({ ...row, amount: more(row.amount, -unit) })),
  ),
  of("another currency", "the payout", "currency-mismatch", (recording, { payout, other }) =>
    change.cells(recording, payout, { currency: other }),
  ),
  of("late", "the payout, by four days", "missing", (recording, { payout }) => moved(recording, payout, days(4))),
  of("out of order", "the payout before its lines", null, (recording, { payout, paidAt, bookedAt }) =>
    moved(recording, payout, bookedAt - paidAt - hours(1)),
  ),
];

interface Paid {
  readonly payout: { readonly table: "payouts"; readonly where: { readonly id: bigint } };
  readonly id: bigint;
  readonly paidAt: number;
  /** When the first line of the batch was booked. */
  readonly bookedAt: number;
  /** One minor unit, in units of the payout's last place. */
  readonly unit: bigint;
  readonly other: string;
}

function moved(recording: Recording, payout: Paid["payout"], byMs: number): number {
  return change.shift(recording, payout, byMs, (row) =>
    row.paid_at === null ? row : { ...row, paid_at: later(row.paid_at, byMs) },
  );
}

function of(
  kind: Mutation["kind"],
  what: string,
  gives: string | null,
  apply: (recording: Recording, paid: Paid) => number,
): Mutation {
  return {
    check: CHECK,
    kind,
    what,
    gives,
    apply(recording, chosen) {
      const { key, paid } = nextPaid(recording, chosen);
      return { key, changed: apply(recording, paid) };
    },
  };
}

/** A batch in one currency that one payout paid, soon after the log began, and whose lines nobody has touched. */
function nextPaid(recording: Recording, chosen: Chosen): { readonly key: string; readonly paid: Paid } {
  const [payout, first] = chosen.next("payouts", () => {
    const counts = countsOf(recording, "payouts", "batch_id");
    const events = Map.groupBy(
      recording.of("settlement_lines"),
      ({ value }) => (value.after ?? value.before)!.batch_id,
    );
    return lastRows(recording, "payouts", START_MS + days(4)).flatMap((row): Row[][] => {
      const own = (events.get(row.batch_id) ?? []).flatMap(({ value }): Row[] => (value.after ? [value.after] : []));
      const isWhole = (events.get(row.batch_id) ?? []).every(({ value, isChanged }) => value.op === "c" && !isChanged);
      const net = own.reduce((sum, line) => sum + unscaledOf(line.net), 0n);
      const isPaid = counts.get(row.batch_id) === 1 && net === unscaledOf(row.amount);
      const isPlain = isWhole && isPaid && own.every(({ currency }) => currency === row.currency);
      if (!isPlain || row.status !== "paid" || unscaledOf(row.amount) <= 0n || own.length === 0) return [];
      return [[row, own.reduce((one, other) => (timeOf(other) < timeOf(one) ? other : one))]];
    });
  });
  const { id, batch_id, currency, paid_at } = payout!;
  const paid: Paid = {
    payout: { table: "payouts", where: { id: id as bigint } },
    id: id as bigint,
    paidAt: Date.parse(paid_at as string),
    bookedAt: timeOf(first!),
    unit: 10n ** BigInt(4 - digitsOf(currency as string)),
    other: currency === "EUR" ? "USD" : "EUR",
  };
  return { key: `'${batch_id}`, paid };
}

function timeOf({ booked_at }: Row): number {
  return Date.parse(booked_at as string);
}
