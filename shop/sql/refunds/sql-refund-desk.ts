import { setTimeout as sleep } from "node:timers/promises";
import { type Random, seededRandom } from "../../../base/random.ts";
import { days, seconds } from "../../../base/time.ts";
import { neverBook } from "../../refunds/booking-faults.ts";
import type { FaultPlan, PlannedFault } from "../../refunds/fault-plan.ts";
import { baselineFaults, faults } from "../../refunds/faults.ts";
import { lookAlikes } from "../../refunds/look-alikes.ts";
import { type PlannedChange, Purchase } from "../../refunds/purchase.ts";
import { refundTerms } from "../../refunds/terms.ts";
import type { SqlDatabase } from "../sql-database.ts";
import { faultOf, type SqlRefundFault, type SqlRefundTruth } from "./refund-truth.ts";
import { writeChange } from "./statements.ts";
import { Timeline } from "./timeline.ts";

/** The time in which purchases arrive, in ms. */
const ARRIVE_WITHIN = seconds(12);
/** A statement that is through later than this was too late. */
const LATEST = 1500;
const USUAL = 4;
/** All that goes wrong with a purchase of this age has gone wrong. */
const LONG_AGO = days(6);
const SEEDED = 9_000_000;

/** What a run of the desk is told: MariaDB with the desk's tables, PostgreSQL with the bookings. */
export interface SqlRefundDeskOptions {
  readonly seed: number;
  readonly shop: SqlDatabase;
  readonly ledger: SqlDatabase;
}

/**
 * The refund desk in real time: every fault and every look-alike of the simulated one once, and a few usual purchases, as
 * SQL transactions within about a minute and a half. One seed gives the same purchases; their times are the clock's.
 */
export class SqlRefundDesk {
  readonly #options: SqlRefundDeskOptions;
  readonly #random: Random;
  readonly #faults: SqlRefundFault[] = [];
  readonly #baseline: SqlRefundFault[] = [];
  readonly #doubtful: string[] = [];
  readonly #counts: Record<string, number> = {};
  #judgedBy = 0;

