import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bundleJobs } from "./bundle.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countercheck-bundle-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const JOB = `import { job } from "countercheck";
import { rate } from "./rates.ts";
export default job("mine", () => { rate("CHF"); });
`;

async function bundled() {
  return bundleJobs({ paths: [join(folder, "job.ts")] }, folder);
}

/** What the bundle writes to its standard error, alone in a folder. */
async function startedAlone(): Promise<string> {
  const { code, map } = await bundled();
  const alone = mkdtempSync(join(tmpdir(), "countercheck-alone-"));
  writeFileSync(join(alone, "bundle.mjs"), code);
  writeFileSync(join(alone, "bundle.mjs.map"), map);
  const { stderr } = spawnSync(process.execPath, ["--enable-source-maps", join(alone, "bundle.mjs")], {
    encoding: "utf8",
  });
  rmSync(alone, { recursive: true });
  return stderr;
}

describe("a bundle", () => {
  it("is a module that runs alone, and whose stacks are of the job's files", async () => {
    write({
      "job.ts": `import { job } from "countercheck";
import { rate } from "./rates.ts";

interface Unused {}
rate("CHF");
export default job("mine", () => {});
`,
      "rates.ts": `/** Types go, lines stay. */
export function rate(currency: string): number {
  throw new Error(\`no rate for \${currency}\`);
}
`,
    });
    const stderr = await startedAlone();
    expect(stderr).toBe(
      "The job cannot be loaded at rates.ts:3:9: no rate for CHF\n    at rate (job:rates.ts:3:9)\n    at <anonymous> (job:job.ts:5:1)\n",
    );
  });

  it("tells what this package refuses while a job is loaded with the place in the job", async () => {
    write({
      "job.ts": `import { job } from "countercheck";
import { name } from "./names.ts";
export default job(name, () => {});
`,
      "names.ts": `export const name = "Order ID";`,
    });
    expect(await startedAlone()).toMatch(
      /^The job cannot be loaded at job\.ts:3:16: .*\n( {4}at \S+ \(job:countercheck\/.*\)\n)+ {4}at <anonymous> \(job:job\.ts:3:16\)\n$/,
    );
  });

  it("has the package's own files by the package's name", async () => {
    write({ "job.ts": JOB, "rates.ts": "export const rate = (_: string) => 1;" });
    const { sources } = JSON.parse(Buffer.from((await bundled()).map).toString());
    expect(sources).toContain("job:job.ts");
    expect(sources).toContain("job:countercheck/checks/job.ts");
  });
});

describe("what cannot be bundled is refused with its place", () => {
  it.each([
    [
      "a module that is not there",
      `import "./gone.ts";\nexport const rate = 1;`,
      /rates\.ts:1: Could not resolve "\.\/gone\.ts"/,
    ],
    [
      "a package that is not installed",
      `import "left-pad-of-ours";\nexport const rate = 1;`,
      /rates\.ts:1: Could not resolve "left-pad-of-ours"/,
    ],
    [
      "a module that is chosen while it runs",
      `export const rate = async (name: string) =>\n  import(name);`,
      /rates\.ts:2: /,
    ],
    [
      "an inner part of this package",
      `import "countercheck/base";\nexport const rate = 1;`,
      /rates\.ts:1: countercheck\/base is not among what jobs may import/,
    ],
    [
      "a native addon",
      `import addon from "./fast.node";\nexport const rate = addon;`,
      /rates\.ts:1: .*fast\.node is a native addon/,
    ],
    [
      "a file beside the job",
      `import { readFileSync } from "node:fs";\n\nexport const rate = readFileSync(import.meta.dirname + "/x");`,
      /rates\.ts:3: import\.meta\.dirname: files beside the job do not go along/,
    ],
    ["what is no TypeScript", `export const rate = ;`, /rates\.ts:1: Unexpected ";"/],
  ])("%s", async (_, rates, problem) => {
    write({ "job.ts": JOB, "rates.ts": rates, "fast.node": "\u007fELF" });
    await expect(bundled()).rejects.toMatchObject({ code: "BUNDLE_FAILED", message: expect.stringMatching(problem) });
  });

  it("a module that a package chooses while it runs", async () => {
    write({
      "job.ts": JOB,
      "rates.ts": `import plugin from "plugin";\nexport const rate = plugin;`,
      "node_modules/plugin/package.json": `{ "name": "plugin", "main": "index.js" }`,
      "node_modules/plugin/index.js": `module.exports = (name) => require(name);`,
    });
    await expect(bundled()).rejects.toThrow(/node_modules\/plugin\/index\.js:1: /);
  });
});
