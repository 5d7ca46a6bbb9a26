import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { Graph } from "../dataflow/graph.ts";
import type { VerdictRecord } from "../schemas/contracts.ts";
import { writeHistoryOf } from "./history.ts";
import { type Delivery, RunOutputs } from "./outputs.ts";
import { historyEntry, writeHistory } from "./recorder.ts";

const GRAPH: Graph = { name: "j", nodes: [] };
const clock = { now: () => 0 };

function verdict(key: string, version: number): VerdictRecord {
  return {
    id: `${key}/${version}`, check: "check", key, currency: "EUR", period: "", version, status: "fail", class: "missing",
    time: version, baseline: false, atRisk: "1.00", lower: "1.00", upper: "1.00", actual: "0.00",
    legs: [{ leg: "a", side: "expect", total: "1.00" }], reason: null,
  note: null,
    rule: { expression: "a = b", version: 1, hash: "h" }, contributions: [], omitted: 0, digest: "d",
  }; // biome-ignore format: one look is enough
}

it("is that of the whole run, over all starts of it, as if it had been kept in memory", async () => {
  const dir = mkdtempSync(join(tmpdir(), "countercheck-history-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const first = [verdict("b", 1), verdict("a", 1), verdict("b", 2)];
  const second = [verdict("a", 2), verdict("'ß", 1)];
  let before: Delivery["before"] | undefined;
  for (const [i, verdicts] of [first, second].entries()) {
    const outputs = await RunOutputs.open(dir, GRAPH, { clock, start: i === 0 ? "afresh" : "on", since: before });
    before = outputs.position();
    const records = verdicts.map((record) => ({ kind: "emit" as const, output: "verdicts", record }));
    await outputs.deliver({ epoch: 1, attempt: i + 1, checkpoint: i + 1, records, before, takenAt: i });
    await outputs.close({ state: "interrupted", code: null });
  }
  await writeHistoryOf(dir, join(dir, "history"));
  writeHistory(join(dir, "expected"), [...first, ...second].map(historyEntry));
  expect(readFileSync(join(dir, "history"), "utf8")).toBe(readFileSync(join(dir, "expected"), "utf8"));
});
