import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isError } from "../../base/errors.ts";
import type { RecordFault, SchemaChange, Suspension } from "../../dataflow/source.ts";
import type { AlertRecord } from "../../schemas/contracts.ts";
import { SqliteSnapshotStore } from "../../snapshots/sqlite-snapshot-store.ts";
import { Desk } from "./desk.ts";
import { type Delivered, type DeliveryId, MAX_NOTE, MAX_ROWS } from "./records.ts";

let folder: string;
let path: string;
let desk: Desk;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countercheck-desk-"));
  path = join(folder, "made/desk.db");
  desk = new Desk(path, { create: true });
});
afterEach(() => {
  desk.close();
  rmSync(folder, { recursive: true, force: true });
});

const NOON = Date.UTC(2026, 10, 22, 12);
const NOTHING: Delivered = {
  alerts: [],
  engineAlerts: [],
  counts: [],
  faults: [],
  suspensions: [],
  mended: [],
  schemaChanges: [],
  verdicts: [],
  notices: [],
};

function delivery(checkpoint: number): DeliveryId {
  return { job: "settlement", epoch: 1, attempt: 1, checkpoint };
}

describe("money alerts on the desk", () => {
  it("follow their steps: opened, updated, resolved late, opened again", () => {
    desk.recordAlerts([
      step("opened", 1, { time: 100, atRisk: "118.25" }),
      step("updated", 2, { time: 200, atRisk: "18.25" }),
    ]);
    expect(desk.alerts({ limit: 10 })).toEqual([
      {
        id: "a1",
        check: "payment-settlement",
        key: "42",
        class: "missing",
        currency: "EUR",
        period: "",
        state: "open",
        openedAt: 100,
        changedAt: 200,
        updates: 1,
        atRisk: "18.25",
        verdictVersion: 2,
        dueAt: 90,
        lateByMs: null,
        repeats: 0,
        note: null,
        handling: null,
      },
    ]);
    desk.recordAlerts([step("resolved", 3, { time: 300, atRisk: "0", lateByMs: 210 })]);
    expect(desk.alerts({ limit: 10 })).toMatchObject([
      { state: "resolved", openedAt: 100, changedAt: 300, lateByMs: 210 },
    ]);
    desk.recordAlerts([step("reopened", 4, { time: 400, atRisk: "1.00" })]);
    expect(desk.alerts({ limit: 10 })).toMatchObject([
      { state: "open", openedAt: 100, updates: 1, atRisk: "1.00", lateByMs: null },
    ]);
  });

  it("are the same when their steps are recorded again, in whole or in part", () => {
    const steps = [step("opened", 1), step("updated", 2, { atRisk: "2.00" }), step("resolved", 3, { atRisk: "0" })];
    desk.recordAlerts(steps);
    const before = desk.alerts({ limit: 10 });
    desk.recordAlerts(steps);
    desk.recordAlerts(steps.slice(1, 2));
    desk.recordAlerts([]);
    expect(desk.alerts({ limit: 10 })).toEqual(before);
  });

  it("are listed by state, check, class and currency, the last changed first", () => {
    desk.recordAlerts([
      step("opened", 1, { id: "a", time: 1 }),
      step("opened", 1, { id: "b", time: 3, currency: "USD" }),
      step("opened", 1, { id: "c", time: 2, class: "over-charge" }),
      step("opened", 1, { id: "d", time: 1, check: "refund-limit" }),
      step("resolved", 2, { id: "d", time: 4, check: "refund-limit" }),
    ]);
    const ids = (query: object) =>
      desk
        .alerts({ limit: 10, ...query })
        .map((alert) => alert.id)
        .join("");
    expect(ids({})).toBe("dbca");
    expect(ids({ limit: 2 })).toBe("db");
    expect(ids({ state: "open" })).toBe("bca");
    expect(ids({ state: "resolved" })).toBe("d");
    expect(ids({ check: "payment-settlement", class: "missing", currency: "EUR" })).toBe("a");
    expect(ids({ check: "' OR 1 = 1 --" })).toBe("");
  });
});

