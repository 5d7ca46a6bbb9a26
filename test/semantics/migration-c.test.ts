import { describe, expect, it } from "vitest";
import { days } from "../../base/time.ts";
import type { Direction } from "../../checks/replica/replica-rule.ts";
import { keptBy } from "../../runtime/checkpoint/upgrade.ts";
import { Account, type Cells, migrationJob, NewAccount, S, T0, THREE_DAYS, TurningJob } from "./migration-support.ts";
import { alertLines } from "./support.ts";

const DAY = days(1) / S;

describe("pair by mapped id", () => {
  it("rows with ids of their own are one account where their models map them to one key", () => {
    const account = new Account().old(0).new(3).until(100);
    expect(account.driver.end(T0 + 200 * S).finals()).toMatchObject([{ key: "7", status: "pass", currency: "XXX" }]);
  });
});

describe("compare canonical rows", () => {
  const same = (old: Cells, replica: Cells) => new Account().old(0, old).new(3, replica).until(100).says;

  it("null and default", () => {
    expect(same({ owner: null, creditLimit: null }, { owner: "", creditLimit: "0.00 EUR" })).toEqual([]);
    expect(same({ owner: null }, { owner: "Ann" })).toEqual(["@33 fail field-differs"]);
    expect(same({ creditLimit: null }, { creditLimit: "0.01 EUR" })).toEqual(["@33 fail field-differs"]);
  });

  it("time zone", () => {
    const july = Date.UTC(2025, 6, 1, 9);
    // In summer clocks in Berlin are two hours ahead; the support adds one.
    expect(same({ openedAt: july + 3_600 * S }, { openedAt: july })).toEqual([]);
    expect(same({ openedAt: july }, { openedAt: july })).toEqual(["@33 fail field-differs"]);
  });

  it("time zone: what clocks showed twice is not told apart", () => {
    const first = Date.UTC(2025, 9, 26, 0, 30);
    // 02:30 in Berlin, an hour before and an hour after clocks are put back.
    for (const time of [first, first + 3_600 * S]) {
      expect(same({ openedAt: first + 3_600 * S }, { openedAt: time })).toEqual([]);
    }
  });

  it("decimal scale", () => {
    expect(same({ balance: "10.500 EUR" }, { balance: "10.5000 EUR" })).toEqual([]);
    expect(same({ balance: "10.500 EUR" }, { balance: "10.5001 EUR" })).toEqual(["@33 fail field-differs"]);
  });

  it("enum map: models give values one name", () => {
    expect(same({ state: "frozen" }, { state: "frozen" })).toEqual([]);
    expect(same({ state: "frozen" }, { state: "active" })).toEqual(["@33 fail field-differs"]);
  });

  it("ignored columns", () => {
    expect(same({ branch: "1" }, { tier: "gold" })).toEqual([]);
  });
});

describe("newest with newest once the key is quiet", () => {
  it("quick updates that overtake their copies are silent", () => {
    const account = new Account().old(0).new(3);
    for (const n of [1, 2, 3, 4]) account.old(60 + n * 2, { balance: `${n}.00 EUR` });
    for (const n of [1, 2, 3, 4]) account.new(75 + n * 2, { balance: `${n}.00 EUR` });
    expect(account.until(500).says).toEqual([]);
  });

  it("where both sides move on, the last versions are compared when nothing has changed for the delay", () => {
    const account = new Account().old(0).new(3);
    account.old(60, { balance: "1.00 EUR" }).new(63, { balance: "2.00 EUR" });
    account.old(80, { balance: "3.00 EUR" }).new(83, { balance: "4.00 EUR" });
    expect(account.until(500).says).toEqual(["@113 fail field-differs"]);
  });

  it("a change that is taken back before anyone followed is no difference", () => {
    const account = new Account().old(0).new(3).old(60, { state: "frozen" }).old(70).until(500);
    expect(account.says).toEqual([]);
  });

  it("a key that fails is not mended by being busy, and its alert is not resolved and opened again", () => {
    const account = new Account().old(0).new(3, { state: "frozen" });
    for (const n of [1, 2, 3]) {
      account.old(100 + n * 20, { balance: `${n}.00 EUR` });
      account.new(103 + n * 20, { balance: `${n}.00 EUR`, state: "frozen" });
    }
    account.until(500);
    expect(account.says).toEqual(["@33 fail field-differs"]);
    expect(alertLines(account.driver)).toEqual(["opened field-differs v1"]);
  });
});

