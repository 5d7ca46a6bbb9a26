import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const pages = resolve(import.meta.dirname, "../docs/reference/algebra");
const examples = resolve(import.meta.dirname, "../docs/examples");

const named = (folder: string, ending: RegExp) =>
  readdirSync(folder)
    .filter((file) => ending.test(file))
    .map((file) => basename(file).replace(ending, ""))
    .filter((name) => name !== "README");

describe("each operator's page in docs/reference/algebra", () => {
  it.each(named(pages, /\.md$/))("%s.md shows its example, which a test runs", (name) => {
    const page = readFileSync(resolve(pages, `${name}.md`), "utf8");
    const [, shown] = /^```ts\n(.*?)^```$/ms.exec(page) ?? [];
    expect(shown).toBe(readFileSync(resolve(examples, `${name}.ts`), "utf8"));
    expect(existsSync(resolve(examples, `${name}.test.ts`)), `docs/examples/${name}.test.ts`).toBe(true);
  });

  it("is there for each example", () => {
    const files = named(examples, /(?<!\.test)\.ts$/);
    expect(named(pages, /\.md$/)).toEqual(expect.arrayContaining(files));
  });
});
