import type { CapturedTable } from "../captured-table.ts";
import type { World } from "../world.ts";
import {
  type BookingRow,
  bookingsTable,
  type ChargeRefundRow,
  type ChargeRow,
  chargeRefundsTable,
  chargesTable,
  type PurchaseRow,
  purchasesTable,
} from "./tables.ts";

/** The tables of the refund desk, in both databases. */
export class DeskTables {
  readonly purchases: CapturedTable<PurchaseRow>;
  readonly charges: CapturedTable<ChargeRow>;
  readonly refunds: CapturedTable<ChargeRefundRow>;
  readonly bookings: CapturedTable<BookingRow>;
  #lastBooking = 4_000;

  /** Opens them, before the world is created. */
  constructor(world: World) {
    this.purchases = world.open(purchasesTable, "maria");
    this.charges = world.open(chargesTable, "maria");
    this.refunds = world.open(chargeRefundsTable, "maria");
    this.bookings = world.open(bookingsTable, "postgres");
  }

  /** The sequence of bookings. */
  nextBooking(): number {
    return ++this.#lastBooking;
  }
}