describe("runs on the desk", () => {
  it("are unfinished until they say how they ended, and are still there when the desk is opened again", () => {
    expect(desk.lastRun()).toBeUndefined();
    desk.beginRun({ job: "settlement", start: "afresh" }, NOON);
    const begun = { job: "settlement", startedAt: NOON, endedAt: null, state: "unfinished", code: null };
    expect(desk.lastRun()).toEqual(begun);
    desk.endRun({ state: "failed", code: "LOG_WITHOUT_END" }, NOON + 5);
    const other = new Desk(path);
    expect(other.lastRun()).toEqual({ ...begun, endedAt: NOON + 5, state: "failed", code: "LOG_WITHOUT_END" });
    other.close();
    desk.beginRun({ job: "settlement", start: "on" }, NOON + 9);
    expect(desk.lastRun(), "it is the same run that goes on").toEqual(begun);
    desk.beginRun({ job: "refunds", start: "again" }, NOON + 10);
    expect(desk.lastRun()).toMatchObject({ job: "refunds", state: "unfinished" });
    expect(desk.runBeforeLast()).toEqual(begun);
  });

  it("clear the results of the run before when they begin afresh, never what people decide about", () => {
    const check = { check: "payment-settlement", minute: NOON, pass: 1, pending: 0 };
    desk.recordAlerts([step("opened", 1)]);
    desk.recordEngineAlerts([{ id: "e", code: "SOURCE_STALE", source: "shop", message: "" }], NOON);
    desk.deliver(delivery(1), { ...NOTHING, counts: [check] }, NOON);
    desk.recordFaults([fault(1), fault(2)], NOON);
    desk.decide(fault(1).id, "discarded", "why", NOON);
    desk.recordSuspension(truncated(3), ["a", "b"], NOON);
    desk.resume({ check: "a" }, "why", NOON);
    const results = () => [desk.alerts({ limit: 9 }), desk.engineAlerts({ limit: 9 }), desk.counts()] as const;
    const kept = () => [desk.deadLetters(), desk.suspensions(), desk.decisions(0)];
    const [resultsBefore, keptBefore] = [results(), kept()];
    desk.beginRun({ job: "j", start: "on" }, NOON);
    expect(results()).toEqual(resultsBefore);
    desk.beginRun({ job: "j", start: "again" }, NOON);
    expect(results(), "counts are added up anew").toEqual([resultsBefore[0], resultsBefore[1], []]);
    desk.beginRun({ job: "j", start: "afresh" }, NOON);
    expect(results()).toEqual([[], [], []]);
    expect(kept()).toEqual(keptBefore);
    desk.recordAlerts([step("opened", 1)]);
    expect(desk.alerts({ limit: 9 }), "its steps are not taken for known").toHaveLength(1);
  });
});

describe("engine alerts on the desk", () => {
  it("count their repeats and keep when they were seen first and last", () => {
    const alert = { id: "stale/shop", code: "SOURCE_STALE", source: "shop", message: "quiet for 60 s" };
    desk.recordEngineAlerts([alert, { ...alert, id: "stale/bank", source: "bank" }], NOON);
    desk.recordEngineAlerts([{ ...alert, message: "quiet for 90 s" }], NOON + 30);
    expect(desk.engineAlerts({ limit: 1 })).toEqual([
      { ...alert, message: "quiet for 90 s", count: 2, firstSeen: NOON, lastSeen: NOON + 30 },
    ]);
    expect(desk.engineAlerts({ limit: 10 })).toHaveLength(2);
  });
});

