import type { Random } from "../../base/random.ts";
import type { CapturedTable } from "../captured-table.ts";
import { START_MS } from "../terms.ts";
import type { World } from "../world.ts";
import type { PlannedChange } from "./purchase.ts";
import { bookingsTable, chargeRefundsTable, chargesTable, type DeskTableName, purchasesTable } from "./tables.ts";

/** The tables of the refund desk, in both simulated databases. */
export class DeskTables {
  readonly #world: World;
  readonly #tables: Readonly<Record<DeskTableName, CapturedTable<object>>>;
  #lastBooking = 4_000;

  /** Opens them, before the world is created. */
  constructor(world: World) {
    this.#world = world;
    this.#tables = {
      purchases: world.open(purchasesTable, "maria"),
      charges: world.open(chargesTable, "maria"),
      charge_refunds: world.open(chargeRefundsTable, "maria"),
      refund_bookings: world.open(bookingsTable, "postgres"),
    };
  }

  /** Enters what was planned into the schedule. */
  enter(changes: readonly PlannedChange[], random: Random): void {
    for (const change of changes) {
      if (change.table === "refund_bookings") this.#book(change);
      else this.#shop(change, random);
    }
  }

  /** A PostgreSQL transaction. */
  #book({ at, table, row }: PlannedChange): void {
    this.#world.schedule.at(at, () => {
      this.#world.postgres.begin(at);
      this.#tables[table].insert({ ...row, booking_id: ++this.#lastBooking }, at);
    });
  }

  /** A MariaDB transaction of one statement; some are slow to commit. */
  #shop({ at, table, row, set }: PlannedChange, random: Random): void {
    const lag = random.chance(0.1) ? random.below(7000) : random.below(40);
    // Before the snapshot nobody sees it, and after it no statement may seem older.
    const commitMs = at + (at < START_MS ? 0 : lag);
    this.#world.schedule.at(commitMs, () => {
      this.#world.maria.begin(commitMs);
      if (set === null) this.#tables[table].insert(row, at);
      else this.#tables[table].update(row, { ...set, gmt_modified: at }, at);
    });
  }
}
