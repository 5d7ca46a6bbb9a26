import { hours, id, instant, job, model, money, table } from "countercheck";
import { at, beat, type ConformanceCase, rowsOf } from "../format.ts";

const fields = { orderId: id(), amount: money(), happenedAt: instant() };
const businessTime = "happenedAt";
const whole = { before: "full" } as const;
const Sale = model("WholeSale", { from: table("whole-shop", "sales", whole), fields, businessTime });
const Booking = model("WholeBooking", { from: table("whole-bank", "bookings", whole), fields, businessTime });
const sale = rowsOf("whole-shop", "sales");
const booking = rowsOf("whole-bank", "bookings");
const sum = (orderId: string, amount: string, time: string) => ({ orderId, amount, happenedAt: at(time) });

/** Tables that say the row before, so that no row stage keeps it: rows move between keys, change and go behind each savepoint. */
export const wholeRowsCase: ConformanceCase = {
  name: "whole-rows",
  job: job("whole-rows-case", (env) => {
    env.reconcile("whole-rows", {
      by: "orderId",
      expect: { sold: env.changes(Sale).sum("amount") },
      actual: { booked: env.changes(Booking).sum("amount") },
      missingAfter: hours(1),
    });
  }),
  splits: 4,
  parts: [
    [
      sale("08:00", 1, sum("moved", "10.00 EUR", "08:00")),
      sale("08:01", 2, sum("moved-to", "10.00 EUR", "08:01")),
      sale("08:02", 3, sum("changed", "20.00 EUR", "08:02")),
      sale("08:03", 4, sum("deleted", "30.00 EUR", "08:03")),
      booking("08:30", "b1", sum("moved", "10.00 EUR", "08:30")),
      booking("08:31", "b3", sum("changed", "20.00 EUR", "08:31")),
      booking("08:32", "b4", sum("deleted", "30.00 EUR", "08:32")),
      beat("08:45"),
    ],
    [booking("08:50", "b1", sum("moved-to", "10.00 EUR", "08:30")), beat("09:30")],
    [
      sale("09:40", 3, sum("changed", "25.00 EUR", "08:02")),
      booking("09:41", "b4", null),
      sale("09:42", 2, sum("moved-to", "10.00 EUR", "08:01")),
      beat("10:00"),
    ],
    [
      sale("10:10", 4, null),
      booking("10:11", "b1", sum("moved", "10.00 EUR", "08:30")),
      sale("10:12", 3, sum("elsewhere", "25.00 EUR", "08:02")),
      beat("13:00"),
    ],
  ],
  expected: {
    "whole-rows": {
      changed: ["09:40:02 v1: fail under-charge 5.00 EUR", "10:12:02 v2: fail unknown-payment 20.00 EUR"],
      deleted: ["09:41:02 v1: fail missing 30.00 EUR", "10:10:02 v2: pass EUR"],
      elsewhere: ["10:12:02 v1: fail missing 25.00 EUR"],
      moved: ["09:00:02 v1: fail missing 10.00 EUR", "10:11:02 v2: pass EUR"],
      "moved-to": ["10:11:02 v1: fail missing 10.00 EUR"],
    },
    "whole-rows alerts": {
      changed: [
        "09:40:02 alert opened: under-charge",
        "10:12:02 alert resolved: under-charge",
        "10:12:02 alert opened: unknown-payment",
      ],
      deleted: ["09:41:02 alert opened: missing", "10:10:02 alert resolved: missing"],
      elsewhere: ["10:12:02 alert opened: missing"],
      moved: ["09:00:02 alert opened: missing", "10:11:02 alert resolved: missing, 71 minutes late"],
      "moved-to": ["10:11:02 alert opened: missing"],
    },
  },
};
