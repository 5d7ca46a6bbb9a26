import { describe, expect, it } from "vitest";
import { id, instant, integer, model, money, table, text } from "../../dataflow/model.ts";
import { job } from "../job.ts";

const Entry = model("Entry", {
  from: table("ledger", "entries"),
  fields: { entryId: id(), amount: money(), status: text(), version: integer() },
});
const Context = model("Context", { from: table("ledger", "change_context"), fields: { who: text(), why: text() } });
const Elsewhere = model("Elsewhere", { from: table("shop", "change_context"), fields: { who: text() } });
const Both = model("Both", { from: [table("shop", "a"), table("ledger", "a")], fields: { amount: money() } });
const Approval = model("Approval", {
  from: table("ledger", "approvals"),
  fields: { ticket: id(), what: text(), from: instant(), to: instant(), rows: integer() },
});

/** Why an audit cannot be judged; undefined for one that can. */
function refused(spec: object): string | undefined {
  try {
    job("audited", (env) => {
      const approvals = { of: env.changes(Approval), ticket: "ticket", table: "what", keys: "what", columns: "what" };
      const times = { from: "from", to: "to", rows: "rows" };
      const given = spec as { readonly approvals?: object };
      const own = given.approvals === undefined ? {} : { approvals: { ...approvals, ...times, ...given.approvals } };
      env.audit("entries", { of: Entry, ...given, ...own } as never);
    }).graph();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe("an audit that cannot be judged is refused", () => {
  const cases: readonly [string, object, string][] = [
    ["that looks at nothing", {}, "it looks at nothing"],
    ["of no model", { of: 5, neverDeleted: true }, "`of` should be a model"],
    ["of several sources", { of: Both, neverDeleted: true }, "are of several sources"],
    ["whose context is of another source", { context: { of: Elsewhere, fields: ["who"] } }, "of another source"],
    ["whose context lacks a field", { context: { of: Context, fields: ["when"] } }, "when is no field of Context"],
    ["whose tickets lack a field", { approvals: { keys: "rowKeys" } }, "rowKeys is no field of Approval"],
    ["whose tickets have no times", { approvals: { from: "what" } }, "what should be instant"],
    ["whose tickets are no rows", { approvals: { of: Approval } }, "`approvals.of` should be rows"],
    ["with a limit of no rows", { bulkLimit: 0 }, "a whole number of rows"],
    ["with terminal values of money", { terminal: { amount: ["1"] } }, "amount should be text or id"],
    ["with no terminal value", { terminal: { status: [] } }, "a list of values"],
    ["with an unknown guard", { guarded: { amount: ["updatedAt"] } }, "updatedAt is no field of Entry"],
    ["with no guard", { guarded: { amount: [] } }, "a list of fields"],
    ["with an unknown severe field", { neverDeleted: true, severe: { fields: ["x"] } }, "x is no field of Entry"],
    ["with a severe amount that is none", { neverDeleted: true, severe: { above: "much" } }, "an amount"],
    ["with a wait without its unit", { neverDeleted: true, endWithin: 5 }, "write it with its unit"],
  ];
  for (const [name, spec, why] of cases) it(name, () => expect(refused(spec)).toContain(why));

  it("and others are not", () => {
    expect(refused({ context: { of: Context, fields: ["who"] }, approvals: {}, terminal: { status: ["x"] } })).toBe(
      undefined,
    );
  });
});

describe("the checks of an audit", () => {
  const uids = (spec: object) => {
    const built = job("audited", (env) => env.audit("entries", { of: Entry, ...spec } as never)).graph();
    return built.nodes.flatMap((node) => (node.type === "operator" ? [node.uid] : []));
  };

  it("are one for what authorises, and one for how rows may change", () => {
    expect(uids({ bulkLimit: 5 })).toEqual(["entries"]);
    expect(uids({ neverDeleted: true })).toEqual(["entries.rows"]);
    expect(uids({ bulkLimit: 5, guarded: { amount: ["version"] } })).toEqual(["entries", "entries.rows"]);
  });
});
