import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseDecimal, rescale } from "../base/money.ts";
import { type Expected, expectedVerdicts, lastEventMs } from "./cdc-samples/expected.ts";
import { importSamples } from "./cdc-samples/import.ts";
import { type CliResult, countercheck, root, TemporaryFolder } from "./support/cli.ts";

describe("the captured messages, replayed through the file log", () => {
  const folder = new TemporaryFolder();
  const job = join(root, "test/cdc-samples/job.ts");
  const suspended = ["refunds", "settlement-maria", "settlement-pg"];
  let first: CliResult;

  const run = (name: string) => {
    const files = ["--verdicts", `${name}.verdicts`, "--history", `${name}.history`];
    return countercheck(["run", job, "--config", "config.json", "--json", ...files], { cwd: folder.path });
  };
  const verdicts = (name: string) => sorted(jsonLines(join(folder.path, `${name}.verdicts`)).map(toExpected));

  beforeAll(async () => {
    mkdirSync(folder.path, { recursive: true });
    importSamples(folder.path, lastEventMs() + 3_600_000);
    first = await run("first");
  });
  afterAll(() => folder[Symbol.dispose]());

  it("are read to the end without a dead letter", () => {
    expect(first.stderr).toBe("");
    // Three checks are suspended, so not all is well.
    expect(first.code).toBe(3);
    const summary = JSON.parse(first.stdout);
    expect(summary.complete).toBe(true);
    expect(summary.deadLetters).toEqual({ found: 0, open: 0 });
  });

  it("suspend the checks that a TRUNCATE or a column's new type hits, with one engine alert each", () => {
    const { suspensions, engineAlerts } = JSON.parse(first.stdout);
    const told = suspensions.map((s: { id: string; cause: string; checks: { check: string }[] }) => {
      return { id: s.id, cause: s.cause, checks: s.checks.map((entry) => entry.check) };
    });
    expect(told).toEqual(
      expect.arrayContaining([
        { id: "maria.shop.settlements/0/12/Line-maria", cause: "breaking-change", checks: ["settlement-maria"] },
        { id: "pg.public.refunds/0/15", cause: "truncate", checks: ["refunds"] },
        { id: "pg.public.settlements/0/12/Line-pg", cause: "breaking-change", checks: ["settlement-pg"] },
      ]),
    );
    expect(told).toHaveLength(3);
    expect(engineAlerts.map((alert: { code: string }) => alert.code)).toEqual(Array(3).fill("CHECKS_SUSPENDED"));
  });

  it("are judged as a plain fold judges them where nothing is suspended, and are unobservable elsewhere", () => {
    const expected = expectedVerdicts().map((verdict): Expected => {
      if (!suspended.includes(verdict.check)) return verdict;
      return { ...verdict, status: "unobservable", class: null, atRisk: 0n };
    });
    expect(verdicts("first")).toEqual(sorted(expected));
  });

  it("are judged in full once the checks are resumed, and raise alerts", async () => {
    for (const check of suspended) {
      const resumed = await countercheck(["checks", "resume", check, "--note", "looked at", "--dir", "out"], {
        cwd: folder.path,
      });
      expect(resumed).toMatchObject({ code: 0, stderr: "" });
    }
    const second = await run("second");
    expect(second.stderr).toBe("");
    expect(second.code).toBe(3);
    expect(JSON.parse(second.stdout)).toMatchObject({ suspensions: [], engineAlerts: [] });
    expect(verdicts("second")).toEqual(sorted(expectedVerdicts()));
    const classes = new Set(expectedVerdicts().map((verdict) => verdict.class));
    expect(classes).toEqual(new Set([null, "missing", "unknown-payment", "currency-mismatch"]));
  });

  it("give the same bytes again when they are read again", async () => {
    await run("third");
    for (const file of ["verdicts", "history"]) {
      const [second, third] = ["second", "third"].map((name) =>
        readFileSync(join(folder.path, `${name}.${file}`), "utf8"),
      );
      expect(third).toBe(second);
    }
  });
});

function jsonLines(file: string): Record<string, unknown>[] {
  const text = readFileSync(file, "utf8").trimEnd();
  return text.split("\n").map((line) => JSON.parse(line));
}

function toExpected(final: Record<string, unknown>): Expected {
  const { check, key, currency, status, class: cause } = final as unknown as Expected;
  const { unscaled, scale } = parseDecimal(final.atRisk as string)!;
  return { check, key, currency, status, class: cause, atRisk: rescale(unscaled, scale, 4)! };
}

function sorted(verdicts: readonly Expected[]): Expected[] {
  const text = ({ check, key, currency }: Expected) => `${check}/${key}/${currency}`;
  return [...verdicts].sort((a, b) => (text(a) < text(b) ? -1 : 1));
}
