import { describe, expect, it } from "vitest";
import { minutes } from "../../base/time.ts";
import type { AuditSpec } from "../../checks/audit/audit.ts";
import { job } from "../../checks/job.ts";
import { id, instant, integer, model, money, table, text } from "../../dataflow/model.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import { SKEW } from "./support.ts";

const Entry = model("Entry", {
  from: table("ledger", "entries"),
  fields: { account: text(), amount: money(), status: text(), version: integer(), updatedAt: instant() },
});
const Context = model("Context", { from: table("ledger", "change_context"), fields: { who: text(), why: text() } });
const Approval = model("Approval", {
  from: table("desk", "approvals"),
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

type Spec = Partial<AuditSpec<(typeof Entry)["fields"], (typeof Context)["fields"], (typeof Approval)["fields"]>>;

/** An audit whose every part is on, unless the test says otherwise. */
function audited(spec: Spec = {}): TestDriver {
  return testJob(
    job("audits", (env) => {
      env.audit("entries", {
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
        bulkLimit: 3,
        terminal: { status: ["settled"] },
        guarded: { amount: ["version", "updatedAt"] },
        neverDeleted: true,
        severe: { fields: ["account"], above: "1000" },
        ...spec,
      });
    }),
  );
}

const T = 1_000_000;
const open = { account: "a", amount: "10.00 EUR", status: "open", version: 1n, updatedAt: 1 } as const;
const dearer = { ...open, amount: "12.50 EUR", version: 2n, updatedAt: 2 } as const;
const why = { who: "ann", why: "a correction" } as const;

/** Entries 1 to 5 as the seed has them. */
function seeded(spec: Spec = {}): TestDriver {
  const driver = audited(spec);
  for (let row = 1; row <= 5; row++) driver.seed(Entry, row, { at: 0 }, open);
  return driver;
}

/** A ticket that approves changes of the amount of entry 1, or what the test says. */
function ticket(driver: TestDriver, values: object = {}, at = T - 60_000): TestDriver {
  const valid = { validFrom: T - minutes(10), validTo: T + minutes(10), maxRows: 1n };
  const what = { ticket: "OPS-7", tableName: "entries", rowKeys: "1", columns: "amount, version, updated_at" };
  return driver.upsert(Approval, "OPS-7", { at }, { ...what, ...valid, ...values });
}

const at = (transaction: string, time = T) => ({ at: time, transaction });

/** What is said of every transaction at the end, and the steps of its alerts. */
function said(driver: TestDriver, through = T + minutes(1)): string[] {
  driver.advance(through);
  return driver.alerts().map(({ check, action, class: cause, key, atRisk, currency }) => {
    return `${check} ${key.slice(1)} ${action} ${cause}${currency === "XXX" ? "" : ` ${atRisk} ${currency}`}`;
  });
}

describe("A write is authorised if its transaction wrote a context row (who, why)", () => {
  it("before the rows", () => {
    const driver = seeded();
    driver.upsert(Context, 1, at("7"), why).upsert(Entry, 1, at("7"), dearer);
    expect(said(driver.commit("ledger", "7", T, { entries: 1, change_context: 1 }))).toEqual([]);
  });

  it("the context may come after the rows", () => {
    const driver = seeded();
    driver.upsert(Entry, 1, at("7"), dearer).upsert(Context, 1, at("7", T + 1500), why);
    expect(said(driver.commit("ledger", "7", T + 2000, { entries: 1, change_context: 1 }))).toEqual([]);
  });

  it("and nobody accounted for one that wrote none", () => {
    const driver = seeded().upsert(Entry, 1, at("7"), dearer).commit("ledger", "7", T, { entries: 1 });
    expect(said(driver)).toEqual(["entries 7 opened unauthorised 2.50 EUR"]);
  });

  it("and that of another transaction does not count", () => {
    const driver = seeded().upsert(Context, 1, at("6"), why).commit("ledger", "6", T, { change_context: 1 });
    driver.upsert(Entry, 1, at("7"), dearer).commit("ledger", "7", T, { entries: 1 });
    expect(said(driver)).toEqual(["entries 7 opened unauthorised 2.50 EUR"]);
  });

  it("and one that does not say why is none", () => {
    const driver = seeded().upsert(Context, 1, at("7"), { who: "ann" }).upsert(Entry, 1, at("7"), dearer);
    expect(said(driver.commit("ledger", "7", T, { entries: 1 }))).toEqual(["entries 7 opened unauthorised 2.50 EUR"]);
  });
});
