import { job } from "countercheck";
import { Approval, CreditLimit, LedgerContext, LedgerEntry, LimitsContext } from "./models.ts";

/** Nobody writes the books unaccounted for, or more at once than is approved; what is over stays over. */
export default job("manual-changes", (env) => {
  const approvals = {
    of: env.changes(Approval),
    ticket: "ticket",
    table: "tableName",
    keys: "rowKeys",
    columns: "columns",
    from: "validFrom",
    to: "validTo",
    rows: "maxRows",
  } as const;
  const rules = {
    approvals,
    bulkLimit: 10,
    terminal: { status: ["settled"] },
    guarded: { amount: ["version", "updatedAt"] },
    neverDeleted: true,
    severe: { fields: ["amount"], above: "1000" },
  } as const;

  env.audit("credit-limit-changes", {
    of: CreditLimit,
    context: { of: LimitsContext, fields: ["who", "why"] },
    ...rules,
  });
  env.audit("ledger-changes", {
    of: LedgerEntry,
    context: { of: LedgerContext, fields: ["who", "why"] },
    ...rules,
  });
});
