import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hours, minutes } from "../base/time.ts";
import { Desk } from "../connectors/desk/desk.ts";
import type { AlertAction, EmittedAlert } from "../schemas/contracts.ts";
import { migrationStatus } from "./cut-over.ts";

const CHECK = "account-migration";

describe("how far a migration is", () => {
  let dir: string;
  let desk: Desk;
  let deliveries = 0;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "countercheck-cut-over-"));
    desk = new Desk(join(dir, "desk.sqlite"), { create: true });
  });

  afterEach(() => {
    desk.close();
    rmSync(dir, { recursive: true });
  });

  /** A checkpoint brought out so many clean comparisons of a minute, and steps of alerts. */
  function bring(minute: number, pass: number, ...alerts: readonly EmittedAlert[]): void {
    const counts = [{ check: CHECK, minute: minutes(minute), pass, pending: 5 }];
    const nothing = { engineAlerts: [], faults: [], suspensions: [], mended: [], schemaChanges: [], notices: [] };
    const id = { job: "migration", epoch: 1, attempt: 1, checkpoint: ++deliveries };
    desk.deliver(id, { ...nothing, alerts, counts, verdicts: [] }, 0);
  }

  function step(action: AlertAction, key: string, minute: number, fields?: readonly string[]): EmittedAlert {
    const version = action === "opened" ? 1 : 2;
    const about = {
      check: CHECK,
      key,
      currency: "XXX",
      period: "",
      atRisk: "0",
      dueAt: null,
      lateByMs: null,
      repeats: 0,
    };
    const cause = action === "opened" && fields === undefined ? "missing-in-new" : "field-differs";
    return {
      ...about,
      id: `${cause}/${key}`,
      class: cause,
      action,
      verdictVersion: version,
      time: minutes(minute),
      note: null,
      fields,
    };
  }

  it("mismatch rate by field: each field that differed, of all comparisons", () => {
    bring(1, 96, step("opened", "7", 1, ["balance"]), step("opened", "8", 1));
    bring(2, 0, step("opened", "9", 2, ["state", "balance"]));
    bring(3, 1, step("resolved", "9", 3));
    const { comparisons, byField, open } = migrationStatus(desk, CHECK, {});
    expect(comparisons).toBe(100);
    expect(byField).toEqual([
      { field: "balance", count: 2, rate: 0.02 },
      { field: null, count: 1, rate: 0.01 },
      { field: "state", count: 1, rate: 0.01 },
    ]);
    expect(open).toBe(2);
  });

  it("mismatch rate by field: the same once the job has gone back to a savepoint, whose log has no fields", () => {
    const opened = step("opened", "7", 1, ["balance"]);
    bring(1, 99, opened, step("resolved", "7", 3));
    const { fields: _, ...logged } = opened;
    desk.putBackAlerts([opened.id], [logged]);
    const { byField, open } = migrationStatus(desk, CHECK, {});
    expect(byField).toEqual([{ field: "balance", count: 1, rate: 0.01 }]);
    expect(open).toBe(1);
  });

  it("the run of clean comparisons that permits the cut-over begins after the last difference", () => {
    bring(1, 50);
    bring(10, 10, step("opened", "7", 10, ["balance"]));
    const rule = { clean: 100, quietMs: hours(2) };
    expect(migrationStatus(desk, CHECK, rule).waitsFor[0]).toBe("1 differences to be mended or accepted");
    bring(20, 30, step("resolved", "7", 20));
    expect(migrationStatus(desk, CHECK, rule)).toMatchObject({
      clean: { since: minutes(10), comparisons: 30, forMs: minutes(10) },
      waitsFor: ["70 more clean comparisons", "110 more minutes without a difference"],
    });
    bring(130, 70);
    expect(migrationStatus(desk, CHECK, rule).waitsFor).toEqual([]);
  });

  it("a run that goes on, and one that brings the same again, change nothing of it", () => {
    bring(1, 50, step("opened", "7", 1, ["balance"]), step("resolved", "7", 2));
    deliveries--;
    bring(1, 50, step("opened", "7", 1, ["balance"]), step("resolved", "7", 2));
    desk.close();
    desk = new Desk(join(dir, "desk.sqlite"));
    bring(3, 50);
    expect(migrationStatus(desk, CHECK, {})).toMatchObject({
      comparisons: 101,
      clean: { comparisons: 50 },
      waitsFor: [],
    });
  });

  it("a check that never compared anything is not ready", () => {
    expect(migrationStatus(desk, CHECK, {})).toMatchObject({ comparisons: 0, waitsFor: ["1 more clean comparisons"] });
  });
});