  constructor(options: SqlRefundDeskOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  /**
   * Fills the tables before the connectors take their snapshots: purchases that are over, right and wrong ones, and one whose
   * refund must be booked by a time that lies behind the snapshots.
   */
  async seed(dueAt: number): Promise<void> {
    for (const [i, plan] of [...baselineFaults, ...Array.from({ length: USUAL }, () => refundUsual)].entries()) {
      const purchase = this.#purchase(SEEDED + i, Date.now() - LONG_AGO);
      const planned = plan(purchase);
      await this.#writeAsPlanned(purchase.changes, 0);
      if (planned !== undefined) this.#baseline.push(faultOf(planned, 0, 0));
    }
    const purchase = this.#purchase(SEEDED + 100, Date.now() - LONG_AGO);
    const { fault } = neverBook(purchase);
    const point = dueAt + refundTerms.skew;
    await this.#writeAsPlanned(purchase.changes, point - fault.dueAt);
    this.#faults.push(faultOf(fault, point, point));
    this.#judgedBy = point;
  }

  /** Runs the traffic. Ends when the last purchase is through, though its deadline may lie ahead; see `judgedBy`. */
  async run(): Promise<SqlRefundTruth> {
    const roles = this.#roles();
    const start = Date.now() + 500;
    await Promise.all(
      roles.map((plan, i) => {
        const arrival = start + Math.floor(((i + this.#random.next()) / roles.length) * ARRIVE_WITHIN);
        const purchase = this.#purchase(i, arrival);
        return this.#play(purchase, plan(purchase));
      }),
    );
    const last = await this.#last(roles.length);
    return {
      faults: this.#faults,
      baseline: this.#baseline,
      doubtful: this.#doubtful,
      lookAlikes: this.#counts,
      last,
      judgedBy: this.#judgedBy,
    };
  }

  /** A last refund, whose booking is due behind everything else: once it fails, all that went before was judged. */
  async #last(index: number): Promise<SqlRefundFault> {
    const purchase = this.#purchase(index, Date.now());
    const { fault } = neverBook(purchase);
    const point = Math.max(this.#judgedBy, Date.now()) + seconds(4);
    await this.#writeAsPlanned(purchase.changes, point - fault.dueAt);
    const last = faultOf(fault, point, point);
    this.#faults.push(last);
    this.#judgedBy = point;
    return last;
  }

  /** Everything once, and some usual purchases, in an order of the seed's. */
  #roles(): ((purchase: Purchase) => PlannedFault | undefined)[] {
    const known = Object.values(faults).flat() as readonly FaultPlan[];
    const silent = Object.entries(lookAlikes).map(([name, { plan }]) => (purchase: Purchase) => {
      this.#counts[name] = (this.#counts[name] ?? 0) + 1;
      plan(purchase);
      return undefined;
    });
    const all = [...known, ...silent, ...Array.from({ length: USUAL }, () => refundUsual)];
    const mixed: typeof all = [];
    while (all.length > 0) mixed.push(...all.splice(this.#random.below(all.length), 1));
    return mixed;
  }

  /** Plays a plan on the clock. */
  async #play({ changes, arrival, purchaseNo }: Purchase, fault: PlannedFault | undefined): Promise<void> {
    const timeline = new Timeline(changes, fault, arrival, arrival);
    let isPunctual = true;
    let fails = fault && { from: timeline.at(fault.dueAt - refundTerms.skew), by: 0 };
    for (const change of changes.toSorted((left, right) => left.at - right.at)) {
      const at = timeline.at(change.at);
      await sleep(Math.max(0, at - Date.now()));
      const after = Date.now();
      await this.#write(change, timeline.times(change));
      const by = Date.now();
      if (by > at + LATEST) isPunctual = false;
      if (fault !== undefined && isMomentOf(fault, change)) fails = { from: after - (after % 1000), by };
    }
    if (!isPunctual) this.#doubtful.push(purchaseNo.slice(2));
    if (fails !== undefined && fault !== undefined) {
      const { from, by } = fails;
      this.#faults.push(faultOf(fault, from + refundTerms.skew, Math.max(from, by) + refundTerms.skew));
    }
    this.#judgedBy = Math.max(this.#judgedBy, timeline.end + refundTerms.skew);
  }

  /** Writes a plan at once, with the times that it names, moved by so much. */
  async #writeAsPlanned(changes: readonly PlannedChange[], moved: number): Promise<void> {
    for (const change of changes.toSorted((left, right) => left.at - right.at)) {
      const cells = { ...change.row, ...change.set, gmt_modified: change.at } as Record<string, unknown>;
      const times = ["gmt_create", "gmt_finish", "gmt_modified"].flatMap((name) => {
        return typeof cells[name] === "number" ? [[name, (cells[name] as number) + moved] as const] : [];
      });
      const booked = typeof cells.booked_at === "string" ? { booked_at: Date.parse(cells.booked_at) + moved } : {};
      await this.#write(change, { ...Object.fromEntries(times), ...booked });
    }
  }

  async #write(change: PlannedChange, times: Readonly<Record<string, number>>): Promise<void> {
    const { shop, ledger } = this.#options;
    const isBooking = change.table === "refund_bookings";
    await (isBooking ? ledger : shop).commit((on) => writeChange(on, change, times));
  }

  #purchase(index: number, arrival: number): Purchase {
    return new Purchase(this.#random.fork(`purchase/${index}`), index, arrival);
  }
}

function refundUsual(purchase: Purchase): undefined {
  const { charge, askAt } = purchase.refundable();
  purchase.refundAndBook(charge.chargeNo, purchase.partOf(purchase.due), askAt);
}

/** True for the statement that breaks what a fault breaks; others fail at a deadline. */
function isMomentOf({ dueAt }: PlannedFault, { at, table }: PlannedChange): boolean {
  const time = table === "refund_bookings" ? at : at - (at % 1000);
  return time + refundTerms.skew === dueAt;
}