describe("dead letters on the desk", () => {
  it("are kept whole, with their raw bytes", () => {
    const whole = fault(7, { row: "'支付|1", fields: { Payment: { id: "42" } }, key: new Uint8Array([0, 255]) });
    desk.recordFaults([whole], NOON);
    const { recordedAt, state, valueBytes, decisions, ...kept } = desk.get(whole.id);
    expect(kept).toEqual(whole);
    expect({ recordedAt, state, valueBytes, decisions }).toEqual({
      recordedAt: NOON,
      state: "open",
      valueBytes: 3,
      decisions: [],
    });
    desk.recordFaults([fault(8, { key: null, value: null })], NOON);
    expect(desk.get("shop.payments/0/8")).toMatchObject({ key: null, value: null, valueBytes: null });
  });

  it("are listed by state in the order of their log, without their bytes, each once", () => {
    for (const offset of [10, 9, 2, 9]) desk.recordFaults([fault(offset)], NOON);
    desk.decide(fault(9).id, "replayed", "", NOON + 1);
    desk.decide(fault(10).id, "discarded", "a test record", NOON + 2);
    const offsets = (query: object) => desk.deadLetters(query).map((letter) => letter.offset);
    expect(offsets({})).toEqual([2, 9, 10]);
    expect(offsets({ state: "open" })).toEqual([2]);
    expect(offsets({ state: "replayed" })).toEqual([9]);
    expect(offsets({ state: "discarded" })).toEqual([10]);
    expect(offsets({ limit: 1 })).toEqual([2]);
    expect(desk.deadLetters()[0]).not.toHaveProperty("value");
  });

  it("are settled once, with who, when and why", () => {
    desk.recordFaults([fault(7)], NOON);
    desk.decide(fault(7).id, "discarded", "  written by a load test  ", NOON + 1);
    expect(desk.get(fault(7).id).decisions).toEqual([
      {
        seq: 1,
        kind: "dead-letter",
        id: fault(7).id,
        decision: "discarded",
        note: "written by a load test",
        who: userInfo().username,
        at: NOON + 1,
      },
    ]);
    const again = thrown(() => desk.decide(fault(7).id, "replayed", "", NOON + 2));
    expect(again).toMatchObject({ code: "DEAD_LETTER_ALREADY_DECIDED" });
    expect((again as Error).message).toContain("discarded by");
    expect(desk.decisions(0)).toHaveLength(1);
  });

  it("stay settled when the job that met them is replayed", () => {
    desk.recordFaults([fault(7)], NOON);
    desk.decide(fault(7).id, "replayed", "", NOON + 10);
    desk.recordFaults([fault(7)], NOON);
    expect(desk.get(fault(7).id).state).toBe("replayed");
  });

  it("are open again when they fail after their replay, but not after their discard", () => {
    desk.recordFaults([fault(7)], NOON);
    desk.recordFaults([fault(8)], NOON);
    desk.decide(fault(7).id, "replayed", "", NOON + 10);
    desk.decide(fault(8).id, "discarded", "known", NOON + 10);
    for (const offset of [7, 8]) desk.recordFaults([fault(offset, { message: "still damaged" })], NOON + 20);
    expect(desk.get(fault(7).id)).toMatchObject({
      state: "open",
      message: "still damaged",
      decisions: [{ decision: "replayed" }],
    });
    expect(desk.get(fault(8).id)).toMatchObject({ state: "discarded" });
    desk.decide(fault(7).id, "discarded", "beyond repair", NOON + 30);
    expect(desk.get(fault(7).id).decisions.map((one) => one.decision)).toEqual(["replayed", "discarded"]);
  });

  it("are settled where a later run read on and could use them, and open again once it cannot", () => {
    desk.recordFaults([fault(7), fault(8), fault(9), fault(30)], NOON);
    const later = new Desk(path);
    later.beginRun({ job: "j", start: "again" }, NOON + 10);
    later.recordFaults([fault(8)], NOON + 10);
    later.decide(fault(9).id, "replayed", "", NOON + 10);
    expect(later.openDeadLetters()).toEqual({ all: 3, ofThisRun: 1 });
    later.beginRun({ job: "j", start: "on" }, NOON + 10);
    expect(later.openDeadLetters(), "a run that goes on has met what it met").toEqual({ all: 3, ofThisRun: 1 });
    const { source, topic, partition } = fault(7);
    expect(later.settleRead([{ source, topic, partition, end: 20 }], NOON + 20)).toBe(1);
    const states = () => desk.deadLetters().map(({ offset, state }) => `${offset} ${state}`);
    expect(states()).toEqual(["7 read", "8 open", "9 replayed", "30 open"]);
    expect(desk.get(fault(7).id).decisions).toMatchObject([{ decision: "read", at: NOON + 20 }]);
    expect(codeOf(() => desk.decide(fault(7).id, "replayed", "", NOON))).toBe("DEAD_LETTER_ALREADY_DECIDED");
    expect(later.settleRead([{ source: "other", topic, partition, end: 99 }], NOON + 20)).toBe(0);
    later.recordFaults([fault(7)], NOON + 30);
    later.close();
    expect(states()).toEqual(["7 open", "8 open", "9 replayed", "30 open"]);
  });

  it("are counted past the most rows of an answer, and recorded all of them or none", () => {
    desk.recordFaults(
      Array.from({ length: MAX_ROWS + 5 }, (_, offset) => fault(offset)),
      NOON,
    );
    expect(desk.openDeadLetters()).toEqual({ all: MAX_ROWS + 5, ofThisRun: MAX_ROWS + 5 });
    const unwritable = { ...fault(5_001), message: undefined } as unknown as RecordFault;
    expect(() => desk.recordFaults([fault(5_000), unwritable], NOON)).toThrow();
    expect(desk.openDeadLetters().all).toBe(MAX_ROWS + 5);
  });

  it("refuse a decision without a reason, with an endless one, and about what is not there", () => {
    desk.recordFaults([fault(7)], NOON);
    const { id } = fault(7);
    expect(codeOf(() => desk.decide(id, "discarded", " \n", NOON))).toBe("NOTE_REQUIRED");
    expect(codeOf(() => desk.decide(id, "replayed", "x".repeat(MAX_NOTE + 1), NOON))).toBe("NOTE_TOO_LONG");
    const unknown = thrown(() => desk.decide("shop.payments/0/1", "replayed", "", NOON));
    expect(unknown).toMatchObject({ code: "DEAD_LETTER_UNKNOWN" });
    expect((unknown as Error).message).toContain("dead-letters list");
    expect(codeOf(() => desk.get("nothing"))).toBe("DEAD_LETTER_UNKNOWN");
    expect(desk.get(id).state).toBe("open");
    desk.decide(id, "replayed", "x".repeat(MAX_NOTE), NOON);
  });
});

