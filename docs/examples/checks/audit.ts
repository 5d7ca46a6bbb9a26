import { id, instant, integer, job, model, money, table, text } from "countercheck";

export const Entry = model("Entry", {
  from: table("ledger", "entries"),
  fields: { id: id(), status: text(), amount: money(), version: integer(), modifiedAt: instant("gmt_modified") },
});
export const Context = model("Context", { from: table("ledger", "context"), fields: { who: text(), why: text() } });
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

/** Nobody writes the ledger unaccounted for; what is settled stays settled. */
export default job("books", (env) => {
  env.audit("ledger-changes", {
    of: Entry,
    context: { of: Context, fields: ["who", "why"] },
    approvals: {
      of: env.changes(Approval),
      ticket: "ticket",
      table: "tableName",
      keys: "rowKeys",
      columns: "columns",
      from: "validFrom",
      to: "validTo",
      rows: "maxRows",
    },
    bulkLimit: 10,
    terminal: { status: ["settled"] },
    guarded: { amount: ["version", "modifiedAt"] },
    neverDeleted: true,
    severe: { fields: ["amount"], above: "1000" },
  });
});
