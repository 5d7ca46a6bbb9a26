import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { countercheck, TemporaryFolder } from "../support/cli.ts";

const ONE_JOB = ["--jobs", "payment-settlement"];

describe.concurrent("countercheck demo", () => {
  it("finds everything that the shop broke, raises no false alarm, and prints one JSON document", async () => {
    using folder = new TemporaryFolder();
    const args = ["demo", "--seed", "7", "--orders", "1500", "--json"];
    const { code, stdout, stderr } = await countercheck(args, { cwd: folder.path });
    expect(stderr).toBe("");
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ seed: 7, missed: 0, falseAlarms: 0, misses: [], falseAlarmKeys: [] });
    expect(result.found).toBe(result.injected);
    expect(result.foundAtRisk).toEqual(result.injectedAtRisk);
    expect(Object.keys(result.verdicts)).toEqual(["pass", "fail", "pending", "unobservable"]);
    const classes = ["currency-mismatch", "missing", "over-charge", "under-charge", "unknown-payment"];
    expect(Object.keys(result.byClass)).toEqual(
      expect.arrayContaining(classes.map((name) => `payment-settlement/${name}`)),
    );
    for (const counts of Object.values<Record<string, number>>(result.byClass)) {
      expect(Object.keys(counts)).toEqual(["injected", "found", "missed", "falseAlarms"]);
      expect(counts.injected).toBeGreaterThanOrEqual(2);
    }
    expect(result.events).toBeGreaterThan(1500);
    expect(code).toBe(0);
  });

  it("writes the same verdicts and history, byte for byte, however the tables interleave", async () => {
    using folder = new TemporaryFolder();
    const run = async (name: string, more: readonly string[]) => {
      const files = ["--verdicts", `${name}.v`, "--history", `${name}.h`, "--dir", name];
      const { code } = await countercheck(["demo", "--orders", "600", "--json", ...files, ...more], {
        cwd: folder.path,
      });
      expect(code).toBe(0);
      return ["v", "h"].map((kind) => readFileSync(join(folder.path, `${name}.${kind}`), "utf8"));
    };
    const first = await run("straight", []);
    for (const seed of ["1", "2", "3"]) expect(await run(`random-${seed}`, ["--interleave", seed])).toEqual(first);

    const [verdicts, history] = first.map((text) =>
      text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    );
    expect(Object.keys(verdicts![0])).toEqual(["check", "key", "currency", "status", "class", "baseline", "atRisk"]);
    const fields = ["check", "key", "currency", "version", "status", "class", "time", "baseline", "atRisk"];
    expect(Object.keys(history![0])).toEqual([...fields, "lower", "upper", "actual", "legs"]);
    const keys = verdicts!.map((verdict) => `${verdict.check} ${verdict.key} ${verdict.currency}`);
    expect(keys).toEqual([...keys].sort());
  });

  it("ends with a table, and with commands that work as printed", async () => {
    using folder = new TemporaryFolder();
    const { code, stdout } = await countercheck(["demo", "--orders", "600"], { cwd: folder.path });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^check and class +injected +found +missed +false alarms/m);
    expect(stdout).toMatch(/^money of the faults found +EUR/m);
    const [records, changes, others] = /^(\S+) records in its log: (\S+) changes of rows, (\S+) heartbeats/m
      .exec(stdout)!
      .slice(1)
      .map((text) => Number(text.replaceAll(",", "")));
    expect(changes! + others!).toBe(records);
    const [found, open, resolved] = /^Found +(\d+) = (\d+) open \+ (\d+) resolved/m.exec(stdout)!.slice(1).map(Number);
    expect(open! + resolved!).toBe(found);
    const printed = [...stdout.matchAll(/npx countercheck (.*)/g)].map((match) => match[1]!.split(" "));
    expect(printed.map((args) => args[0])).toEqual(["snapshots", "alerts"]);
    for (const args of printed) {
      const { code, stdout, stderr } = await countercheck(args, { cwd: folder.path });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain("payment-settlement");
    }
  });

  it.each(["0", "1"])("has nothing to break in %s orders", async (orders) => {
    using folder = new TemporaryFolder();
    const { code, stdout } = await countercheck(["demo", "--orders", orders, ...ONE_JOB], { cwd: folder.path });
    expect(code).toBe(0);
    expect(stdout).toContain(`${orders} order${orders === "1" ? "" : "s"} of a simulated shop`);
    expect(stdout).toContain("Nothing was made to go wrong in so few orders");
    expect(stdout).not.toContain("npx countercheck");
  });

  it("empties its own folder, and leaves a foreign one alone", async () => {
    using folder = new TemporaryFolder();
    const precious = join(folder.path, "precious.txt");
    writeFileSync(precious, "mine");
    const refused = await countercheck(["demo", "--orders", "100", "--dir", "."], { cwd: folder.path });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("error DEMO_FOLDER_FOREIGN:");
    expect(existsSync(precious)).toBe(true);

    for (let i = 0; i < 2; i++) {
      const { stdout } = await countercheck(["demo", "--orders", "100", "--dir", "own", "--json"], {
        cwd: folder.path,
      });
      expect(JSON.parse(stdout).orders).toBe(100);
    }
  });

  it("can be run again from the configuration that it leaves", async () => {
    using folder = new TemporaryFolder();
    const small = ["--orders", "600", "--dir", "d", "--json", "--verdicts", "a"];
    await countercheck(["demo", ...small, ...ONE_JOB], { cwd: folder.path });
    const job = join(import.meta.dirname, "../../jobs/payment-settlement");
    const args = ["run", job, "--config", "d/config.json", "--json", "--verdicts", "b"];
    const { code, stdout } = await countercheck(args, { cwd: folder.path });
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ job: "payment-settlement", complete: true });
    const [a, b] = ["a", "b"].map((name) => readFileSync(join(folder.path, name), "utf8"));
    expect(b).toBe(a);
  });
});