describe("suspensions on the desk", () => {
  const broken = (offset: number): Suspension => ({ ...truncated(offset), cause: "breaking-change" });

  it("end by themselves when what they left out was read, but for checks that somebody resumed", () => {
    desk.recordSuspension(broken(3), ["a", "b"], NOON);
    desk.resume({ check: "a" }, "on purpose", NOON + 1);
    const mended = { ...NOTHING, mended: [broken(3).id, "never/0/1"] };
    desk.deliver(delivery(1), mended, NOON + 2);
    expect(desk.suspension(broken(3).id)).toMatchObject({
      state: "resumed",
      checks: [
        { check: "a", state: "resumed" },
        { check: "b", state: "mended" },
      ],
    });
    expect(desk.decisions(0)).toHaveLength(1);
    // A later run, whose model cannot read the schema any more.
    desk.recordSuspension(broken(3), ["a", "b"], NOON + 3);
    expect(desk.suspensions({ state: "open" })).toMatchObject([
      { checks: [{ state: "resumed" }, { check: "b", state: "open" }] },
    ]);
  });

  it("end, if they are breaking changes, when a run has read its whole log and did not meet them", () => {
    desk.recordSuspension(broken(3), ["a"], NOON);
    desk.recordSuspension(broken(4), ["a"], NOON);
    desk.recordSuspension(truncated(5), ["a"], NOON);
    desk.beginRun({ job: "settlement", start: "afresh" }, NOON + 1);
    desk.recordSuspension(broken(4), ["a"], NOON + 2);
    desk.settleSuspensions();
    expect(desk.suspensions({ state: "open" }).map(({ id }) => id)).toEqual([truncated(5).id, broken(4).id]);
    expect(desk.suspension(broken(3).id)).toMatchObject({ state: "mended" });
  });

  it("are open until every check of them is resumed", () => {
    desk.recordSuspension(truncated(5), ["payment-settlement", "payout"], NOON);
    desk.recordSuspension(truncated(5), ["payment-settlement", "payout"], NOON + 1);
    expect(desk.resume({ check: "payout" }, "planned clean-up", NOON + 2)).toBe(1);
    expect(desk.suspensions({ state: "open" })).toEqual([
      {
        ...truncated(5),
        state: "open",
        recordedAt: NOON,
        checks: [
          { check: "payment-settlement", state: "open" },
          { check: "payout", state: "resumed" },
        ],
      },
    ]);
    expect(desk.resume({ id: truncated(5).id }, "planned clean-up", NOON + 3)).toBe(1);
    expect(desk.suspensions({ state: "open" })).toEqual([]);
    expect(desk.suspension(truncated(5).id)).toMatchObject({ state: "resumed" });
    expect(desk.suspension("nothing")).toBeUndefined();
    expect(desk.suspensions({ state: "resumed" })).toHaveLength(1);
    expect(desk.suspensions()).toHaveLength(1);
  });

  it("are resumed all together for one check", () => {
    desk.recordSuspension(truncated(5), ["payout", "payment-settlement"], NOON);
    desk.recordSuspension(truncated(6), ["payout"], NOON);
    expect(desk.resume({ check: "payout" }, "done", NOON)).toBe(2);
    expect(desk.suspensions({ state: "open" }).map((one) => one.id)).toEqual([truncated(5).id]);
  });

  it("refuse a resumption without a note, a second one, and one of what is not suspended", () => {
    desk.recordSuspension(truncated(5), ["payout"], NOON);
    expect(codeOf(() => desk.resume({ check: "payout" }, "", NOON))).toBe("NOTE_REQUIRED");
    const unknown = thrown(() => desk.resume({ check: "payment" }, "typed wrongly", NOON));
    expect(unknown).toMatchObject({ code: "SUSPENSION_UNKNOWN" });
    expect((unknown as Error).message).toContain("suspended now: payout");
    desk.resume({ check: "payout" }, "done", NOON);
    expect(codeOf(() => desk.resume({ check: "payout" }, "again", NOON))).toBe("SUSPENSION_ALREADY_RESUMED");
    expect(codeOf(() => desk.resume({ id: truncated(5).id }, "again", NOON))).toBe("SUSPENSION_ALREADY_RESUMED");
    expect(codeOf(() => desk.recordSuspension(truncated(7), [], NOON))).toBe("BUG");
  });
});

