import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { sentencesOf } from "./semantics/sentences.ts";

const folder = resolve(import.meta.dirname, "../docs/reference");
const page = (name: string) => readFileSync(join(folder, name), "utf8");

/** Matter, sentence, tests and how to write it. */
const rows = [...page("checks.md").matchAll(/^\| (.*?) \| (.*) \| (.*?) \| (.*?) \|$/gm)]
  .map(([, matter, text, tests, how]) => ({ matter: matter!, text: text!, tests: tests!, how: how! }))
  .filter(({ matter, text }) => matter !== "matter" && !text.startsWith("--"));

describe("the reference of checks", () => {
  it("has every sentence of the semantics, in their order", () => {
    expect(rows.map(({ matter, text }) => [matter.trim(), text])).toEqual(
      sentencesOf(page("semantics.md")).map(({ matter, text }) => [matter, text]),
    );
  });

  it.each(rows.map((row) => [row.text, row] as const))("%s", (_, { tests, how }) => {
    const named = [...tests.matchAll(/\[[^\]]+\]\(([^)]+)\) “([^”]+)”/g)];
    expect(named.length).toBeGreaterThan(0);
    expect(how).not.toBe("");
    for (const [, path, name] of named) {
      const file = join(folder, path!);
      expect(existsSync(file), path).toBe(true);
      expect(readFileSync(file, "utf8").replaceAll("\\'", "'"), dirname(file)).toContain(name);
    }
  });
});
