import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { countercheck, root, TemporaryFolder } from "../support/cli.ts";

const COMMANDS = [
  ["demo"],
  ["run"],
  ["submit"],
  ["jobs", "list"],
  ["jobs", "describe"],
  ["jobs", "cancel"],
  ["rescale"],
  ["savepoint"],
  ["stop"],
  ["snapshots", "get"],
  ["snapshots", "scan"],
  ["alerts", "list"],
  ["dead-letters", "list"],
  ["dead-letters", "replay"],
  ["dead-letters", "discard"],
  ["checks", "resume"],
  ["migration", "status"],
  ["doctor"],
  ["source", "new-epoch"],
];

describe.concurrent("every command", () => {
  it.each(COMMANDS)("has help with an example: %s %s", async (...words) => {
    const command = words.filter((word) => word !== undefined);
    const { code, stdout, stderr } = await countercheck([...command, "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("Example");
    expect(stdout).toContain("--json");
    expect(stdout).toMatch(/(npx countercheck|npm start).*/);
  });
});

describe.concurrent("the program", () => {
  it("knows its version", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(await countercheck(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each(["snapshots", "alerts", "notifications", "dead-letters", "checks", "migration", "source", "jobs"])(
    "has examples for the group %s",
    async (group) => {
      const { code, stdout } = await countercheck([group, "--help"]);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^Examples?:\n {2}npx countercheck ${group} `, "m"));
    },
  );
});

describe.concurrent("a command that is called wrongly ends with 2", () => {
  it.each([
    [["snapsots"], "(Did you mean snapshots?)"],
    [["demo", "--sed", "1"], "(Did you mean --seed?)"],
    [["demo", "--orders", "many"], "Expected a whole number from 0 to 10,000,000."],
    [["demo", "--orders", "10000001"], "Expected a whole number from 0 to 10,000,000."],
    [["snapshots"], "Usage: countercheck snapshots"],
    [["snapshots", "get", "1"], "--dir"],
    [["snapshots", "scan", "--dir", "x", "--status", "red"], "Allowed choices are pass, fail"],
    [["snapshots", "scan", "--dir", "x", "--from", "yesterday"], "Expected a time such as"],
    [["alerts", "list", "--dir", "x", "--state", "nope"], "Allowed choices are open"],
    [["alerts", "accept", "3fa9", "--dir", "x"], "--note"],
    [["alerts", "snooze", "3fa9", "--for", "long", "--dir", "x"], "Expected a duration such as"],
    [["alerts", "list", "--dir", "x", "--limit", "40000"], "Expected a whole number from 1 to 1,000."],
    [["run", "job.ts"], "--config"],
    [["run", "job.ts", "--config", "missing.json"], "error CONFIG_NOT_FOUND: "],
    [["run", "job.ts", "--config", "x", "--follow", "--verdicts", "v"], "cannot be used with option"],
    [["dead-letters", "discard", "t/0/1", "--dir", "x"], "--note"],
    [["submit", "job.ts"], "--config"],
    [["submit", "job.ts", "--config", "x", "--jar", "y", "--cluster", "http://z"], "cannot be used with option"],
    [["submit", "job.ts", "--config", "x", "--jar", "y", "--parallelism", "3"], "cannot be used with option"],
    [["submit", "job.ts", "--config", "x", "--with-node", "--without-node"], "cannot be used with option"],
    [["savepoint", "job"], "a job and a folder"],
    [["savepoint", "job", "dir", "more"], "a job and a folder at most"],
    [["stop"], "--config"],
    [["stop", "job", "--timeout", "-3"], "Expected a whole number from 1 to 86,400."],
    [["jobs", "list"], "error CLUSTER_ADDRESS_MISSING: "],
    [["jobs", "list", "--cluster", "localhost"], "expected a URL"],
    [["rescale", "job", "--cluster", "http://127.0.0.1:1"], "--parallelism"],
  ])("%j: %s", async (args, says) => {
    const { code, stdout, stderr } = await countercheck(args);
    expect(stderr).toContain(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});

describe.concurrent("an error", () => {
  it("is one line with its code; its stack is shown on demand", async () => {
    using folder = new TemporaryFolder();
    const args = ["alerts", "list", "--dir", folder.path];
    const plain = await countercheck(args);
    expect(plain.code).toBe(1);
    expect(plain.stderr).toMatch(/^error DESK_NOT_FOUND: There is no desk at .*\n$/);
    const verbose = await countercheck([...args, "--verbose"]);
    expect(verbose.stderr).toMatch(/^error DESK_NOT_FOUND: .*\n.*\n\s+at /);
    expect((await countercheck(args, { env: { DEBUG: "1" } })).stderr).toContain(" at ");
    const { stderr } = await countercheck(["alerts", "list", "--dir", "\u001b[31mred\u009b\u202e"]);
    expect(stderr).toContain("\\x1b[31mred\\x9b\\u202e");
  });
});

describe.concurrent("stdout", () => {
  it("may be closed by its reader", async () => {
    using folder = new TemporaryFolder();
    await countercheck(["demo", "--orders", "600", "--json", "--dir", "d"], { cwd: folder.path });
    const command = `"${process.execPath}" --disable-warning=ExperimentalWarning "${join(root, "cli/main.ts")}" snapshots scan --limit 1000 --json --dir d`;
    const { stdout, stderr } = spawnSync("sh", ["-c", `${command} | head -n 1`], {
      cwd: folder.path,
      encoding: "utf8",
    });
    expect({ stdout, stderr }).toEqual({ stdout: "{\n", stderr: "" });
  });

  it.skipIf(!existsSync("/dev/full"))("may be full, which is an error like others", () => {
    const command = `"${process.execPath}" --disable-warning=ExperimentalWarning "${join(root, "cli/main.ts")}" doctor --config none`;
    const { status, stderr } = spawnSync("sh", ["-c", `${command} > /dev/full`], { encoding: "utf8" });
    expect(stderr).toMatch(/^error FILE_NOT_WRITTEN: Could not write standard output: ENOSPC.*\n$/);
    expect(status).toBe(1);
  });

  it("has no colours where it is no terminal", async () => {
    const { stderr } = await countercheck(["run", "x", "--config", "missing.json"]);
    expect(stderr).not.toContain("\u001b[");
  });
});
