import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { shopConfig } from "../../cli/shop-log.ts";
import { countercheck, ended, root, startCountercheck, TemporaryFolder } from "../support/cli.ts";
import { layShopLog } from "../support/shop.ts";

const JOB = join(root, "jobs/payment-settlement");

describe.concurrent("the output folder", () => {
  it.each([
    ["the log itself", "log", "."],
    ["the log by a link", "linked", "."],
    ["a folder that holds the log", "out/log/input", "out"],
    ["the registry alone", "input", "."],
    ["a folder within the log", "out", "out/deep"],
    ["the folder of sinks", "sinks", "."],
  ])("is refused where a run would begin %s anew", async (what, log, output) => {
    using folder = new TemporaryFolder();
    const input = join(folder.path, what === "the log by a link" ? "log" : log);
    mkdirSync(join(input, "schemas"), { recursive: true });
    writeFileSync(join(input, "schemas/1.json"), "{}");
    if (log === "linked") symlinkSync("log", join(folder.path, "linked"));
    const config = shopConfig(log, output);
    const registry = { folder: what === "the registry alone" ? "log/schemas" : `${log}/schemas` };
    writeFileSync(join(folder.path, "config.json"), JSON.stringify({ ...config, registry }));
    const before = readdirSync(folder.path, { recursive: true }).sort();
    expect(await countercheck(["run", JOB, "--config", "config.json"], { cwd: folder.path })).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/^error OUTPUT_OVERLAPS_INPUT: .* Name another `output`/),
    });
    const { stdout } = await countercheck(["doctor", "--config", "config.json"], { cwd: folder.path });
    expect(stdout).toMatch(/^problem +output: By .* would begin /m);
    expect(readdirSync(folder.path, { recursive: true }).sort()).toEqual(before);
  });

  it("loses nothing that a run did not make", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 50);
    const run = () => countercheck(["run", JOB, "--config", "config.json", "--quiet"], { cwd: folder.path });
    const at = (path: string) => join(folder.path, "out", path);
    mkdirSync(at("log/schemas"), { recursive: true });
    writeFileSync(at("log/schemas/1.json"), "mine");
    expect(await run()).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error OUTPUT_FOREIGN: .*schemas/) });
    expect(readFileSync(at("log/schemas/1.json"), "utf8")).toBe("mine");

    rmSync(at("log/schemas"), { recursive: true });
    mkdirSync(at("sinks"));
    writeFileSync(at("sinks/mine.jsonl"), "mine");
    mkdirSync(at("log/mine"));
    for (const _ of [1, 2]) expect((await run()).stderr).toBe("");
    expect(readFileSync(at("sinks/mine.jsonl"), "utf8")).toBe("mine");
    expect(existsSync(at("log/mine"))).toBe(true);
  });

  it("is let go of when it cannot be opened whole", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 50);
    mkdirSync(join(folder.path, "out"));
    writeFileSync(join(folder.path, "out/snapshots.db"), "this is no database ".repeat(100));
    const run = await countercheck(["run", JOB, "--config", "config.json"], { cwd: folder.path });
    expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error SNAPSHOTS_UNREADABLE: /) });
    const left = readdirSync(join(folder.path, "out"), { recursive: true }).map(String);
    expect(left.filter((name) => /\.lock$|-wal$/.test(name))).toEqual([]);
  });

  it.each([
    ["deleted", false],
    ["deleted and made again", true],
  ])("that is %s during a run ends it: its results would be lost", async (_, again) => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 50, { ended: false });
    const child = startCountercheck(["run", JOB, "--config", "config.json", "--follow"], { cwd: folder.path });
    const result = ended(child);
    const out = join(folder.path, "out");
    while (child.exitCode === null && !existsSync(join(out, "snapshots.db"))) await sleep(20);
    await sleep(300);
    renameSync(out, join(folder.path, "moved"));
    if (again) cpSync(join(folder.path, "moved"), out, { recursive: true });
    const { code, stdout, stderr } = await result;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^error OUTPUT_REPLACED: .* was deleted or replaced while the run wrote to it.*\n$/);
  });
});
