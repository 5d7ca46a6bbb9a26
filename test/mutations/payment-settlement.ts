import { days, hours } from "../../base/time.ts";
import { digitsOf } from "../../shop/prices.ts";
import { START_MS } from "../../shop/terms.ts";
import { change, later, more } from "./change.ts";
import { by, type Chosen, countsOf, lastRows, type Mutation } from "./mutation.ts";
import type { Recording } from "./recording.ts";

const CHECK = "payment-settlement";

/** What can go wrong between payments and the lines that settle them. */
export const paymentMutations: readonly Mutation[] = [
  of("dropped", "the line", "missing", (recording, { line }) => change.drop(recording, line)),
  of("dropped", "the payment", "unknown-payment", (recording, { payment }) => change.drop(recording, payment)),
  of("doubled", "the line", "over-charge", (recording, { line, lineNo }) =>
    change.double(recording, line, { line_no: lineNo + 5_000 }),
  ),
  of("doubled", "the payment", "under-charge", (recording, { payment, id }) =>
    change.double(recording, payment, { id: id + 900_000_000n }),
  ),
  of("one unit off", "the line, more", "over-charge", (recording, { line, unit }) =>
    change.cells(recording, line, (row) => ({ ...row, net: more(row.net, unit) })),
  ),
  of("one unit off", "the line, less", "under-charge", (recording, { line, unit }) =>
    change.cells(recording, line, (row) => ({ ...row, net: more(row.net, -unit) })),
  ),
  of("another currency", "the line", "currency-mismatch", (recording, { line, other }) =>
    change.cells(recording, line, { currency: other }),
  ),
  of("late", "the line, by two days", "missing", (recording, { line }) =>
    change.shift(recording, line, days(2), (row) => ({ ...row, booked_at: later(row.booked_at, days(2)) })),
  ),
  of("out of order", "the line before the payment", null, (recording, { line, bookedAt, capturedAt }) => {
    const byMs = capturedAt - bookedAt - hours(2);
    return change.shift(recording, line, byMs, (row) => ({ ...row, booked_at: later(row.booked_at, byMs) }));
  }),
];

interface Pair {
  readonly payment: { readonly table: "payments"; readonly where: { readonly id: bigint } };
  readonly line: { readonly table: "settlement_lines"; readonly where: Readonly<Record<string, unknown>> };
  readonly id: bigint;
  readonly lineNo: number;
  readonly capturedAt: number;
  readonly bookedAt: number;
  /** One minor unit, in units of the line's last place. */
  readonly unit: bigint;
  readonly other: string;
}

function of(
  kind: Mutation["kind"],
  what: string,
  gives: string | null,
  apply: (recording: Recording, pair: Pair) => number,
): Mutation {
  return {
    check: CHECK,
    kind,
    what,
    gives,
    apply(recording, chosen) {
      const { key, pair } = nextPair(recording, chosen);
      return { key, changed: apply(recording, pair) };
    },
  };
}

/** A payment with one capture and one line, and nothing that goes back. */
function nextPair(recording: Recording, chosen: Chosen): { readonly key: string; readonly pair: Pair } {
  const [payment, line] = chosen.next("payments", () => {
    const until = START_MS + days(4);
    const lines = by(lastRows(recording, "settlement_lines", until), "payment_id");
    const linesOf = countsOf(recording, "settlement_lines", "payment_id");
    const refundsOf = countsOf(recording, "refunds", "payment_id");
    const capturesOf = countsOf(recording, "payments", "payment_id");
    const captures = [...by(lastRows(recording, "payments", until), "payment_id")];
    return captures.flatMap(([id, payments]) => {
      const own = lines.get(id) ?? [];
      const isPlain = capturesOf.get(id) === 1 && linesOf.get(id) === 1 && own.length === 1 && !refundsOf.has(id);
      return isPlain && payments[0]!.status === "captured" ? [[payments[0]!, own[0]!]] : [];
    });
  });
  const { batch_id, line_no, currency, booked_at } = line!;
  const pair: Pair = {
    payment: { table: "payments", where: { id: payment!.id as bigint } },
    line: { table: "settlement_lines", where: { batch_id, line_no } },
    id: payment!.id as bigint,
    lineNo: Number(line_no),
    capturedAt: Number(payment!.captured_at),
    bookedAt: Date.parse(booked_at as string),
    unit: 10n ** BigInt(4 - digitsOf(currency as string)),
    other: currency === "EUR" ? "USD" : "EUR",
  };
  return { key: String(payment!.payment_id), pair };
}