describe("decisions on the desk", () => {
  it("are read from where one stopped, in the order in which they were made", () => {
    for (const offset of [1, 2]) desk.recordFaults([fault(offset)], NOON);
    desk.recordSuspension(truncated(5), ["payout"], NOON);
    desk.decide(fault(2).id, "replayed", "", NOON + 1);
    desk.resume({ check: "payout" }, "done", NOON + 2);
    const first = desk.decisions(0);
    expect(first.map(({ kind, id, decision }) => [kind, id, decision])).toEqual([
      ["dead-letter", fault(2).id, "replayed"],
      ["suspension", truncated(5).id, "resumed"],
    ]);
    expect(first[1]).toMatchObject({ check: "payout", note: "done", at: NOON + 2 });
    const last = first.at(-1)!.seq;
    expect(desk.decisions(last)).toEqual([]);
    desk.decide(fault(1).id, "discarded", "known", NOON + 3);
    expect(desk.decisions(last)).toMatchObject([{ id: fault(1).id }]);
  });

  it("come in parts when they are many", () => {
    const many = MAX_ROWS + 5;
    const checks = Array.from({ length: many }, (_, i) => `check-${i}`);
    desk.recordSuspension(truncated(5), checks, NOON);
    desk.resume({ id: truncated(5).id }, "done", NOON);
    const first = desk.decisions(0);
    expect(first).toHaveLength(MAX_ROWS);
    expect(desk.decisions(first.at(-1)!.seq)).toHaveLength(5);
  });
});

