import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Desk } from "../../connectors/desk/desk.ts";
import { SqliteSnapshotStore } from "../../snapshots/sqlite-snapshot-store.ts";
import { countercheck, ended, root, startCountercheck, TemporaryFolder } from "../support/cli.ts";
import { layShopLog } from "../support/shop.ts";

const RIGHT = readFileSync(join(root, "jobs/payment-settlement/job.ts"), "utf8").replaceAll(
  "./models.ts",
  join(root, "jobs/payment-settlement/models.ts"),
);
const WRONG = RIGHT.replace('status: "captured"', 'status: "capturd"');

describe.concurrent("a run into the output of an earlier one", () => {
  it("takes the place of its results, whatever its rule was, and keeps the evidence of the run before", async () => {
    using folder = new TemporaryFolder();
    using fresh = new TemporaryFolder();
    for (const { path } of [folder, fresh]) await layShopLog(path, 200);
    const wrong = await run(folder.path, WRONG);
    const before = await results(folder.path);
    const right = await run(folder.path, RIGHT);
    const undisturbed = await run(fresh.path, RIGHT);
    expect(right.alerts).toEqual(undisturbed.alerts);
    expect(right.alerts).not.toEqual(wrong.alerts);
    expect(right.previousRun).toMatchObject({ job: "payment-settlement", state: "complete" });
    expect(undisturbed.previousRun).toBeNull();
    const after = await results(folder.path);
    expect(after.rows.every((row: Row) => row.epoch === 2)).toBe(true);
    const inEpoch2 = (row: Row) => ({ ...row, epoch: 2 });
    const { alerts, rows } = await results(fresh.path);
    expect(after).toEqual({ alerts, rows: rows.map(inEpoch2) });
    const open = after.alerts.filter((alert: { state: string }) => alert.state === "open");
    expect(right.alerts.open).toBe(open.length);

    const store = new SqliteSnapshotStore(join(folder.path, "out/snapshots.previous.db"));
    const keys = store.scan({ limit: 1000 }).rows.map((row) => `${row.key} ${row.version} ${row.time}`);
    store.close();
    expect(keys).toEqual(before.rows.map((row: Row) => `${row.key} ${row.version} ${row.time}`));
  });

  it("goes on with one that was killed, and brings the same as an undisturbed one", async () => {
    using folder = new TemporaryFolder();
    using fresh = new TemporaryFolder();
    for (const { path } of [folder, fresh]) await layShopLog(path, 4_000);
    writeFileSync(join(folder.path, "job.ts"), RIGHT);
    const child = startCountercheck(["run", "job.ts", "--config", "config.json"], { cwd: folder.path });
    const killed = ended(child);
    while (child.exitCode === null && !hasEvidence(folder.path)) await sleep(5);
    child.kill("SIGKILL");
    await killed;
    expect(lastRun(folder.path)).toMatchObject({ job: "payment-settlement", state: "unfinished", endedAt: null });
    const resumed = await run(folder.path, RIGHT);
    expect(resumed.resumedFrom).toBeGreaterThan(0);
    expect(lastRun(folder.path)).toMatchObject({ state: "complete", endedAt: expect.any(Number) });
    const undisturbed = await run(fresh.path, RIGHT);
    const { verdicts, byClass, verdictsEmitted, alerts, deadLetters, engineAlerts, previousRun } = undisturbed;
    const whole = { verdicts, byClass, verdictsEmitted, alerts, deadLetters, engineAlerts, previousRun };
    expect(resumed, "its summary is that of the whole run").toMatchObject(whole);
    expect(await results(folder.path)).toEqual(await results(fresh.path));
    expect(readFileSync(join(folder.path, "history"), "utf8")).toBe(readFileSync(join(fresh.path, "history"), "utf8"));
  });

  it("hears how the one before ended: interrupted, or failed, and with what", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 100, { ended: false });
    writeFileSync(join(folder.path, "job.ts"), RIGHT);
    const args = ["run", "job.ts", "--config", "config.json"];
    const child = startCountercheck([...args, "--follow"], { cwd: folder.path });
    const interrupted = ended(child);
    while (child.exitCode === null && !hasEvidence(folder.path)) await sleep(20);
    child.kill("SIGINT");
    expect((await interrupted).code).toBe(0);
    expect(lastRun(folder.path)).toMatchObject({ state: "interrupted", code: null });
    expect((await countercheck(args, { cwd: folder.path })).code).toBe(1);
    expect(lastRun(folder.path)).toMatchObject({ state: "failed", code: "LOG_WITHOUT_END" });
  });

  it("refuses to put the evidence of the run before in the place of something else", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 100);
    await run(folder.path, RIGHT);
    const before = await results(folder.path);
    const mine = join(folder.path, "out/snapshots.previous.db");
    writeFileSync(mine, "this is no database ".repeat(100));
    const { code, stderr } = await countercheck(["run", "job.ts", "--config", "config.json"], { cwd: folder.path });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^error SNAPSHOTS_UNREADABLE: /) });
    expect(readFileSync(mine, "utf8")).toMatch(/^this is no database/);
    expect(await results(folder.path)).toEqual(before);
  });
});

interface Row {
  readonly key: string;
  readonly version: number;
  readonly time: number;
  readonly epoch: number;
}

async function run(dir: string, job: string) {
  writeFileSync(join(dir, "job.ts"), job);
  const args = ["run", "job.ts", "--config", "config.json", "--json", "--history", "history"];
  const { code, stdout } = await countercheck(args, { cwd: dir });
  expect(code).toBe(3);
  return JSON.parse(stdout);
}

/** What the desk and the store say, as people see it. */
async function results(dir: string) {
  const json = async (...args: string[]) =>
    JSON.parse((await countercheck([...args, "--limit", "1000", "--json", "--dir", "out"], { cwd: dir })).stdout);
  const { alerts } = await json("alerts", "list", "--state", "all");
  const { rows } = await json("snapshots", "scan");
  return { alerts, rows };
}

function lastRun(dir: string) {
  const desk = new Desk(join(dir, "out/desk.db"));
  const last = desk.lastRun();
  desk.close();
  return last;
}

function hasEvidence(dir: string): boolean {
  const path = join(dir, "out/snapshots.db");
  if (!existsSync(path)) return false;
  try {
    const store = new SqliteSnapshotStore(path);
    const { rows } = store.scan({ limit: 1 });
    store.close();
    return rows.length > 0;
  } catch {
    return false;
  }
}
