import { describe, expect, it } from "vitest";
import { minutes } from "../../base/time.ts";
import type { AuditSpec } from "../../checks/audit/audit.ts";
import { type Job, job } from "../../checks/job.ts";
import { id, instant, integer, model, money, table, text } from "../../dataflow/model.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import { restarting } from "./restarting-job.ts";
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
function audited(spec: Spec = {}, wrapped: (job: Job) => Job = (own) => own): TestDriver {
  return testJob(
    wrapped(
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
    ),
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

  it.each([
    ["blank", { who: "", why: "a correction" }],
    ["of spaces", { who: "ann", why: " \t" }],
  ])("and one whose text is %s is none", (_, values) => {
    const driver = seeded().upsert(Context, 1, at("7"), values).upsert(Entry, 1, at("7"), dearer);
    expect(said(driver.commit("ledger", "7", T, { entries: 1 }))).toEqual(["entries 7 opened unauthorised 2.50 EUR"]);
  });

  it("and one that the transaction takes back is none", () => {
    const driver = seeded().upsert(Context, 1, at("7"), why).upsert(Entry, 1, at("7"), dearer);
    driver.delete(Context, 1, at("7")).commit("ledger", "7", T, { entries: 1 });
    expect(said(driver)).toEqual(["entries 7 opened unauthorised 2.50 EUR"]);
  });

  it.each<[string, object, string[]]>([
    ["blanked", { who: "" }, ["entries 7 opened unauthorised 2.50 EUR"]],
    ["filled in", { why: "a correction" }, []],
  ])("and one counts as it is at the END: %s", (_, values, says) => {
    const before = "why" in values ? { ...why, why: "" } : why;
    const driver = seeded().upsert(Context, 1, at("7"), before).upsert(Entry, 1, at("7"), dearer);
    driver.upsert(Context, 1, at("7"), { ...why, ...values });
    expect(said(driver.commit("ledger", "7", T, { entries: 1 }))).toEqual(says);
  });

  it("and one that takes another's place is one", () => {
    const driver = seeded().seed(Context, 1, { at: 0 }, why).delete(Context, 1, at("7"));
    driver.upsert(Context, 1, at("7"), why).upsert(Entry, 1, at("7"), dearer);
    expect(said(driver.commit("ledger", "7", T, { entries: 1 }))).toEqual([]);
  });
});

describe("A write is authorised if it matches an approved ticket (table, keys, columns, time, count)", () => {
  const byTicket = (values: object = {}, approvedAt?: number) => {
    const driver = ticket(seeded(), values, approvedAt).upsert(Entry, 1, at("7"), dearer);
    return said(driver.commit("ledger", "7", T, { entries: 1 }));
  };
  const outside = ["entries 7 opened outside-ticket 2.50 EUR"];
  const nobodys = ["entries 7 opened unauthorised 2.50 EUR"];

  it("which approves it", () => expect(byTicket()).toEqual([]));
  it("for all keys and columns", () => expect(byTicket({ rowKeys: "*", columns: "*" })).toEqual([]));
  it("and is for another table", () => expect(byTicket({ tableName: "limits" })).toEqual(nobodys));
  it("and is for other rows", () => expect(byTicket({ rowKeys: "2,3" })).toEqual(nobodys));
  it("and is for other columns", () => expect(byTicket({ columns: "status" })).toEqual(outside));
  it("and had expired", () => expect(byTicket({ validTo: T - 1 })).toEqual(outside));
  it("and was not good yet", () => expect(byTicket({ validFrom: T + 1 })).toEqual(outside));
  it("and is for fewer writes", () => {
    const driver = ticket(seeded(), { rowKeys: "1,2", columns: "*" });
    for (const row of [1, 2]) driver.upsert(Entry, row, at("7"), dearer);
    expect(said(driver.commit("ledger", "7", T, { entries: 2 }))).toEqual(["entries 7 opened outside-ticket 5.00 EUR"]);
  });
  it("and was approved afterwards", () => expect(byTicket({}, T + SKEW + 1)).toEqual(nobodys));
  it("and was taken back before", () => {
    const driver = ticket(seeded())
      .delete(Approval, "OPS-7", { at: T - 1 })
      .upsert(Entry, 1, at("7"), dearer);
    expect(said(driver.commit("ledger", "7", T, { entries: 1 }))).toEqual(nobodys);
  });
  it("and for an insert or a deletion it must name all columns", () => {
    const driver = ticket(seeded({ neverDeleted: false })).delete(Entry, 1, at("7"));
    expect(said(driver.commit("ledger", "7", T, { entries: 1 }))).toEqual([
      "entries 7 opened outside-ticket 10.00 EUR",
    ]);
  });
});