describe("counts on the desk", () => {
  it("are added up per check and minute, from deliveries and from parts of one", () => {
    const first = [
      { check: "a", minute: 0, pass: 5, pending: 1 },
      { check: "a", minute: 0, pass: 1, pending: 1 },
      { check: "b", minute: 0, pass: 1, pending: 0 },
    ];
    const second = [
      { check: "a", minute: 0, pass: 7, pending: 0 },
      { check: "a", minute: 60_000, pass: 1, pending: 1 },
    ];
    desk.deliver(delivery(1), { ...NOTHING, counts: first }, NOON);
    desk.deliver(delivery(2), { ...NOTHING, counts: second }, NOON);
    expect(desk.counts({ check: "a" })).toEqual([
      { check: "a", minute: 60_000, pass: 1, pending: 1 },
      { check: "a", minute: 0, pass: 13, pending: 2 },
    ]);
    expect(desk.counts({ limit: 1 })).toHaveLength(1);
    expect(desk.counts()).toHaveLength(3);
  });

  it("are there, however many come at once", () => {
    const many = Array.from({ length: 123 }, (_, n) => ({ check: "a", minute: 60_000 * n, pass: n, pending: 1 }));
    desk.deliver(delivery(1), { ...NOTHING, counts: many }, NOON);
    expect(desk.counts().reverse()).toEqual(many);
    desk.deliver(delivery(2), { ...NOTHING, counts: many }, NOON);
    expect(desk.counts().reverse()).toEqual(many.map(({ pass, ...rest }) => ({ ...rest, pass: 2 * pass, pending: 2 })));
    desk.takeBackBehind(delivery(1));
    expect(desk.counts().reverse()).toEqual(many);
  });
});

describe("deliveries to the desk", () => {
  const stale = { id: "e", code: "SOURCE_STALE", source: "shop", message: "" };
  const delivered: Delivered = {
    alerts: [step("opened", 1)],
    engineAlerts: [stale, stale],
    counts: [{ check: "a", minute: 0, pass: 5, pending: 1 }],
    faults: [fault(1)],
    suspensions: [{ suspension: truncated(3), checks: ["a", "b"] }],
    mended: [],
    schemaChanges: [],
    verdicts: [],
    notices: [],
  };
  const all = () => [
    desk.alerts({ limit: 9 }),
    desk.engineAlerts({ limit: 9 }),
    desk.counts(),
    desk.deadLetters(),
    desk.suspensions(),
  ];

  it("are made once, however often they are tried", () => {
    desk.deliver(delivery(1), NOTHING, NOON);
    expect(desk.deliver(delivery(2), delivered, NOON)).toBe(true);
    const once = all();
    expect(once.every((part) => part.length === 1)).toBe(true);
    expect(desk.deliver(delivery(2), delivered, NOON)).toBe(false);
    expect(all()).toEqual(once);
    expect(desk.deliver({ ...delivery(2), attempt: 2 }, delivered, NOON), "another start's is another").toBe(true);
    expect(desk.counts()).toMatchObject([{ pass: 10, pending: 2 }]);
    expect(desk.engineAlerts({ limit: 9 })).toMatchObject([{ count: 4 }]);
  });

  it("are made whole or not at all", () => {
    const unwritable = { ...delivered, faults: [{ ...fault(2), message: undefined } as unknown as RecordFault] };
    const before = all();
    expect(() => desk.deliver(delivery(1), unwritable, NOON)).toThrow();
    expect(all()).toEqual(before);
    expect(desk.deliver(delivery(1), delivered, NOON)).toBe(true);
  });

  it("are taken back where a job goes on from before them: their sums are as if they had never been", () => {
    desk.deliver(delivery(1), delivered, NOON);
    const before = [desk.counts(), desk.engineAlerts({ limit: 9 })];
    desk.deliver(delivery(2), { ...delivered, engineAlerts: [stale, { ...stale, id: "f" }] }, NOON);
    desk.takeBackBehind(delivery(1));
    desk.takeBackBehind(delivery(1));
    expect([desk.counts(), desk.engineAlerts({ limit: 9 })]).toEqual(before);
    expect(desk.deliver(delivery(2), delivered, NOON), "they can be made again").toBe(true);
  });
});

