import { days, hours } from "../../base/time.ts";
import type { Row } from "../../shop/decoded-log.test-helper.ts";
import { START_MS } from "../../shop/terms.ts";
import { change, later } from "./change.ts";
import { by, type Chosen, countsOf, lastRows, type Mutation } from "./mutation.ts";
import type { Recording } from "./recording.ts";

/** What can go wrong at the refund desk. */
export const refundMutations: readonly Mutation[] = [
  ...within("refunds-within-captured"),
  ...payments("duplicate-payments"),
  ...booked("refunds-booked"),
  ...repeated("duplicate-refunds"),
  ...alike("suspected-duplicate-refunds"),
];

function within(check: string): Mutation[] {
  const on = mutationsOf(check, ({ charge }) => `'${charge.charge_no}`);
  const onMost = mutationsOf(check, ({ charge }) => `'${charge.charge_no}`, "most");
  return [
    on("dropped", "the charge", "refund-of-unknown-payment", (r, { charge }) => change.drop(r, named.charge(charge))),
    onMost("doubled", "the refund, of more than half", "over-refund", (r, { refund }) =>
      change.double(r, named.refund(refund), again(refund)),
    ),
    on("one unit off", "the refund, above the charge", "over-refund", (r, { refund, charge }) =>
      change.cells(r, named.refund(refund), { amount: (charge.amount as bigint) + 1n }),
    ),
    on("another currency", "the refund", "over-refund", (r, { refund }) =>
      change.cells(r, named.refund(refund), { currency: otherThan(refund) }),
    ),
    on("late", "the charge, behind the refund's deadline", "refund-of-unknown-payment", (r, { charge, refund }) =>
      moved(r, named.charge(charge), gap(charge, refund) + hours(8)),
    ),
    on("out of order", "the charge behind its refund", null, (r, { charge, refund }) =>
      moved(r, named.charge(charge), gap(charge, refund) + hours(2)),
    ),
  ];
}

function payments(check: string): Mutation[] {
  const on = mutationsOf(check, ({ purchase }) => `'${purchase.purchase_no}`);
  return [
    on("dropped", "the purchase", "payment-of-unknown-purchase", (r, { purchase }) =>
      change.drop(r, named.purchase(purchase)),
    ),
    on("doubled", "the charge", "duplicate-payment", (r, { charge }) =>
      change.double(r, named.charge(charge), { charge_no: `${charge.charge_no}-again` }),
    ),
    on("one unit off", "the charge", "over-capture", (r, { charge }) =>
      change.cells(r, named.charge(charge), { amount: (charge.amount as bigint) + 1n }),
    ),
    on("another currency", "the charge", "over-capture", (r, { charge }) =>
      change.cells(r, named.charge(charge), { currency: otherThan(charge) }),
    ),
    on("late", "the purchase, behind the charge's deadline", "payment-of-unknown-purchase", (r, { purchase, charge }) =>
      moved(r, named.purchase(purchase), gap(purchase, charge) + hours(8)),
    ),
    on("out of order", "the purchase behind its charge", null, (r, { purchase, charge }) =>
      moved(r, named.purchase(purchase), gap(purchase, charge) + hours(2)),
    ),
  ];
}

function booked(check: string): Mutation[] {
  const on = mutationsOf(check, ({ refund }) => `'${refund.refund_no}`);
  return [
    on("dropped", "the booking", "success-never-booked", (r, { booking }) => change.drop(r, named.booking(booking))),
    on("dropped", "the refund", "booking-never-succeeded", (r, { refund }) => change.drop(r, named.refund(refund))),
    on("doubled", "the booking", "booked-too-much", (r, { booking }) =>
      change.double(r, named.booking(booking), { booking_id: (booking.booking_id as bigint) + 1_000_000_000n }),
    ),
    on("one unit off", "the booking, more", "booked-too-much", (r, { booking }) =>
      change.cells(r, named.booking(booking), { amount: (booking.amount as bigint) + 1n }),
    ),
    on("one unit off", "the booking, less", "booked-too-little", (r, { booking }) =>
      change.cells(r, named.booking(booking), { amount: (booking.amount as bigint) - 1n }),
    ),
    on("another currency", "the booking", "booked-in-other-currency", (r, { booking }) =>
      change.cells(r, named.booking(booking), { currency: otherThan(booking) }),
    ),
    on("late", "the booking, by a day", "success-never-booked", (r, { booking }) =>
      change.shift(r, named.booking(booking), days(1), (row) => ({ ...row, booked_at: later(row.booked_at, days(1)) })),
    ),
    on("out of order", "the booking before the success", null, (r, { booking, refund }) => {
      const byMs = Number(refund.gmt_finish) - Date.parse(booking.booked_at as string) - hours(1);
      return change.shift(r, named.booking(booking), byMs, (row) => ({
        ...row,
        booked_at: later(row.booked_at, byMs),
      }));
    }),
  ];
}

function repeated(check: string): Mutation[] {
  const on = mutationsOf(check, ({ refund }) => `'${refund.request_no}`);
  const copy = (refund: Row, cells: Row = {}) => ({ refund_no: `${refund.refund_no}-again`, ...cells });
  const doubled = (gives: string, kind: Mutation["kind"], what: string, cells: (refund: Row) => Row, byMs = 0) =>
    on(kind, what, gives, (r, { refund }) => {
      const changed = change.double(r, named.refund(refund), copy(refund, cells(refund)));
      return byMs === 0 ? changed : moved(r, named.refund({ refund_no: `${refund.refund_no}-again` }), byMs);
    });
  return [
    doubled("duplicate-refund", "doubled", "the refund, with its request's key", () => ({})),
    doubled("duplicate-refund", "one unit off", "the refund again, of a unit less", ({ amount }) => ({
      amount: (amount as bigint) - 1n,
    })),
    doubled("duplicate-refund", "another currency", "the refund again, in another currency", (refund) => ({
      currency: otherThan(refund),
    })),
    doubled("duplicate-refund", "late", "the refund again, two days later", () => ({}), days(2)),
    doubled("duplicate-refund", "out of order", "the refund again, before itself", () => ({}), -hours(1)),
  ];
}

