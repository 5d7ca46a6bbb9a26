import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const page = (path: string) => readFileSync(join(root, path), "utf8");
const readme = page("README.md");
const streamJobs = page("docs/how-to/stream-jobs.md");

/** Commands that say by their exit code that money is missing. */
const FINDS = /^npx countercheck run /;

/** Commands that say nothing where all is well. */
const SILENT = /^npx tsc /;

/** What a block starts beside it ends with the block, where that fails too. */
const LEAVING = "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT";

/** Where the how-to's service listens, so that two of these tests do not meet. */
const port = await freePort();

/** A newcomer's checkout: pages come one after the other, so that the second finds the log that the first one leaves. */
const clone = cloneOf(root);
afterAll(() => rmSync(clone, { recursive: true, force: true }));

describe("the README's tutorial", () => {
  writeFiles(readme);

  // `npm test` is what runs this.
  const commands = scripts(readme).flatMap(({ script }) => script.trim().split("\n"));
  it.each(commands.filter((command) => command !== "npm test"))("%s", { timeout: 400_000 }, (command) => {
    const ran = shell(command);
    expect(ran.status, ran.stdout + ran.stderr).toBe(FINDS.test(command) ? 3 : 0);
    expect(ran.stdout === "", ran.stdout).toBe(SILENT.test(command));
  });
});

describe("the how-to of stream jobs", () => {
  writeFiles(streamJobs);

  it.each(scripts(streamJobs))("$script", { timeout: 400_000 }, ({ script, shows }) => {
    const ran = shell(`set -e; ${LEAVING}\n${script}`);
    expect(ran.status, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout === "", ran.stdout).toBe(SILENT.test(script));
    expect(ran.stdout, ran.stderr).toContain(shows);
  });
});

/** Writes the files that a page shows, each under the name behind its fence. */
function writeFiles(text: string): void {
  for (const [, path, file] of text.matchAll(/^```(?:ts|js|json) (\S+)\n(.*?)^```$/gms)) {
    mkdirSync(dirname(join(clone, path!)), { recursive: true });
    writeFileSync(join(clone, path!), file!);
  }
}

/** The blocks of commands of a page, and what it shows behind one of them as a part of its output. */
function scripts(text: string): { readonly script: string; readonly shows: string }[] {
  const blocks = text.matchAll(/^```sh\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?/gms);
  return [...blocks].map(([, script, shows]) => ({ script: script!, shows: shows ?? "" }));
}

function shell(script: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync("bash", ["-c", script], { cwd: clone, encoding: "utf8", env: environment() });
}

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

/** The environment of a newcomer's shell: nothing of npm's or of the test runner's; and where the service is. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_|TEST$|VITE_)/i.test(name));
  return { ...Object.fromEntries(kept), PORT: String(port), RISK_URL: `http://127.0.0.1:${port}` };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