describe("Judged at the transaction's END with its event count", () => {
  it("not before: a context may still come, and what changes with an amount", () => {
    const driver = seeded().upsert(Entry, 1, at("7"), { ...dearer, version: 1n });
    driver.advance(T + minutes(1));
    driver.upsert(Entry, 1, at("7", T + minutes(2)), dearer).upsert(Context, 1, at("7", T + minutes(2)), why);
    driver.commit("ledger", "7", T + minutes(2), { entries: 2, change_context: 1 });
    expect(said(driver, T + minutes(3))).toEqual([]);
  });

  it("and when all writes that it counts are there: else it is unobservable", () => {
    const driver = seeded().upsert(Entry, 1, at("7"), dearer).commit("ledger", "7", T, { entries: 2 });
    expect(said(driver, T + minutes(4))).toEqual([]);
    expect(driver.verdicts()).toEqual([]);
    driver.advance(T + minutes(6));
    expect(driver.verdicts().map(({ status, reason }) => `${status}: ${reason}`)).toEqual([
      "unobservable: its END counts 2 writes, and 1 were read",
      "unobservable: its END counts 2 writes, and 1 were read",
    ]);
  });

  it("a transaction whose END never comes is unobservable", () => {
    const driver = seeded().upsert(Entry, 1, at("7"), dearer);
    driver.advance(T + minutes(4));
    expect(driver.verdicts()).toEqual([]);
    driver.advance(T + minutes(6));
    expect(
      driver
        .verdicts()
        .map(({ check, status, reason }) => [check, status, reason])
        .sort(),
    ).toEqual([
      ["entries", "unobservable", "its END has not come"],
      ["entries.rows", "unobservable", "its END has not come"],
    ]);
  });

  it("until it comes", () => {
    const driver = seeded().upsert(Entry, 1, at("7"), dearer);
    driver.advance(T + minutes(6));
    driver.commit("ledger", "7", T + minutes(7), { entries: 1 });
    expect(said(driver, T + minutes(8))).toEqual(["entries 7 opened unauthorised 2.50 EUR"]);
  });

  it("a statement that opens no such end (DDL) must not hang it: nothing waits for what wrote nothing", () => {
    const driver = seeded().upsert(Context, 1, at("7"), why).upsert(Entry, 1, at("7"), dearer);
    driver.commit("ledger", "7", T, { entries: 1, change_context: 1 }).commit("ledger", "8", T + 1, {});
    driver.advance(T + minutes(60));
    expect(driver.verdicts()).toEqual([]);
    expect(driver.keys()).toBe(2);
  });

  it.each([1, 67, 3_000])(
    "and is told again by a connector that begins anew %i minutes later, without being judged again",
    (later) => {
      const driver = seeded().upsert(Entry, 1, at("7"), dearer).commit("ledger", "7", T, { entries: 1 });
      said(driver, T + minutes(later));
      driver.commit("ledger", "7", T, { entries: 1 });
      expect(said(driver, T + minutes(later + 10))).toEqual(["entries 7 opened unauthorised 2.50 EUR"]);
      expect(driver.engineAlerts).toEqual([]);
    },
  );

  it("other tables of the transaction are no matter", () => {
    const driver = seeded().upsert(Context, 1, at("7"), why).upsert(Entry, 1, at("7"), dearer);
    expect(said(driver.commit("ledger", "7", T, { entries: 1, orders: 12, change_context: 1 }))).toEqual([]);
  });
});

/** What is said of an update of entry 1 that somebody accounted for. */
function accounted(values: object, before: object = open): string[] {
  const driver = audited().seed(Entry, 1, { at: 0 }, { ...open, ...before });
  driver.upsert(Context, 1, at("7"), why).upsert(Entry, 1, at("7"), { ...dearer, ...values });
  return said(driver.commit("ledger", "7", T, { entries: 1, change_context: 1 }));
}

