import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AlertAction, AlertRecord } from "../../schemas/contracts.ts";
import { Desk } from "./desk.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const HOUR = 3_600_000;

let folder: string;
let desk: Desk;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countercheck-desk-"));
  desk = new Desk(join(folder, "desk.db"), { create: true });
  desk.recordAlerts([step("opened", 1)]);
});
afterEach(() => {
  desk.close();
  rmSync(folder, { recursive: true, force: true });
});

function step(action: AlertAction, verdictVersion: number, id = "abc1"): AlertRecord {
  const what = { check: "c", key: "1", class: "missing", currency: "EUR", period: "", atRisk: "5.00", note: null };
  return { id, action, verdictVersion, ...what, time: verdictVersion, dueAt: null, lateByMs: null, repeats: 0 };
}

const states = (at = NOON) => desk.alerts({ limit: 9 }, at).map(({ id, state }) => `${id} ${state}`);

describe("an alert that is acknowledged", () => {
  it("stays so while its evidence changes, and is nobody's when it is resolved and breaks again", () => {
    const [alert] = desk.handling.decide(["abc"], { decision: "acknowledged", note: " asked the bank " }, NOON);
    const who = userInfo().username;
    const handling = { state: "acknowledged", until: null, note: "asked the bank", who, at: NOON };
    expect(alert).toMatchObject({ state: "acknowledged", handling });
    desk.recordAlerts([step("updated", 2)]);
    expect(states()).toEqual(["abc1 acknowledged"]);
    desk.recordAlerts([step("resolved", 3)]);
    expect(states()).toEqual(["abc1 resolved"]);
    expect(desk.alerts({ limit: 1 })[0]!.handling).toBeNull();
    desk.recordAlerts([step("reopened", 4)]);
    expect(states()).toEqual(["abc1 open"]);
  });
});

describe("an alert that is accepted", () => {
  it("needs a note, and opens again when its evidence changes", () => {
    const accept = (note: string) => desk.handling.decide(["abc1"], { decision: "accepted", note }, NOON);
    expect(() => accept(" ")).toThrow(expect.objectContaining({ code: "NOTE_REQUIRED" }));
    accept("written off");
    expect(states()).toEqual(["abc1 accepted"]);
    desk.recordAlerts([step("updated", 2)]);
    expect(states()).toEqual(["abc1 open"]);
  });

  it("stays so when a run begins afresh and brings out the same again, and opens when that brings out more", () => {
    desk.recordAlerts([step("resolved", 2), step("reopened", 3)]);
    desk.handling.decide(["abc1"], { decision: "accepted", note: "written off" }, NOON);
    desk.beginRun({ job: "j", start: "afresh" }, NOON);
    expect(states()).toEqual([]);
    desk.recordAlerts([step("opened", 1), step("resolved", 2), step("reopened", 3)]);
    expect(states()).toEqual(["abc1 accepted"]);
    desk.recordAlerts([step("updated", 4)]);
    expect(states()).toEqual(["abc1 open"]);
  });
});

describe("an alert that is snoozed", () => {
  it("comes back by itself when its time is over", () => {
    desk.handling.decide(["abc1"], { decision: "snoozed", note: "", until: NOON + HOUR }, NOON);
    expect(states(NOON + HOUR - 1)).toEqual(["abc1 snoozed"]);
    expect(states(NOON + HOUR)).toEqual(["abc1 open"]);
    expect(desk.endSnoozes(() => [], NOON + HOUR - 1)).toBe(0);
    expect(desk.endSnoozes(() => [], NOON + HOUR)).toBe(1);
    expect(
      desk.endSnoozes(() => [], NOON + HOUR),
      "once",
    ).toBe(0);
  });

  it("does not come back when it was resolved meanwhile", () => {
    desk.handling.decide(["abc1"], { decision: "snoozed", note: "", until: NOON + HOUR }, NOON);
    desk.recordAlerts([step("resolved", 2)]);
    expect(states(NOON + HOUR)).toEqual(["abc1 resolved"]);
    expect(desk.endSnoozes(() => [], NOON + HOUR)).toBe(0);
  });
});

describe("an early warning", () => {
  it("is a state of its own, and opens whoever had it in hand", () => {
    desk.recordAlerts([step("warned", 1, "def1")]);
    expect(desk.alerts({ limit: 9, state: "warning" })).toMatchObject([{ id: "def1" }]);
    desk.handling.decide(["def1"], { decision: "acknowledged", note: "" }, NOON);
    expect(desk.alertCounts()).toEqual({ open: 1, acknowledged: 1 });
    desk.recordAlerts([step("opened", 2, "def1")]);
    expect(desk.alertCounts()).toEqual({ open: 2 });
  });

  it("is taken back after it came, though both are of one verdict", () => {
    const steps = [step("warned", 1, "def1"), { ...step("resolved", 1, "def1"), time: 2 }, step("opened", 3, "def1")];
    desk.recordAlerts(steps);
    expect(desk.alertHistory("def1").steps.map(({ action }) => action)).toEqual(["warned", "resolved", "opened"]);
  });
});

describe("decisions about alerts", () => {
  it("are about several at once, all or none, and are kept", () => {
    desk.recordAlerts([step("opened", 1, "abc2"), step("opened", 1, "def1")]);
    const acknowledge = (...ids: string[]) => desk.handling.decide(ids, { decision: "acknowledged", note: "n" }, NOON);
    expect(() => acknowledge("def", "abc")).toThrow(expect.objectContaining({ code: "ALERT_AMBIGUOUS" }));
    expect(() => acknowledge("def", "x")).toThrow(expect.objectContaining({ code: "ALERT_UNKNOWN" }));
    expect(() => acknowledge("def", "")).toThrow(expect.objectContaining({ code: "ALERT_UNKNOWN" }));
    expect(desk.alertCounts()).toEqual({ open: 3 });
    acknowledge("def", "abc2");
    desk.handling.decide(["def1"], { decision: "reopened", note: "no" }, NOON + 1);
    expect(desk.alertCounts()).toEqual({ open: 2, acknowledged: 1 });
    expect(desk.alertHistory("def").decisions).toMatchObject([
      { kind: "alert", id: "def1", decision: "acknowledged", note: "n", at: NOON },
      { kind: "alert", id: "def1", decision: "reopened", note: "no", at: NOON + 1 },
    ]);
    expect(desk.alertHistory("abc1").steps).toMatchObject([{ action: "opened", time: 1, atRisk: "5.00" }]);
  });

  it("are refused where there is nothing to decide", () => {
    const decide = (decision: "acknowledged" | "reopened") => () =>
      desk.handling.decide(["abc1"], { decision, note: "" }, NOON);
    expect(decide("reopened")).toThrow("Alert abc1 is open, so there is nothing to reopen: nobody");
    desk.recordAlerts([step("resolved", 2)]);
    expect(decide("acknowledged")).toThrow(
      "Alert abc1 is resolved, so there is nothing to acknowledge: it opens again",
    );
  });
});
