import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countercheck, TemporaryFolder } from "../support/cli.ts";

interface Snapshot {
  readonly key: string;
  readonly version: number;
  readonly status: string;
  readonly class: string | null;
  readonly time: number;
  readonly atRisk: string;
  readonly contributions: { readonly leg: string; readonly amount: string }[];
}

describe("countercheck snapshots and alerts", () => {
  const folder = new TemporaryFolder();
  const call = (...args: string[]) => countercheck([...args, "--dir", "demo"], { cwd: folder.path });
  const json = async (...args: string[]) => JSON.parse((await call(...args, "--json")).stdout);
  let late: Snapshot[];

  beforeAll(async () => {
    await countercheck(["demo", "--orders", "800", "--json", "--dir", "demo"], { cwd: folder.path });
    const { rows } = await json("snapshots", "scan", "--status", "pass", "--limit", "1");
    late = await json("snapshots", "get", rows[0].key, "--history");
  });
  afterAll(() => folder[Symbol.dispose]());

  it("get shows the newest verdict, one version, the history, or what was said at a time", async () => {
    const [failed, passed] = late as [Snapshot, Snapshot];
    expect(late.map((snapshot) => [snapshot.version, snapshot.status])).toEqual([
      [1, "fail"],
      [2, "pass"],
    ]);
    const { key } = failed;
    expect(await json("snapshots", "get", key)).toEqual([passed]);
    expect(await json("snapshots", "get", key, "--version", "1")).toEqual([failed]);
    expect(await json("snapshots", "get", key, "--as-of", new Date(passed.time - 1).toISOString())).toEqual([failed]);
    expect(await call("snapshots", "get", key, "--currency", "XXX")).toMatchObject({ code: 1, stdout: "" });
  });

  it("get prints the equation, the rule and the rows behind a verdict", async () => {
    const [failed] = late as [Snapshot];
    const { stdout } = await call("snapshots", "get", failed.key, "--version", "1");
    expect(stdout).toContain(`key ${failed.key}`);
    expect(stdout).toContain(`fail: ${failed.class}, at ${new Date(failed.time).toISOString()}`);
    expect(stdout).toContain("captured - refunded - reversed = settled + fees   (version 1, hash ");
    expect(stdout).toContain(`difference  ${failed.atRisk} `);
    expect(stdout).toMatch(/^leg +source +table +row +position +time +due +amount +fields$/m);
    for (const { leg, amount } of failed.contributions)
      expect(stdout).toMatch(new RegExp(`^${leg} .* ${amount} `, "m"));
  });

  it("get says that a key has no evidence", async () => {
    const { code, stderr } = await call("snapshots", "get", "nobody");
    expect(code).toBe(1);
    expect(stderr).toContain("error SNAPSHOT_NOT_FOUND: There is no evidence for nobody");
  });

  it("scan pages through verdicts by time", async () => {
    const all: Snapshot[] = (await json("snapshots", "scan", "--limit", "1000")).rows;
    expect(all.map((row) => row.time)).toEqual(all.map((row) => row.time).sort((a, b) => a - b));
    const pages: Snapshot[] = [];
    for (let after: string[] = []; ; ) {
      const { rows, next } = await json("snapshots", "scan", "--limit", "25", ...after);
      pages.push(...rows);
      if (next === null) break;
      after = ["--after", next];
    }
    expect(pages).toEqual(all);
    const from = all[5]!.time;
    const later = await json("snapshots", "scan", "--limit", "1000", "--from", new Date(from).toISOString());
    expect(later.rows).toEqual(all.filter((row) => row.time >= from));
  });

  it("alerts list narrows by state, class and currency", async () => {
    const { alerts } = await json("alerts", "list", "--state", "all", "--limit", "1000");
    const open = await json("alerts", "list", "--class", "missing", "--limit", "1000");
    const wanted = (alert: { state: string; class: string }) => alert.state === "open" && alert.class === "missing";
    expect(open.alerts).toEqual(alerts.filter(wanted));
    const { stdout } = await call("alerts", "list", "--state", "resolved");
    expect(stdout).toMatch(/^changed +state +check +class +key +at risk +due +late by$/m);
    expect(stdout).toMatch(/ resolved .* \d+[dhm]\d*[hms]?\d*$/m);
  });

  it("alerts list says how many there are besides those it shows", async () => {
    const all = (await json("alerts", "list", "--state", "all", "--limit", "1000")).alerts;
    const countOf = (state: string) => all.filter((alert: { state: string }) => alert.state === state).length;
    const [open, resolved] = [countOf("open"), countOf("resolved")];
    const { stdout } = await call("alerts", "list", "--limit", "1");
    expect(stdout).toContain(`\n1 of ${open} open, ${resolved} resolved; --limit`);
    expect((await call("alerts", "list", "--currency", "eur")).stdout).toContain(" EUR");
    const none = await call("alerts", "list", "--currency", "XXX");
    expect(none.stdout).toContain(`None match; ${open} are open, ${resolved} resolved in all.`);
  });
});