describe("Also flagged", () => {
  it("a terminal state that goes back", () => {
    expect(accounted({ amount: "10.00 EUR" }, { status: "settled" })).toEqual(["entries.rows 7 opened terminal-left"]);
    expect(accounted({ status: "settled" })).toEqual([]);
  });

  it("an amount changed without its version or updated-at", () => {
    expect(accounted({ version: 1n })).toEqual(["entries.rows 7 opened unguarded-change 2.50 EUR"]);
    expect(accounted({ updatedAt: 1 })).toEqual(["entries.rows 7 opened unguarded-change 2.50 EUR"]);
    expect(accounted({ amount: "10.00 EUR", version: 1n })).toEqual([]);
  });

  it("a deleted ledger row", () => {
    const driver = seeded().upsert(Context, 1, at("7"), why).delete(Entry, 1, at("7"));
    expect(said(driver.commit("ledger", "7", T, { entries: 1, change_context: 1 }))).toEqual([
      "entries.rows 7 opened deleted-row 10.00 EUR",
    ]);
  });

  it("a bulk change over a limit (one alert)", () => {
    const driver = seeded().upsert(Context, 1, at("7"), why);
    for (let row = 1; row <= 4; row++) driver.upsert(Entry, row, at("7"), dearer);
    expect(said(driver.commit("ledger", "7", T, { entries: 4, change_context: 1 }))).toEqual([
      "entries 7 opened bulk-change 10.00 EUR",
    ]);
  });

  it("but for one that a ticket approves, and one up to the limit", () => {
    const driver = ticket(seeded(), { rowKeys: "*", columns: "*", maxRows: 4n }).upsert(Context, 1, at("8"), why);
    for (let row = 1; row <= 4; row++) driver.upsert(Entry, row, at("7"), dearer);
    for (let row = 1; row <= 3; row++) driver.upsert(Entry, row, at("8"), { ...dearer, version: 3n });
    driver.commit("ledger", "7", T, { entries: 4 }).commit("ledger", "8", T, { entries: 3, change_context: 1 });
    expect(said(driver)).toEqual([]);
  });

  it("all writes of a row in a transaction are taken together", () => {
    const driver = audited().seed(Entry, 1, { at: 0 }, { ...open, status: "settled" });
    driver.upsert(Context, 1, at("7"), why).upsert(Entry, 1, at("7"), { ...open, amount: "12.50 EUR" });
    driver.upsert(Entry, 1, at("7"), { ...dearer, status: "settled" });
    driver.upsert(Entry, 9, at("7"), open).delete(Entry, 9, at("7"));
    expect(said(driver.commit("ledger", "7", T, { entries: 4, change_context: 1 }))).toEqual([]);
  });
});

describe("Severity by column and money moved; before and after shown", () => {
  const noteOf = (values: object) => {
    const driver = seeded()
      .upsert(Entry, 1, at("7"), { ...dearer, ...values })
      .commit("ledger", "7", T, { entries: 1 });
    driver.advance(T + minutes(1));
    return driver.verdicts()[0]!.note!;
  };

  it("before and after", () => {
    expect(noteOf({})).toBe(
      "normal severity: nobody accounted for it, and no ticket approves it. 1: amount 10.00 EUR → 12.50 EUR, version 1 → 2, updatedAt 1970-01-01T00:00:00.001Z → 1970-01-01T00:00:00.002Z",
    );
  });

  it.each([
    ["alone: the amount in the former one", "10.00 USD", "10.00 EUR"],
    ["alone, where minor units are others", "10 JPY", "10.00 EUR"],
    ["with the amount: both, so none is told", "1000 JPY", null],
  ])("a currency that changes %s", (_, amount, atRisk) => {
    const driver = seeded().upsert(Entry, 1, at("7"), { ...dearer, amount });
    const told = atRisk === null ? "" : ` ${atRisk}`;
    expect(said(driver.commit("ledger", "7", T, { entries: 1 }))).toEqual([`entries 7 opened unauthorised${told}`]);
  });

  it("a column", () => expect(noteOf({ account: "b" })).toMatch(/^high severity/));
  it("money moved", () => {
    expect(noteOf({ amount: "1009.99 EUR" })).toMatch(/^normal severity/);
    expect(noteOf({ amount: "1010.00 EUR" })).toMatch(/^high severity/);
  });
});

