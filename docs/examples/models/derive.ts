import { hours, id, idOf, instant, job, model, money, table, text } from "countercheck";

export const Invoice = model("Invoice", {
  from: table("billing", "invoices"),
  fields: { reference: text(), net: money(), vat: money(), issuedAt: instant() },
});
export const Booking = model("Booking", {
  from: table("ledger", "bookings"),
  fields: { orderId: id(), amount: money() },
});

/** What an invoice asks for, by the order that its reference names, must be booked within a day. */
export default job("invoices", (env) => {
  const claims = env.changes(Invoice).derive(
    "Claim",
    { orderId: id(), amount: money(), issuedAt: instant() },
    ({ reference, net, vat, issuedAt }) => ({
      orderId: reference === null ? null : idOf(Number(reference.replace("INV-", ""))),
      amount: net && { minor: net.minor + (vat?.minor ?? 0n), currency: net.currency },
      issuedAt,
    }),
    { businessTime: "issuedAt" },
  );
  env.reconcile("invoices", {
    by: "orderId",
    expect: { claimed: claims.sum("amount") },
    actual: { booked: env.changes(Booking).sum("amount") },
    missingAfter: hours(24),
  });
});
