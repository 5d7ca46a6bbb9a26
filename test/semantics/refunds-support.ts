import type { Job } from "../../checks/job.ts";
import refundsJob from "../../jobs/refunds/job.ts";
import { Charge, Purchase, RefundBooking, RefundRequest, RefundResult } from "../../jobs/refunds/models.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";

/** A refund as tests write it. */
export interface RefundRow {
  readonly charge?: string;
  readonly amount: string;
  readonly status: "requested" | "in-flight" | "succeeded" | "failed" | "reversed";
  /** Event time; the time of the request, too, unless that is given. */
  readonly at: number;
  readonly askedAt?: number;
  /** Default: one of its own. */
  readonly requestKey?: string;
  readonly channelReference?: string;
  readonly reason?: string;
  /** Default: one of its own once it succeeded. */
  readonly channelId?: string | null;
}

/** Drives the job over refunds as the desk writes them: a purchase `P`, its charges and refunds, the ledger's bookings. */
export class Desk {
  readonly driver: TestDriver;

  constructor(job: Job = refundsJob) {
    this.driver = testJob(job);
  }

  owe(due: string, at = 0): this {
    this.driver.upsert(Purchase, "P", { at }, { purchaseId: "P", due });
    return this;
  }

  charge(chargeId: string, amount: string, at: number, status: "captured" | "failed" | "reversed" = "captured"): this {
    const values = { chargeId, purchaseId: "P", status, amount, createdAt: at };
    this.driver.upsert(Charge, chargeId, { at }, values);
    return this;
  }

  /** The row of a refund as it is from a time on. What the ledger makes of it is another test's matter, unless `isBooked`. */
  refund(refundId: string, row: RefundRow): this {
    const { charge = "C", amount, status, at, askedAt = at, reason = "returned" } = row;
    const isOver = status !== "requested" && status !== "in-flight";
    const values = {
      chargeId: charge,
      requestKey: row.requestKey ?? `key of ${refundId}`,
      reason,
      channelReference: row.channelReference ?? `reference of ${refundId}`,
      channelId: row.channelId !== undefined ? row.channelId : status === "succeeded" ? `id of ${refundId}` : null,
      status,
      amount,
      requestedAt: askedAt,
    };
    this.driver.upsert(RefundRequest, refundId, { at }, values);
    const result = { refundId, status, amount, finishedAt: isOver ? at : null };
    this.driver.upsert(RefundResult, refundId, { at }, result);
    return this;
  }

  book(bookingId: number, refundId: string, amount: string, at: number): this {
    this.driver.upsert(RefundBooking, bookingId, { at }, { refundId, amount, bookedAt: at });
    return this;
  }

  /** What fails of a check at a time, the log's end: `over-refund 5.00 EUR`. */
  failures(check: string, at: number): string[] {
    const finals = this.driver.end(at).finals();
    const failing = finals.filter((final) => final.check === check && final.status === "fail");
    return failing.map(({ class: cause, atRisk, currency }) => `${cause} ${atRisk} ${currency}`);
  }

  /** What a check said, as it said it: `fail over-refund 5.00 EUR`, `pass EUR`. */
  said(check: string): string[] {
    return this.driver
      .verdicts()
      .filter((verdict) => verdict.check === check)
      .map(({ status, class: cause, atRisk, currency }) =>
        cause === null ? `${status} ${currency}` : `${status} ${cause} ${atRisk} ${currency}`,
      );
  }

  /** The points at which a check said something. */
  times(check: string): number[] {
    return this.driver.verdicts().flatMap((verdict) => (verdict.check === check ? [verdict.time] : []));
  }
}
