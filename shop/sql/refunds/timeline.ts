import { seconds } from "../../../base/time.ts";
import type { PlannedFault } from "../../refunds/fault-plan.ts";
import type { PlannedChange } from "../../refunds/purchase.ts";
import { REFUND } from "../../refunds/tables.ts";
import { refundTerms } from "../../refunds/terms.ts";

/** Moments that matter lie so far apart, more than the skew with MariaDB's times cut to seconds. */
const APART = seconds(3.5);
/** Rows that are only created count nowhere, and follow at once. */
const SOON = 600;

/**
 * A plan of days played in seconds: its statements and its deadlines in their order, a few seconds apart. What counts is
 * what comes before what, not how long it takes.
 */
export class Timeline {
  /** When the last moment is. */
  readonly end: number;
  readonly #start: number;
  readonly #real = new Map<number, number>();
  readonly #offset: number;
  readonly #fault: PlannedFault | undefined;

  /** `arrival`: the plan's first time, which is played at `start`. */
  constructor(changes: readonly PlannedChange[], fault: PlannedFault | undefined, arrival: number, start: number) {
    this.#start = start;
    this.#fault = fault;
    this.#offset = start - arrival;
    const deadlines = changes.flatMap((change) => this.#deadlineOf(change) ?? []);
    const counting = new Set([...deadlines, ...changes.flatMap((change) => (isCounted(change) ? [change.at] : []))]);
    let last = start - APART;
    let soon = start;
    for (const time of [...new Set([...changes.map(({ at }) => at), ...deadlines])].sort((a, b) => a - b)) {
      soon = counting.has(time) ? Math.max(last + APART, soon + SOON) : soon + SOON;
      if (counting.has(time)) last = soon;
      this.#real.set(time, soon);
    }
    this.end = soon;
  }

  /** When a statement or a deadline of the plan really is. */
  at(planned: number): number {
    return this.#real.get(planned) ?? this.#start;
  }

  /** Columns that hold times, as they are written: those that deadlines count from are set back by their terms. */
  times(change: PlannedChange): Record<string, number> {
    const { table, row, set, at } = change;
    const times: Record<string, number> = {};
    const { gmt_create: created, gmt_finish: finished } = { ...row, ...set } as Partial<Times>;
    if (table === "refund_bookings") {
      times.booked_at = this.at(bookingDeadline(row)) - refundTerms.succeededAfter;
      return times;
    }
    times.gmt_modified = this.at(at);
    if (set === null) times.gmt_create = this.#created(change, created!);
    else if (finished !== null && finished !== undefined && "gmt_finish" in set) {
      const deadline = this.#real.get(finished + refundTerms.bookedAfter);
      times.gmt_finish = deadline === undefined ? this.at(at) : deadline - refundTerms.bookedAfter;
    }
    return times;
  }

  /** Windows are told by when rows were created, so the days between them stay; but for the fault's own deadline. */
  #created(change: PlannedChange, created: number): number {
    const isDeadline = this.#deadlineOf(change) !== undefined;
    return isDeadline ? this.at(created + refundTerms.unknownAfter) - refundTerms.unknownAfter : created + this.#offset;
  }

  /** A deadline that a change sets, in the plan's time. */
  #deadlineOf({ table, row, set }: PlannedChange): number | undefined {
    if (table === "refund_bookings") return bookingDeadline(row);
    if (set !== null) {
      const { status, gmt_finish: finished } = set as Partial<Times> & { status?: number };
      const isSuccess = table === "charge_refunds" && status === REFUND.succeeded;
      return isSuccess ? finished! + refundTerms.bookedAfter : undefined;
    }
    const isUnknown =
      (table === "charge_refunds" && this.#fault?.class === "refund-of-unknown-payment") ||
      (table === "charges" && this.#fault?.class === "payment-of-unknown-purchase");
    return isUnknown ? (row as Times).gmt_create + refundTerms.unknownAfter : undefined;
  }
}

interface Times {
  readonly gmt_create: number;
  readonly gmt_finish: number | null;
}

/** True for what a check sees: not a charge that is only created, nor a refund that is only asked for. */
function isCounted({ table, set }: PlannedChange): boolean {
  return set !== null || table === "refund_bookings" || table === "purchases";
}

function bookingDeadline(row: object): number {
  return Date.parse((row as { booked_at: string }).booked_at) + refundTerms.succeededAfter;
}
