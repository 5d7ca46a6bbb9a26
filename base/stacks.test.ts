import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CountercheckError } from "./errors.ts";
import { packCurrency } from "./money.ts";
import { authorsPlace, failureStack, fullStack, thrownText } from "./stacks.ts";

/** What a job's author may have written. */
const RULES = `/** Too much. */
export function tooMuch(amount: number): never {
  throw new RangeError(\`\${amount} is too much\`);
}
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error("no JSON", { cause: error });
  }
}
export const called = (call: () => void) => call();
`;

let folder: string;
let rules: { tooMuch(amount: number): never; parsed(text: string): unknown; called(call: () => void): void };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "countercheck-stacks-"));
  writeFileSync(join(folder, "rules.ts"), RULES);
  rules = await import(pathToFileURL(join(folder, "rules.ts")).href);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("what an author's function throws", () => {
  it("is told with its class, its place, and the author's part of the stack", () => {
    const error = thrownBy(() => rules.called(() => rules.tooMuch(11)));
    expect(thrownText(error)).toBe("RangeError: 11 is too much");
    expect(authorsPlace(error)).toBe(join(folder, "rules.ts:3:9"));
    const lines = failureStack(error).split("\n");
    expect(lines.at(0)).toMatch(/^ {4}at \S*tooMuch \(\S*rules\.ts:3:9\)$/);
    expect(lines.at(-1)).toMatch(/^ {4}at \S*called \(\S*rules\.ts:12:45\)$/);
  });

  it("is told without what it was wrapped in, and with its own causes", () => {
    const error = thrownBy(() => rules.parsed("{"));
    const failed = new CountercheckError(
      "JOB_INVALID",
      { file: "job.ts", reason: thrownText(error) },
      { cause: error },
    );
    expect(authorsPlace(failed)).toBe(join(folder, "rules.ts:9:11"));
    expect(failureStack(failed).split("\n")).toEqual([
      expect.stringMatching(/^ {4}at \S*parsed \(\S*rules\.ts:9:11\)$/),
      expect.stringMatching(/^ {4}because of SyntaxError: Expected property name/),
      "    at JSON.parse (<anonymous>)",
      expect.stringMatching(/^ {4}at \S*parsed \(\S*rules\.ts:7:17\)$/),
    ]);
    expect(fullStack(failed)).toMatch(
      /^CountercheckError: .*\n(.*\n)*Caused by: Error: no JSON\n(.*\n)*Caused by: SyntaxError/,
    );
  });

  it("may be no error at all", () => {
    expect([thrownText("gone"), authorsPlace("gone"), failureStack("gone")]).toEqual(["gone", "", ""]);
  });
});

it("a defect of this package is told with all of its stack", () => {
  const error = thrownBy(() => packCurrency(undefined as never));
  expect(authorsPlace(error)).toBe("");
  expect(failureStack(error)).toMatch(/base\/money\.ts:\d+:\d+\)\n/);
});

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("It threw nothing.");
}
