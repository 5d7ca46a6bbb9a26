import { id, instant, integer, model, money, table, text } from "countercheck";

const book = { id: id(), account: text(), amount: money(), status: text(), version: integer(), updatedAt: instant() };

/** What merchants may owe. */
export const CreditLimit = model("CreditLimit", { from: table("shop", "credit_limits"), fields: book });

/** An entry of the ledger. */
export const LedgerEntry = model("LedgerEntry", { from: table("ledger", "ledger_entries"), fields: book });

const context = { who: text(), why: text() };

/** Who changes limits, and why, written by the transaction that does. */
export const LimitsContext = model("LimitsContext", { from: table("shop", "limits_context"), fields: context });

/** Who changes the ledger, and why, written by the transaction that does. */
export const LedgerContext = model("LedgerContext", { from: table("ledger", "ledger_context"), fields: context });

/** An approved ticket: what may be written by hand, and when. */
export const Approval = model("Approval", {
  from: table("ledger", "approvals"),
  fields: {
    ticket: id(),
    tableName: text(),
    rowKeys: text(),
    columns: text(),
    validFrom: instant(),
    validTo: instant(),
    maxRows: integer(),
  },
});