describe("Without a full row image unattributable, not passed", () => {
  const unknown = (driver: TestDriver) => {
    driver.upsert(Context, 1, at("7"), why).update(Entry, 9, at("7"), dearer);
    return said(driver.commit("ledger", "7", T, { entries: 1, change_context: 1 }));
  };

  it("where a rule looks at what the row was", () => {
    expect(unknown(audited())).toEqual(["entries.rows 7 opened unattributable"]);
    expect(unknown(audited({ terminal: {}, guarded: {} }))).toEqual([]);
  });

  it("a row that was seen once is known, whatever image its updates bring", () => {
    const driver = seeded().upsert(Context, 1, at("7"), why).update(Entry, 1, at("7"), dearer);
    expect(said(driver.commit("ledger", "7", T, { entries: 1, change_context: 1 }))).toEqual([]);
  });

  it("where a ticket names columns", () => {
    const byTicket = (columns: string) => {
      const driver = ticket(audited({ terminal: {}, guarded: {} }), { rowKeys: "9", columns });
      return said(driver.update(Entry, 9, at("7"), dearer).commit("ledger", "7", T, { entries: 1 }));
    };
    expect(byTicket("amount")).toEqual(["entries 7 opened unattributable"]);
    expect(byTicket("*")).toEqual([]);
  });

  it("a deletion is a deletion, whatever was deleted", () => {
    const driver = audited().upsert(Context, 1, at("7"), why).delete(Entry, 9, at("7"));
    expect(said(driver.commit("ledger", "7", T, { entries: 1, change_context: 1 }))).toEqual([
      "entries.rows 7 opened deleted-row",
    ]);
  });
});

describe("Restoring the value resolves A and B, never the finding", () => {
  it("by another transaction", () => {
    const driver = seeded().upsert(Entry, 1, at("7"), dearer).commit("ledger", "7", T, { entries: 1 });
    const later = T + minutes(5);
    driver
      .upsert(Context, 1, at("8", later), why)
      .upsert(Entry, 1, at("8", later), { ...open, version: 3n, updatedAt: 3 });
    driver.commit("ledger", "8", later, { entries: 1, change_context: 1 });
    expect(said(driver, later + minutes(1))).toEqual(["entries 7 opened unauthorised 2.50 EUR"]);
  });

  it("and is not forgotten, while what passed is after a day", () => {
    const driver = seeded().upsert(Entry, 1, at("7"), dearer).commit("ledger", "7", T, { entries: 1 });
    driver.upsert(Context, 1, at("8"), why).upsert(Entry, 2, at("8"), dearer);
    driver.commit("ledger", "8", T, { entries: 1, change_context: 1 });
    driver.advance(T + minutes(60 * 24 * 3));
    expect(said(driver)).toEqual(["entries 7 opened unauthorised 2.50 EUR"]);
    expect(driver.keys()).toBe(1);
  });
});

describe("What cannot be seen", () => {
  it("a record that cannot be read may be the context: unobservable until it is settled", () => {
    const driver = seeded().upsert(Entry, 1, at("7"), dearer).commit("ledger", "7", T, { entries: 1 });
    driver.fault({ id: "topic/0/5", source: "ledger", table: "change_context" });
    driver.advance(T + minutes(1));
    expect(driver.alerts()).toEqual([]);
    driver.settle("topic/0/5");
    expect(said(driver)).toEqual(["entries 7 opened unauthorised 2.50 EUR"]);
  });

  it("a connector that does not tell of transactions is told of", () => {
    const driver = seeded().upsert(Entry, 1, { at: T }, dearer);
    driver.advance(T + minutes(60));
    expect(driver.verdicts()).toEqual([]);
    expect(driver.engineAlerts.map(({ code }) => code)).toEqual(["UNKEYED", "UNKEYED"]);
  });
});

it("a restart keeps tickets as they were when, transactions that have not ended, and what was found", () => {
  const [through, restarted] = [audited(), audited({}, restarting)].map((driver) => {
    for (let row = 1; row <= 5; row++) driver.seed(Entry, row, { at: 0 }, open);
    ticket(driver)
      .upsert(Entry, 1, at("7"), dearer)
      .upsert(Entry, 2, at("8"), dearer)
      .advance(T - 1);
    driver
      .delete(Approval, "OPS-7", { at: T + SKEW + 1 })
      .commit("ledger", "8", T, { entries: 1 })
      .commit("ledger", "7", T, { entries: 1 })
      .advance(T + SKEW);
    driver.upsert(Entry, 1, at("9", T + 9000), { ...dearer, version: 3n });
    driver.commit("ledger", "9", T + 9000, { entries: 1 });
    return said(driver);
  });
  expect(restarted).toEqual(through);
  expect(through).toEqual(["entries 8 opened unauthorised 2.50 EUR", "entries 9 opened unauthorised"]);
});
