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

/** One of those that the demo runs. */
const CHECK = "payment-settlement";

describe("countercheck snapshots and alerts", () => {
  const folder = new TemporaryFolder();
  const call = (...args: string[]) => countercheck([...args, "--dir", "demo"], { cwd: folder.path });
  const json = async (...args: string[]) => JSON.parse((await call(...args, "--json")).stdout);
  let late: Snapshot[];

  beforeAll(async () => {
    await countercheck(["demo", "--orders", "800", "--json", "--dir", "demo"], { cwd: folder.path });
    const { rows } = await json("snapshots", "scan", "--check", CHECK, "--status", "pass", "--limit", "1");
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
  });

  it("get says what there is where its options leave nothing", async () => {
    const [{ key }] = late as [Snapshot];
    const { code, stdout, stderr } = await call("snapshots", "get", key, "--currency", "XTS");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^error SNAPSHOT_FILTERED: .* known: versions 1 to 2 in [A-Z]{3} of payment-settlement, from /,
    );
  });

  it("get prints the equation, the rule and the rows behind a verdict", async () => {
    const [failed] = late as [Snapshot];
    const { stdout } = await call("snapshots", "get", failed.key, "--version", "1");
    expect(stdout).toContain(`key ${failed.key}`);
    expect(stdout).toContain(`fail: ${failed.class}, at ${new Date(failed.time).toISOString().replace(".000Z", "Z")}`);
    expect(stdout).toContain("captured - refunded - reversed = settled + fees   (version 1, hash ");
    expect(stdout).toMatch(/^ {2}because {5}(Nothing|Less|More|Something|Due) .*\.$/m);
    expect(stdout).toMatch(/^ {2}expected {4}captured \S+ - refunded \S+ - reversed \S+ = \S+$/m);
    expect(stdout).toMatch(/^ {2}actual {6}settled \S+ [+-] fees \S+ = \S+$/m);
    expect(stdout).toMatch(new RegExp(`^ {2}difference {2}${failed.atRisk} [A-Z]{3} (less|more|that|of which) `, "m"));
    expect(stdout).toMatch(/^leg +amount +row +time +due$/m);
    for (const { leg, amount } of failed.contributions) expect(stdout).toMatch(new RegExp(`^${leg} .*${amount} `, "m"));
  });

  it("get keeps to the width of a terminal, and says how late a counterpart was", async () => {
    const [{ key }] = late as [Snapshot];
    const { stdout } = await call("snapshots", "get", key, "--history");
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
    expect(stdout).toMatch(/It adds up again( since the change of \S+Z(, \S+ after the first deadline)?)?\./);
  });

  it("get shows what came instead, where it came in another currency", async () => {
    const { rows } = await json("snapshots", "scan", "--class", "currency-mismatch", "--limit", "1");
    const { stdout } = await call("snapshots", "get", rows[0].key, "--version", String(rows[0].version));
    expect(stdout).toMatch(/^ {2}because {5}Due in [A-Z]{3} by \S+, but what came is in another currency\.$/m);
    expect(stdout).toMatch(/^ {2}instead {5}.*settled \S+.* = \S+ [A-Z]{3}$/m);
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
    expect(stdout).toMatch(/^alert +changed +state +check +class +key +at risk +due +late by$/m);
    expect(stdout).toMatch(/ resolved .* \d+[dhm]\d*[hms]?\d*$/m);
  });

  it("alerts list says how many there are besides those it shows", async () => {
    const all = (await json("alerts", "list", "--state", "all", "--limit", "1000")).alerts;
    const countOf = (state: string) => all.filter((alert: { state: string }) => alert.state === state).length;
    const [open, resolved] = [countOf("open"), countOf("resolved")];
    const { stdout } = await call("alerts", "list", "--limit", "1");
    expect(stdout).toContain(`\n1 of ${open} open, ${resolved} resolved; --limit`);
    expect((await call("alerts", "list", "--currency", "eur")).stdout).toContain(" EUR");
    const none = await call("alerts", "list", "--currency", "XTS");
    expect(none.stdout).toContain(`None match; ${open} open, ${resolved} resolved in all.`);
  });
});
