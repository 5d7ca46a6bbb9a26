import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { HBaseSnapshotStore } from "../../connectors/hbase/hbase-snapshot-store.ts";
import { SqliteSnapshotStore } from "../../snapshots/sqlite-snapshot-store.ts";
import { countercheck, TemporaryFolder } from "../support/cli.ts";

describe("countercheck snapshots on HBase", () => {
  const folder = new TemporaryFolder();
  const table = `cli-${randomBytes(4).toString("hex")}`;
  const { url } = inject("servers").hbase;
  const call = (...args: string[]) => countercheck(["snapshots", ...args], { cwd: folder.path });

  beforeAll(async () => {
    const demo = await countercheck(["demo", "--orders", "400", "--json", "--dir", "demo"], { cwd: folder.path });
    expect(demo.code, demo.stderr).toBe(0);
    const config = JSON.parse(readFileSync(join(folder.path, "demo/config.json"), "utf8"));
    const text = JSON.stringify({ ...config, snapshots: { hbase: { url, table } } });
    writeFileSync(join(folder.path, "demo/hbase.json"), text);
  });
  afterAll(() => folder[Symbol.dispose]());

  it("says which command makes the table, which then makes it, or tells hbase shell how", async () => {
    const config = ["--config", "demo/hbase.json"];
    const missing = await call("scan", ...config);
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toContain("error SNAPSHOTS_TABLE_MISSING: ");
    expect(missing.stderr).toContain("countercheck snapshots create-table --config");
    const { stdout } = await call("create-table", ...config, "--ttl-days", "10", "--shell");
    expect(stdout).toMatch(/^create 'cli-\w+', \{NAME => 'e', .*TTL => 864000\}, SPLITS => \['1', '2', .*'i3'\]\n$/);
    expect((await call("create-table", ...config)).stdout).toContain(`Made table ${table} at ${url}, in one region.`);
    expect((await call("create-table", ...config)).stdout).toContain("is there and fits");
    expect((await call("scan", ...config)).stdout).toBe("No verdicts.\n");
  });

  it("prints what it prints of SQLite", async () => {
    await copyEvidence(join(folder.path, "demo"), new HBaseSnapshotStore({ url, table }));
    const page = JSON.parse((await call("scan", "--status", "pass", "--limit", "1", "--json", "--dir", "demo")).stdout);
    const [{ key, time }] = page.rows;
    const before = new Date(time - 1).toISOString();
    const questions = [
      ["scan", "--limit", "3", "--json"],
      ["scan", "--limit", "3", "--after", page.next],
      ["scan", "--status", "fail", "--class", "missing", "--to", before, "--json"],
      ["get", key, "--history", "--json"],
      ["get", key, "--as-of", before],
      ["get", key, "--version", "1", "--currency", "XXX"],
    ];
    for (const question of questions) {
      const asked = [call(...question, "--dir", "demo"), call(...question, "--config", "demo/hbase.json")];
      const [sqlite, hbase] = await Promise.all(asked);
      expect(hbase, question.join(" ")).toEqual(sqlite);
    }
  });

  it("takes one place to look at", async () => {
    const { code, stderr } = await call("scan", "--dir", "demo", "--config", "demo/hbase.json");
    expect(code).toBe(2);
    expect(stderr).toContain("'--dir <dir>' cannot be used with option '--config <file>'");
  });
});

/** Puts all evidence of an output folder into a store, and closes it. */
async function copyEvidence(dir: string, to: HBaseSnapshotStore): Promise<void> {
  const from = new SqliteSnapshotStore(join(dir, "snapshots.db"));
  for (let after: string | null | undefined; after !== null; ) {
    const { rows, next } = from.scan({ limit: 1_000, ...(after === undefined ? {} : { after }) });
    await to.put(rows);
    after = next;
  }
  from.close();
  to.close();
}
