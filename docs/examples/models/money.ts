import { id, model, money, table } from "countercheck";

export const Line = model("Line", {
  from: table("ledger", "lines"),
  fields: {
    paymentId: id("payment_no"),
    gross: money(),
    fee: money({ column: "fee_cents", minorUnits: true, currency: "EUR" }),
    share: money({ minorUnits: 6, currency: "EUR", rounding: "halfEven" }),
    net: money({ currencyFrom: "payout_currency", scale: 4 }),
  },
});
