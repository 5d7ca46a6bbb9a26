import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

/** A line of a sink. */
export type Line = Readonly<Record<string, unknown>>;

/** What a run left, or several that went on from each other: lines by sink, in their order. */
export type Results = ReadonlyMap<string, readonly Line[]>;

/** Reads the sinks of output folders, one behind the other; of a run that goes on, the lines that are whole. */
export function resultsIn(...folders: readonly string[]): Results {
  const results = new Map<string, Line[]>();
  for (const folder of folders.map((name) => join(name, "sinks"))) {
    if (!existsSync(folder)) continue;
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".jsonl"))) {
      const sink = file.slice(0, -".jsonl".length);
      const lines = readFileSync(join(folder, file), "utf8").split("\n").slice(0, -1);
      results.set(sink, [...(results.get(sink) ?? []), ...lines.map((line) => JSON.parse(line) as Line)]);
    }
  }
  return results;
}

/**
 * Changelogs of keys whose rows come from several splits or tables: between those there is no order, so what is said meanwhile
 * differs from run to run. What it comes to does not.
 */
const MEANWHILE: ReadonlySet<string> = new Set(["refunded", "totals", "by-status", "highest", "first-lines"]);

/** Sinks whose lines of one key have an order, and that key. */
const ORDERED: Readonly<Record<string, readonly string[]>> = {
  tumbling: ["currency"],
  sliding: ["currency"],
  session: ["currency"],
  cumulative: ["currency"],
  calendar: ["currency"],
  listed: ["paymentId"],
  newest: ["id"],
  seen: ["id"],
  "seen-lines": ["batchId", "lineNo"],
  "seen-refunds": ["id"],
  told: ["paymentId"],
};

/**
 * Fails unless both have the same lines in each sink: as often, and, where keys have an order, in that; of changelogs whose
 * order is nobody's, what they come to.
 */
export function expectSame(results: Results, expected: Results, what: string): void {
  expect([...results.keys()].sort(), what).toEqual([...expected.keys()].sort());
  for (const [sink, lines] of expected) {
    const name = `${what}: ${sink}`;
    const own = results.get(sink)!;
    if (MEANWHILE.has(sink)) expect(netOf(own), name).toEqual(netOf(lines));
    else expect(sorted(own), name).toEqual(sorted(lines));
    const key = ORDERED[sink];
    if (key !== undefined) expect(byKey(own, key), name).toEqual(byKey(lines, key));
  }
}

/** Lines as sorted text. */
export function sorted(lines: readonly Line[]): string[] {
  return lines.map((line) => JSON.stringify(line)).sort();
}

/** What the adds and retracts of a changelog come to; fails where one takes back what is not there. */
export function netOf(lines: readonly Line[]): string[] {
  const counts = new Map<string, number>();
  for (const { $op, ...row } of lines) {
    const text = JSON.stringify(row);
    const count = (counts.get(text) ?? 0) + ($op === "add" ? 1 : -1);
    expect(count, `${text} is there when it is taken back`).toBeGreaterThanOrEqual(0);
    counts.set(text, count);
  }
  return [...counts].flatMap(([text, count]) => new Array<string>(count).fill(text)).sort();
}

function byKey(lines: readonly Line[], key: readonly string[]): Map<string, Line[]> {
  const keys = new Map<string, Line[]>();
  for (const line of lines) {
    const name = key.map((field) => line[field]).join(" ");
    keys.set(name, [...(keys.get(name) ?? []), line]);
  }
  return new Map([...keys].sort(([left], [right]) => (left < right ? -1 : 1)));
}
