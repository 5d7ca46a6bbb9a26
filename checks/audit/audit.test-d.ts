import { id, instant, integer, model, money, table, text } from "../../dataflow/model.ts";
import { job } from "../job.ts";

const Entry = model("Entry", {
  from: table("ledger", "entries"),
  fields: { entryId: id(), amount: money(), status: text(), version: integer(), updatedAt: instant() },
});
const Context = model("Context", { from: table("ledger", "change_context"), fields: { who: text(), why: text() } });
const Approval = model("Approval", {
  from: table("ledger", "approvals"),
  fields: { ticket: id(), what: text(), good: instant(), until: instant(), rows: integer() },
});

job("audits", (env) => {
  const what = { ticket: "ticket", table: "what", keys: "what", columns: "what" } as const;
  const approvals = { of: env.changes(Approval), ...what, from: "good", to: "until", rows: "rows" } as const;
  env.audit("entries", {
    of: Entry,
    context: { of: Context, fields: ["who", "why"] },
    approvals,
    terminal: { status: ["settled"] },
    guarded: { amount: ["version", "updatedAt"] },
  });
  // @ts-expect-error a context has the fields of its model
  env.audit("a", { of: Entry, context: { of: Context, fields: ["when"] } });
  // @ts-expect-error a ticket is good from a point in time on
  env.audit("b", { of: Entry, approvals: { ...approvals, from: "what" } });
  // @ts-expect-error money has no terminal values
  env.audit("c", { of: Entry, terminal: { amount: ["1.00 EUR"] } });
  // @ts-expect-error guards are fields of the model
  env.audit("d", { of: Entry, guarded: { amount: ["changedAt"] } });
  // @ts-expect-error so is what makes a finding severe
  env.audit("e", { of: Entry, neverDeleted: true, severe: { fields: ["price"] } });
  // @ts-expect-error writes are of a model, not of its rows
  env.audit("f", { of: env.changes(Entry), neverDeleted: true });

  env.writes(Entry).where({ operation: "update" });
  // @ts-expect-error a write is an insert, an update or a delete
  env.writes(Entry).where({ operation: "upsert" });
  env.writes(Entry).filter(({ amount, amountBefore }) => amount!.minor > (amountBefore?.minor ?? 0n));
});
