import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

/** Commands that say by their exit code that money is missing. */
const FINDS = /^npx countercheck run /;

/** Commands that say nothing where all is well. */
const SILENT = /^npx tsc /;

describe("the README's tutorial", () => {
  const clone = cloneOf(root);
  afterAll(() => rmSync(clone, { recursive: true, force: true }));

  for (const [, path, text] of readme.matchAll(/^```(?:ts|json) (\S+)\n(.*?)^```$/gms)) {
    mkdirSync(dirname(join(clone, path!)), { recursive: true });
    writeFileSync(join(clone, path!), text!);
  }

  // `npm test` is what runs this.
  const commands = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap((block) => block[1]!.trim().split("\n"));
  it.each(commands.filter((command) => command !== "npm test"))("%s", { timeout: 120_000 }, (command) => {
    const ran = spawnSync("bash", ["-c", command], { cwd: clone, encoding: "utf8", env: environment() });
    expect(ran.status, ran.stdout + ran.stderr).toBe(FINDS.test(command) ? 3 : 0);
    expect(ran.stdout === "", ran.stdout).toBe(SILENT.test(command));
  });
});

/** A copy of what is tracked and of what is about to be, with the installed packages of this one. */
function cloneOf(from: string): string {
  const to = mkdtempSync(join(tmpdir(), "countercheck-readme-"));
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: from,
    encoding: "utf8",
  });
  for (const file of files.trim().split("\n")) cpSync(join(from, file), join(to, file), { recursive: true });
  symlinkSync(join(from, "node_modules"), join(to, "node_modules"));
  return to;
}

/** The environment of a newcomer's shell: nothing of npm's or of the test runner's. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_|TEST$|VITE_)/i.test(name));
  return Object.fromEntries(kept);
}
