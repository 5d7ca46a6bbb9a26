import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { outputPaths } from "../../cli/outputs.ts";
import { SqliteSnapshotStore } from "../../snapshots/sqlite-snapshot-store.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import { countercheck, TemporaryFolder } from "../support/cli.ts";
import { captured, finalLines, H, Line, Payment, SKEW, settled, settlementJob, verdictLines } from "./support.ts";

/** Ten euro, captured at the beginning. */
function owed(): TestDriver {
  return testJob(settlementJob()).upsert(Payment, 1, { at: 0 }, captured(1, "10.00 EUR", 0));
}

describe("Verdict", () => {
  it("pass, fail, pending, unobservable: a verdict is one of these", () => {
    const driver = owed()
      .advance(30 * H, "shop")
      .status("ledger", "stale")
      .advance(30 * H, "ledger");
    driver.upsert(Line, 1, { at: 31 * H }, settled(1, "10.00 EUR", null, 31 * H)).end(40 * H);
    const statuses = new Set(driver.verdicts().map(({ status }) => status));
    expect([...statuses]).toEqual(["unobservable", "pending", "fail", "pass"]);
  });

  it("a pass before a point is counted only", () => {
    const driver = owed().upsert(Line, 1, { at: H }, settled(1, "10.00 EUR", null, H));
    driver.advance(H + SKEW + 60_000);
    expect(verdictLines(driver)).toEqual([]);
    expect(driver.counts().reduce((sum, { pass }) => sum + pass, 0)).toBe(1);
    expect(finalLines(driver.end(2 * H))).toEqual(["EUR pass"]);
  });

  it("a point at which nothing could be emitted says nothing when it is visited", () => {
    // The deadline of a line that is there, and those of a payment that is settled.
    const driver = owed().upsert(Line, 1, { at: H }, settled(1, "10.00 EUR", null, H));
    driver.end(90 * H);
    expect([verdictLines(driver), driver.alerts()]).toEqual([[], []]);
  });
});

describe("Emitted", () => {
  it("a snapshot is kept for each emitted verdict", async () => {
    using folder = new TemporaryFolder();
    const args = ["demo", "--orders", "600", "--json", "--dir", "d", "--history", "history"];
    expect(await countercheck(args, { cwd: folder.path })).toMatchObject({ code: 0 });
    const lines = readFileSync(join(folder.path, "history"), "utf8").trimEnd().split("\n");
    const emitted = lines.map((line) => JSON.parse(line)).map(nameOf);
    const store = new SqliteSnapshotStore(outputPaths.snapshots(join(folder.path, "d")));
    const kept = store.scan({ limit: 10_000 }).rows.map(nameOf);
    store.close();
    expect(emitted.length).toBeGreaterThan(50);
    expect(kept.sort()).toEqual(emitted.sort());
  });
});

interface Named {
  readonly check: string;
  readonly key: string;
  readonly currency: string;
  readonly version: number;
}

function nameOf({ check, key, currency, version }: Named): string {
  return `${check} ${key} ${currency} ${version}`;
}