describe("the desk's file", () => {
  it("keeps everything when it is closed and opened again", () => {
    desk.recordFaults([fault(7)], NOON);
    desk.close();
    desk = new Desk(path);
    expect(desk.deadLetters()).toHaveLength(1);
  });

  it("has a largest answer, and no other than positive limits", () => {
    desk.recordAlerts(Array.from({ length: MAX_ROWS + 1 }, (_, i) => step("opened", 1, { id: `a${i}` })));
    expect(desk.alerts({ limit: 1e9 })).toHaveLength(MAX_ROWS);
    for (const limit of [0, -1, 0.5, Number.NaN]) expect(codeOf(() => desk.alerts({ limit }))).toBe("BUG");
  });

  it("is refused where there is none, where it is something else, and where it is newer", () => {
    expect(codeOf(() => new Desk(join(folder, "none.db")))).toBe("DESK_NOT_FOUND");
    writeFileSync(join(folder, "text.db"), "no database".repeat(1_000));
    expect(codeOf(() => new Desk(join(folder, "text.db")))).toBe("DESK_UNREADABLE");
    new SqliteSnapshotStore(join(folder, "snapshots.db"), { create: true }).close();
    expect(codeOf(() => new Desk(join(folder, "snapshots.db"), { create: true }))).toBe("DESK_UNREADABLE");
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 9");
    database.close();
    expect(codeOf(() => new Desk(path))).toBe("DESK_VERSION");
  });

  it("says that it is busy when it is locked for too long", () => {
    const hasty = new Desk(path, { busyTimeoutMs: 20 });
    const database = new DatabaseSync(path);
    database.exec("BEGIN IMMEDIATE");
    expect(thrown(() => hasty.recordFaults([fault(7)], NOON))).toMatchObject({ code: "DESK_BUSY", retryable: true });
    database.close();
    hasty.recordFaults([fault(7)], NOON);
    hasty.close();
  });
});

function step(action: AlertRecord["action"], verdictVersion: number, changes: Partial<AlertRecord> = {}): AlertRecord {
  return {
    id: "a1",
    action,
    check: "payment-settlement",
    key: "42",
    class: "missing",
    currency: "EUR",
    period: "",
    atRisk: "118.25",
    verdictVersion,
    time: 100,
    dueAt: 90,
    lateByMs: null,
    repeats: 0,
    note: null,
    ...changes,
  };
}

function fault(offset: number, changes: Partial<RecordFault> = {}): RecordFault {
  return {
    id: `shop.payments/0/${offset}`,
    source: "shop",
    table: "payments",
    topic: "shop.payments",
    partition: 0,
    offset,
    code: "AVRO_CORRUPT",
    message: "Record cannot be decoded.",
    key: null,
    value: new Uint8Array([1, 2, 3]),
    ...changes,
  };
}

function truncated(offset: number): Suspension {
  return {
    id: `bank.lines/0/${offset}`,
    source: "bank",
    table: "lines",
    models: ["SettlementLine"],
    cause: "truncate",
    message: "The table was truncated.",
    time: NOON,
  };
}

function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

function codeOf(act: () => unknown): unknown {
  const error = thrown(act);
  return isError(error) ? error.code : error;
}

it("new schemas on the desk are there once for a table, as they were met first", () => {
  expect(desk.schemaChanges({ limit: 10 })).toEqual([]);
  const change: SchemaChange = {
    source: "bank",
    table: "lines",
    topic: "bank.lines",
    schemaId: 7,
    class: "widening",
    summary: "net was widened: int to long",
    models: ["SettlementLine"],
    partition: 0,
    offset: 12,
    time: NOON,
  };
  desk.deliver(delivery(1), { ...NOTHING, schemaChanges: [change, { ...change, partition: 1 }] }, NOON);
  desk.deliver(
    delivery(2),
    {
      ...NOTHING,
      schemaChanges: [
        { ...change, offset: 1 },
        { ...change, schemaId: 8 },
      ],
    },
    NOON + 1,
  );
  expect(desk.schemaChanges({ limit: 10 })).toEqual([
    { ...change, schemaId: 8, recordedAt: NOON + 1 },
    { ...change, recordedAt: NOON },
  ]);
});
