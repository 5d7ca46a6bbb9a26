import { job } from "countercheck";
import { changelogs, functions, streams } from "./functions.ts";
import { joins, tableJoins } from "./joins.ts";
import { Booking, Line, Payment, Refund } from "./models.ts";
import { windows } from "./windows.ts";

/** Every operator there is, each with a sink of its own. */
export default job("algebra", (env) => {
  const payments = env.changes(Payment);
  const refunds = env.changes(Refund);
  const lines = env.changes(Line);
  const captures = payments.where({ status: "captured" }).asEvents();
  const booked = env
    .changes(Booking)
    .asEvents()
    .keyBy("batchId", "lineNo")
    .deduplicate("booked-once", { keep: "first" });
  windows(captures, booked);
  joins(captures, booked);
  tableJoins(payments, refunds, lines, booked);
  changelogs(payments, lines, captures);
  functions(payments, refunds, lines);
  streams(captures, booked);
});
