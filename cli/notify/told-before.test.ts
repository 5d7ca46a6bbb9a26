import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Desk } from "../../connectors/desk/desk.ts";
import type { AlertAction, AlertRecord } from "../../schemas/contracts.ts";
import { noticesOf, noticesOfState } from "./notices.ts";
import type { SinkConfig } from "./notify-config.ts";
import { tellStorms } from "./storms.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const DAY = 24 * 3_600_000;
const STORM = { moreThan: 20, withinMs: 60_000 };
const to = { kind: "slack", url: "", allowHttp: false } as const;
const OPS: SinkConfig = { name: "ops", about: "money", to, timeoutMs: 1, giveUpAfterMs: 1, storm: STORM };
const ENGINE: SinkConfig = { ...OPS, name: "engine", about: "engine" };

let folder: string;
let desk: Desk;
let epoch = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countercheck-told-"));
  desk = new Desk(join(folder, "desk.db"), { create: true });
});
afterEach(() => {
  desk.close();
  rmSync(folder, { recursive: true, force: true });
});

function step(action: AlertAction, verdictVersion: number, changes: Partial<AlertRecord> = {}): AlertRecord {
  const what = { check: "c", key: "1", class: "missing", currency: "EUR", period: "", atRisk: "5.00", note: null };
  const times = { time: verdictVersion, dueAt: null, lateByMs: null, repeats: 0 };
  return { id: "a1", action, verdictVersion, ...what, ...times, ...changes };
}

const LIFE = [step("opened", 1), step("resolved", 2)];
const STALE = { id: "SOURCE_STALE/shop", code: "SOURCE_STALE", source: "shop", message: "" };

/** A run that begins afresh brings these steps out. */
function run(steps: readonly AlertRecord[], at = NOON): void {
  desk.beginRun({ job: "job", start: "afresh" }, at);
  const none = { verdicts: [], counts: [], faults: [], suspensions: [], mended: [], schemaChanges: [] };
  const outbox = { ...none, alerts: steps, engineAlerts: [STALE] };
  const notices = noticesOf([OPS, ENGINE], "job", ++epoch, outbox);
  desk.deliver({ job: "job", epoch, attempt: 1, checkpoint: 1 }, { ...outbox, notices }, at);
}

/** All of it was read: what the sinks were told that does not hold any more is set right. */
function complete(at = NOON): void {
  desk.correctTold((alert) => noticesOfState([OPS, ENGINE], "job", alert, "reopened", at), at);
}

/** What a sink is told, now or in turn. */
function told(sink = "ops", at = NOON): string[] {
  const notices = desk.notifications.due(sink, at, 1_000);
  desk.notifications.settle(
    notices.map(({ id }) => ({ id, state: "sent", note: null, nextAt: at, at, isAttempt: true })),
  );
  const here = notices.map(({ alert, action }) => `${alert} ${action}`);
  return here.length === 0 ? [] : [...here, ...told(sink, at)];
}

describe("a run that begins afresh", () => {
  it("tells again of the engine, and of alerts only what is new or was not told", () => {
    run(LIFE);
    expect(told()).toEqual(["a1 opened", "a1 resolved"]);
    expect(told("engine")).toEqual(["SOURCE_STALE/shop opened"]);
    run([...LIFE, step("reopened", 3)]);
    complete();
    expect(told()).toEqual(["a1 reopened"]);
    expect(told("engine")).toEqual(["SOURCE_STALE/shop opened"]);
    run([...LIFE, step("reopened", 3)]);
    complete();
    expect(told(), "what a run left out is remembered").toEqual([]);
  });

  it("tells what the sinks of the run before did not take", () => {
    run(LIFE);
    run(LIFE);
    expect(told()).toEqual(["a1 opened", "a1 resolved"]);
  });

  it.each([{ atRisk: "6.00" }, { time: 77 }])("tells a step that is another: %o", (other) => {
    run([step("opened", 1)]);
    told();
    run([step("opened", 1, other)]);
    complete();
    expect(told()).toEqual(["a1 opened"]);
  });

  it("tells at its end, once, that an alert is open that was told to be resolved", () => {
    run(LIFE);
    told();
    run([step("opened", 1)]);
    expect(told()).toEqual([]);
    complete();
    complete();
    expect(told()).toEqual(["a1 reopened"]);
  });

  it("tells again what no run has brought out for long", () => {
    run(LIFE);
    told();
    run([], NOON + 1);
    desk.told.prune(NOON + DAY);
    run(LIFE, NOON + DAY);
    expect(told("ops", NOON + DAY)).toEqual(["a1 opened", "a1 resolved"]);
  });

  it("tells no storm again, nor one by one what becomes of its alerts", () => {
    const many = Array.from({ length: 25 }, (_, i) => step("opened", 1, { id: `a${i}` }));
    const tell = () => tellStorms(desk, "job", new Map([["ops", STORM]]), NOON, true);
    run(many);
    tell();
    expect(told()).toEqual([expect.stringMatching(/ opened$/)]);
    run([...many, step("resolved", 2, { id: "a3" })]);
    tell();
    complete();
    expect(told()).toEqual([]);
  });

  it("tells a storm that nobody was told of", () => {
    const many = Array.from({ length: 25 }, (_, i) => step("opened", 1, { id: `a${i}` }));
    const tell = () => tellStorms(desk, "job", new Map([["ops", STORM]]), NOON, true);
    run(many);
    tell();
    run(many);
    tell();
    expect(told()).toEqual([expect.stringMatching(/ opened$/)]);
  });
});