describe("fail only after a delay", () => {
  it("from the change that the other side did not follow", () => {
    expect(new Account().old(0).until(31).says).toEqual([]);
    expect(new Account().old(0).until(32).says).toEqual(["@30 fail missing-in-new"]);
  });

  it("a side that stands still is late, however busy the other one is", () => {
    const account = new Account().old(0).new(3);
    for (let n = 0; n < 10; n++) account.old(60 + n * 10, { balance: `${n}.00 EUR` });
    expect(account.until(500).says[0]).toBe("@90 fail stale");
  });

  it("the other side may be first by as much", () => {
    expect(new Account().new(0).old(29).until(500).says).toEqual([]);
    expect(new Account().deleteOld(0).old(1).new(1).deleteNew(60).deleteOld(85).until(500).says).toEqual([]);
  });
});

describe("longer for back-filled rows", () => {
  const backfill = migrationJob({ backfilledAfter: THREE_DAYS });

  it("rows of the seed have it from the time of the seed", () => {
    const account = new Account(backfill).seedOld(0).until(3 * DAY - 10);
    expect(account.says).toEqual([]);
    expect(account.until(3 * DAY + 2).says).toEqual([`@${3 * DAY} fail missing-in-new`]);
  });

  it("what the back-fill brings in time is silent, and from then on a row like any other", () => {
    const account = new Account(backfill)
      .seedOld(0)
      .new(2 * DAY)
      .until(4 * DAY);
    expect(account.says).toEqual([]);
    account.old(5 * DAY, { state: "frozen" }).until(5 * DAY + 100);
    expect(account.says).toEqual([`@${5 * DAY + 30} fail stale`]);
  });

  it("a row that changes before the back-fill comes has the usual time from its change on", () => {
    const changed = () => new Account(backfill).seedOld(0).old(DAY, { state: "frozen" });
    expect(
      changed()
        .new(DAY + 20, { state: "frozen" })
        .until(5 * DAY).says,
    ).toEqual([]);
    expect(changed().until(2 * DAY).says).toEqual([`@${DAY + 30} fail missing-in-new`]);
  });

  it("rows that are told by a field have it from the time that the rule names", () => {
    const account = new Account(migrationJob({ backfilledAfter: THREE_DAYS, openedBefore: T0 }));
    account.seedOld(0, { openedAt: T0 - 2 * 3_600 * S }).old(DAY, { state: "frozen", openedAt: T0 - 2 * 3_600 * S });
    expect(account.until(3 * DAY).says).toEqual([]);
    expect(account.until(3 * DAY + 2).says).toEqual([`@${3 * DAY} fail missing-in-new`]);
  });

  it("what differs when the seeds are taken has it too, and is no baseline", () => {
    const account = new Account(backfill)
      .seedOld(0)
      .seedNew(0, { state: "frozen" })
      .until(4 * DAY);
    expect(account.says).toEqual([`@${3 * DAY} fail field-differs`]);
    expect(account.driver.verdicts()[0]!.baseline).toBe(false);
  });
});

describe("classes", () => {
  it("missing in new", () => {
    const account = new Account().old(0).until(100);
    expect(account.says).toEqual(["@30 fail missing-in-new"]);
    expect(account.new(600).until(700).says[1]).toBe("@600 pass");
    expect(account.driver.alerts()[1]).toMatchObject({ action: "resolved", lateByMs: 570 * S });
  });

  it("missing in old", () => {
    expect(new Account().new(0).until(100).says).toEqual(["@30 fail missing-in-old"]);
  });

  it("field differs: the note says which fields, and both values", () => {
    const account = new Account().old(0).new(3, { balance: "10.01 EUR", state: "frozen" }).until(100);
    expect(account.says).toEqual(["@33 fail field-differs"]);
    expect(account.driver.alerts()[0]!.fields).toEqual(["state", "balance"]);
    expect(account.note).toBe(
      "state, balance differ: state old active, new frozen; balance old 10.0000 EUR, new 10.0100 EUR",
    );
  });

  it("stale: the lagging side has what the primary one had before", () => {
    const account = new Account().old(0).new(3).old(60, { balance: "12.00 EUR" }).until(100);
    expect(account.says).toEqual(["@90 fail stale"]);
    expect(account.note).toBe(
      "balance differs: old 12.0000 EUR, new 10.0000 EUR; new has what old had until 2026-03-02T10:01:00.000Z",
    );
  });

  it("stale: also a version that was over within a second", () => {
    const account = new Account().old(0).new(3).old(60, { balance: "11.00 EUR" }).old(61, { balance: "12.00 EUR" });
    expect(account.new(64, { balance: "11.00 EUR" }).until(200).says).toEqual(["@94 fail stale"]);
  });

  it("stale: the last eight versions are remembered, what is older is a field that differs", () => {
    for (const [versions, cause] of [
      [8, "stale"],
      [9, "field-differs"],
    ] as const) {
      const account = new Account().old(0).new(3);
      for (let n = 1; n <= versions; n++) account.old(60 + n, { balance: `${n}.00 EUR` });
      expect(account.until(200).says, String(versions)).toEqual([`@${60 + versions + 30} fail ${cause}`]);
    }
  });

  it("delete not propagated", () => {
    const account = new Account().old(0).new(3).deleteOld(60).until(100);
    expect(account.says).toEqual(["@90 fail delete-not-propagated"]);
    expect(account.note).toBe("deleted in old at 2026-03-02T10:01:00.000Z");
    expect(account.deleteNew(600).until(700).says[1]).toBe("@600 pass");
  });

  it("what is deleted on both sides within the delay is silent, and so is what is created again", () => {
    expect(new Account().old(0).new(3).deleteOld(60).deleteNew(80).until(500).says).toEqual([]);
    const again = { balance: "1.00 EUR" };
    const account = new Account().old(0).new(3).deleteOld(60).old(62, again).deleteNew(67).new(69, again);
    expect(account.until(500).says).toEqual([]);
  });

  it("several rows of one key are the same when each has its like", () => {
    const account = new Account().old(0).new(3);
    account.driver.upsert(NewAccount, "acc-7b", { at: T0 + 10 * S }, { accountId: 7, state: "active" });
    expect(account.until(500).says).toEqual(["@40 fail missing-in-old"]);
  });
});