function alike(check: string): Mutation[] {
  const on = mutationsOf(check, ({ charge }) => `'${charge.charge_no}`);
  const doubled = (gives: string | null, kind: Mutation["kind"], what: string, cells: (refund: Row) => Row, byMs = 0) =>
    on(kind, what, gives, (r, { refund }) => {
      const changed = change.double(r, named.refund(refund), { ...again(refund), ...cells(refund) });
      return byMs === 0 ? changed : moved(r, named.refund(again(refund)), byMs);
    });
  return [
    doubled("suspected-duplicate", "doubled", "the refund, by a request of its own", () => ({})),
    // What is not alike is another refund.
    doubled(null, "one unit off", "the refund again, of a unit less", ({ amount }) => ({
      amount: (amount as bigint) - 1n,
    })),
    doubled(null, "another currency", "the refund again, in another currency", (refund) => ({
      currency: otherThan(refund),
    })),
    doubled(null, "late", "the refund again, two days later", () => ({}), days(2)),
    doubled("suspected-duplicate", "out of order", "the refund again, before itself", () => ({}), -hours(1)),
  ];
}

interface Bought {
  readonly purchase: Row;
  readonly charge: Row;
  readonly refund: Row;
  readonly booking: Row;
}

const named = {
  purchase: ({ purchase_no }: Row) => ({ table: "purchases", where: { purchase_no } }),
  charge: ({ charge_no }: Row) => ({ table: "charges", where: { charge_no } }),
  refund: ({ refund_no }: Row) => ({ table: "charge_refunds", where: { refund_no } }),
  booking: ({ booking_id }: Row) => ({ table: "refund_bookings", where: { booking_id } }),
};

function again({ refund_no, request_no, channel_no }: Row): Row {
  return { refund_no: `${refund_no}-again`, request_no: `${request_no}-again`, channel_no: `${channel_no}-again` };
}

function moved(recording: Recording, row: { table: string; where: Row }, byMs: number): number {
  return change.shift(recording, row, byMs, (cells) => ({
    ...cells,
    gmt_create: later(cells.gmt_create, byMs),
    gmt_modified: later(cells.gmt_modified, byMs),
    ...(cells.gmt_finish ? { gmt_finish: later(cells.gmt_finish, byMs) } : {}),
  }));
}

/** From when one row was made until the other was. */
function gap(from: Row, to: Row): number {
  return Number(to.gmt_create) - Number(from.gmt_create);
}

function otherThan({ currency }: Row): string {
  return currency === "EUR" ? "USD" : "EUR";
}

function mutationsOf(check: string, keyOf: (bought: Bought) => string, refunded: "most" | "less" = "less") {
  return (
    kind: Mutation["kind"],
    what: string,
    gives: string | null,
    apply: (recording: Recording, bought: Bought) => number,
  ): Mutation => ({
    check,
    kind,
    what,
    gives,
    apply(recording, chosen) {
      const bought = nextBought(recording, chosen, refunded);
      return { key: keyOf(bought), changed: apply(recording, bought) };
    },
  });
}

/** A purchase with one charge, of which one refund gave back more than half or less, and which is booked. */
function nextBought(recording: Recording, chosen: Chosen, refunded: "most" | "less"): Bought {
  const [purchase, charge, refund, booking] = chosen.next(`purchases, ${refunded} refunded`, () => {
    const until = START_MS + days(4);
    const rows = (table: string) => lastRows(recording, table, until);
    const charges = by(rows("charges"), "purchase_no");
    const refunds = by(rows("charge_refunds"), "charge_no");
    const bookings = by(rows("refund_bookings"), "refund_no");
    const chargesOf = countsOf(recording, "charges", "purchase_no");
    const refundsOf = countsOf(recording, "charge_refunds", "charge_no");
    const bookingsOf = countsOf(recording, "refund_bookings", "refund_no");
    return rows("purchases").flatMap((bought) => {
      const [charge] = charges.get(bought.purchase_no) ?? [];
      const [refund] = refunds.get(charge?.charge_no) ?? [];
      const [booking] = bookings.get(refund?.refund_no) ?? [];
      const counts = [
        chargesOf.get(bought.purchase_no),
        refundsOf.get(charge?.charge_no),
        bookingsOf.get(refund?.refund_no),
      ];
      const isPlain = counts.every((count) => count === 1);
      if (!isPlain || charge?.status !== 1 || refund?.status !== 2 || booking === undefined) return [];
      // Two hours make none of these late.
      const isQuick =
        gap(bought, charge) < hours(1) && Number(charge.gmt_modified) - Number(charge.gmt_create) < hours(1);
      if (!isQuick) return [];
      const isMost = (refund.amount as bigint) * 2n > (charge.amount as bigint);
      return isMost === (refunded === "most") && charge.amount === bought.due_amount
        ? [[bought, charge, refund, booking]]
        : [];
    });
  });
  return { purchase: purchase!, charge: charge!, refund: refund!, booking: booking! };
}
