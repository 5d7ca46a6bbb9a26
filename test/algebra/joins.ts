import {
  type Changelog,
  days,
  hours,
  id,
  instant,
  type ModelChangelog,
  money,
  type Stream,
  tumbling,
} from "countercheck";
import { START_MS } from "../../shop/terms.ts";
import type { Booking, Line, Payment, Refund } from "./models.ts";

const TYPES = ["inner", "leftOuter", "rightOuter", "fullOuter"] as const;

/** Joins of streams in all their types. */
export function joins(captures: Stream<typeof Payment.fields>, booked: Stream<typeof Booking.fields>): void {
  const paid = captures.keyBy("paymentId", "amount.currency");
  const settled = booked.keyBy("paymentId", "net.currency");
  for (const type of TYPES) {
    const near = paid.intervalJoin(`interval-${type}`, settled, {
      from: hours(-1),
      to: hours(20),
      type,
      select: (payment, line) => ({
        payment: payment.id,
        amount: payment.amount,
        batch: line.batchId,
        no: line.lineNo,
      }),
    });
    near.to(`interval-${type}`);
    near.late("left").to(`interval-${type}-late-left`);
    near.late("right").to(`interval-${type}-late-right`);

    paid
      .windowJoin(`window-${type}`, settled, tumbling(days(1)), {
        type,
        select: (payment, line) => ({ payment: payment.id, batch: line.batchId, no: line.lineNo, net: line.net }),
      })
      .to(`window-${type}`);
  }
}

/**
 * Each capture with the one that was the newest of its currency a day before: while events trail behind their table, its
 * rows are replaced all the time.
 */
function newestCaptures(captured: Changelog<typeof Payment.fields>): void {
  const fields = { id: id(), amount: money(), before: instant() };
  // Between rows of the seed there is no order.
  const live = captured.filter(({ capturedAt }) => capturedAt !== null && capturedAt >= START_MS);
  captured
    .asEvents()
    .map(fields, ({ id, amount, capturedAt }) => {
      return { id, amount, before: capturedAt === null ? null : capturedAt - days(1) };
    })
    .timedBy("before", { lag: days(3) })
    .keyBy("amount.currency")
    .lookupJoin("as-of-newest", live.keyBy("amount.currency"), {
      type: "leftOuter",
      select: (payment, newest) => ({ payment: payment.id, newest: newest.id, amount: newest.amount }),
    })
    .to("as-of-newest");
}

/** Joins with tables, whose rows are taken back. */
export function tableJoins(
  payments: ModelChangelog<typeof Payment.fields>,
  refunds: ModelChangelog<typeof Refund.fields>,
  lines: ModelChangelog<typeof Line.fields>,
  booked: Stream<typeof Booking.fields>,
): void {
  const captured: Changelog<typeof Payment.fields> = payments.where({ status: "captured" });
  newestCaptures(captured);
  const joined = captured
    .keyBy("paymentId", "amount.currency")
    .join("refunded", refunds.keyBy("paymentId", "amount.currency"), {
      type: "fullOuter",
      select: (payment, refund) => ({
        payment: payment.id,
        refund: refund.id,
        status: refund.status,
        amount: refund.amount,
      }),
    });
  joined.to("refunded");
  // Retracts of a join go into what is computed of it.
  joined
    .keyBy("status", "amount.currency")
    .aggregate("by-status", (rows) => ({
      status: rows.key("status"),
      currency: rows.key("amount.currency"),
      count: rows.count(),
      total: rows.sum("amount"),
      most: rows.max("amount"),
    }))
    .to("by-status");

  const table = refunds.keyBy("paymentId");
  lines
    .asEvents()
    .keyBy("paymentId")
    .lookupJoin("as-of", table, {
      type: "leftOuter",
      keep: hours(1),
      select: (line, refund) => ({ batch: line.batchId, no: line.lineNo, net: line.net, status: refund.status }),
    })
    .to("as-of");
  const aside = booked.keyBy("paymentId").lookupJoin("as-of-aside", table, {
    type: "inner",
    late: "aside",
    select: (line, refund) => ({ batch: line.batchId, no: line.lineNo, refund: refund.id, status: refund.status }),
  });
  aside.to("as-of-aside");
  aside.late().to("as-of-aside-late");
}