describe("retention", () => {
  it("a key with a row on either side is kept however long it is quiet: what comes then is not unknown", () => {
    const account = new Account()
      .old(0)
      .new(3)
      .until(500 * DAY);
    account.old(501 * DAY, { state: "frozen" }).until(501 * DAY + 100);
    expect(account.says).toEqual([`@${501 * DAY + 30} fail stale`]);
    account.new(502 * DAY, { state: "frozen" }).until(503 * DAY);
    expect(account.says[1]).toBe(`@${502 * DAY} pass`);
  });

  it("once its rows are gone from both sides it leaves like any other key", () => {
    const account = new Account().old(0).new(3).deleteOld(60).deleteNew(63);
    const withState = () => account.until(10 * DAY).driver.keys();
    expect(withState()).toBe(1);
    account.until(400 * DAY);
    expect(account.driver.keys()).toBe(0);
  });
});

describe("what cannot be seen", () => {
  it("a record that cannot be used makes the account that it names unobservable, not missing", () => {
    const account = new Account().old(0);
    const fault = { id: "accounts_v2/0/7", source: "ledger", table: "accounts_v2" };
    account.driver.fault({ ...fault, fields: { NewAccount: { accountId: "7" } } });
    expect(account.until(100).says.map((said) => said.replace(/^@\S+ /, ""))).toEqual(["unobservable"]);
    account.driver.settle(fault.id);
    expect(account.until(200).says.at(-1)).toMatch(/ fail missing-in-new$/);
  });
});

describe("the direction flips without losing state", () => {
  it("which side is primary decides what a difference is called", () => {
    const stale = (direction: Direction) =>
      new Account(migrationJob({ direction })).old(0).new(3).new(60, { state: "frozen" }).until(100).says;
    expect(stale("oldToNew")).toEqual(["@90 fail field-differs"]);
    expect(stale("newToOld")).toEqual(["@90 fail stale"]);
    const deleted = (direction: Direction) =>
      new Account(migrationJob({ direction })).old(0).new(3).deleteNew(60).until(100).says;
    expect(deleted("oldToNew")).toEqual(["@90 fail missing-in-new"]);
    expect(deleted("newToOld")).toEqual(["@90 fail delete-not-propagated"]);
  });

  it("a new version of the job turns it round: rows, what ended, and versions of verdicts go on", () => {
    const turning = new TurningJob();
    const account = new Account(turning.job).old(0).new(3).new(60, { state: "frozen" }).until(100);
    expect(account.says).toEqual(["@90 fail field-differs"]);
    turning.direction = "newToOld";
    account.until(101).old(200, { state: "frozen" }).until(300);
    account.new(400, { state: "active" }).until(500);
    account.old(600, { state: "active" }).until(700).deleteNew(800).until(900);
    expect(account.says).toEqual([
      "@90 fail field-differs",
      "@200 pass",
      "@430 fail stale",
      "@600 pass",
      "@830 fail delete-not-propagated",
    ]);
    expect(account.driver.verdicts().map(({ version }) => version)).toEqual([1, 2, 3, 4, 5]);
  });

  it("both directions have one layout of state, so that no savepoint is refused", () => {
    const [one, other] = [migrationJob(), migrationJob({ direction: "newToOld" })].map((job) => keptBy(job.graph()));
    expect(other).toEqual(one);
  });
});
