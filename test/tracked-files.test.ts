import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

interface Lock {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
}

const root = join(import.meta.dirname, "..");

/** Put together here, so that this file is not found itself. */
const forbidden = [
  ["registry", "npmjs"].join("."),
  ["", "home", ""].join("/"),
  ["", "work", ""].join("/"),
  ["", "Users", ""].join("/"),
];

describe("what is kept in git", () => {
  it.each(forbidden)("has no %s in it: neither a registry's host nor a path of one machine", (text) => {
    expect(filesWith(text)).toEqual([]);
  });

  it("has a lock file that installs from any registry", () => {
    expect(readFileSync(join(root, "package-lock.json"), "utf8")).not.toContain('"resolved"');
  });

  it("has a lock file for every platform: npm leaves out what the registry in use lacks, and then npm ci fails", () => {
    const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
    const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    expect(wanted.filter((name) => !(`node_modules/${name}` in packages))).toEqual([]);
  });
});

function filesWith(text: string): string[] {
  const { status, stdout, stderr } = spawnSync("git", ["grep", "-lF", "-e", text], { cwd: root, encoding: "utf8" });
  // 0: found, 1: not found.
  expect(status, stderr).toBeLessThanOrEqual(1);
  return stdout.split("\n").filter(Boolean);
}
