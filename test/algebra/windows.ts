import {
  calendarDays,
  cumulative,
  days,
  globalWindow,
  hours,
  id,
  instant,
  integer,
  minutes,
  onCount,
  purging,
  type Stream,
  session,
  sliding,
  text,
  tumbling,
} from "countercheck";
import type { Booking, Payment } from "./models.ts";

/** Windows of every kind; those whose rows may have no event time have a sink for late ones. */
export function windows(captures: Stream<typeof Payment.fields>, booked: Stream<typeof Booking.fields>): void {
  const byCurrency = captures.keyBy("amount.currency");

  const tumbled = byCurrency.window(tumbling(hours(6), { offset: hours(1) })).aggregate("tumbling", (rows) => ({
    currency: rows.key("amount.currency"),
    from: rows.windowStart(),
    count: rows.count(),
    total: rows.sum("amount"),
    least: rows.min("amount"),
  }));
  tumbled.to("tumbling");
  tumbled.late().to("tumbling-late");

  byCurrency
    .window(sliding(hours(6), hours(2)))
    .aggregate("sliding", (rows) => ({
      currency: rows.key("amount.currency"),
      to: rows.windowEnd(),
      payments: rows.distinct("paymentId"),
      most: rows.max("amount"),
    }))
    .to("sliding");

  byCurrency
    .window(session(minutes(20)))
    .aggregate("session", (rows) => ({
      currency: rows.key("amount.currency"),
      from: rows.windowStart(),
      to: rows.windowEnd(),
      count: rows.count(),
    }))
    .to("session");

  // Windows of windows: what one gives is in time for the next.
  tumbled
    .keyBy("currency")
    .window(cumulative(days(1), hours(12)))
    .aggregate("cumulative", (rows) => ({
      currency: rows.key("currency"),
      to: rows.windowEnd(),
      count: rows.sum("count"),
    }))
    .to("cumulative");

  byCurrency
    .window(globalWindow())
    .trigger(purging(onCount(7)))
    .aggregate("global", (rows) => ({ currency: rows.key("amount.currency"), count: rows.count() }))
    .to("global");

  captures
    .timedBy("capturedAt", { lag: days(2) })
    .keyBy("amount.currency")
    .window(calendarDays("Europe/Berlin"))
    .aggregate("calendar", (rows) => ({
      currency: rows.key("amount.currency"),
      from: rows.windowStart(),
      total: rows.sum("amount"),
    }))
    .to("calendar");

  booked
    .keyBy("paymentId", "net.currency")
    .window(tumbling(days(1)))
    .process("listed", {
      emits: { paymentId: id(), from: instant(), lines: text(), count: integer() },
      onWindow: (rows, { window, emit }) =>
        emit({
          paymentId: rows[0]!.paymentId,
          from: window.start,
          lines: rows
            .map(({ batchId, lineNo }) => `${batchId}/${lineNo}`)
            .sort()
            .join(),
          count: BigInt(rows.length),
        }),
    })
    .to("listed");
}
