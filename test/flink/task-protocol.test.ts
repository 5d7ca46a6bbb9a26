import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { days, systemClock } from "../../base/time.ts";
import { type CountRecord, OUTPUTS, type VerdictRecord } from "../../checks/records.ts";
import { openReaders, splitsOf } from "../../cli/compose.ts";
import { readConfig, type SourceBinding } from "../../cli/config.ts";
import { Recorder } from "../../cli/recorder.ts";
import { shopConfig, writeShopLog } from "../../cli/shop-log.ts";
import type { OutboxRecord } from "../../runtime/outbox.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { hashBytes, keyGroupOf, subtaskOf } from "../../state/key-groups.ts";
import { runInMemory } from "../support/memory-run.ts";
import { graph, hosted } from "./hosted-task.ts";
import { buildJava, runJava } from "./maven.ts";
import { SILENCE, type Ticks, writeKeyGroups, writeReplay } from "./replay.ts";

const SEED = 7;
const ORDERS = 6_000;
const KEY_GROUPS_COMPARED = 10_000;

/** A record that Flink brought out: in which phase of the run, and when by the replay's clock. */
interface Result {
  readonly phase: string;
  readonly tick: number;
  readonly tag: string;
  readonly record: unknown;
}

/**
 * The task protocol, driven by Flink: the keyed task of the payment job in Node children, at parallelism 1, from a savepoint
 * at 2 with a child killed on the way, and from a savepoint at 1 again.
 */
describe("a task in a Flink of its own", () => {
  const folder = mkdtempSync(join(tmpdir(), "countercheck-flink-"));
  let ticks: Ticks;
  let sources: readonly SourceBinding[];
  let results: Result[];
  let report: Record<string, unknown>[];

  beforeAll(async () => {
    buildJava();
    const replay = join(folder, "replay");
    const log = join(folder, "input");
    mkdirSync(replay);
    const truth = await writeShopLog({ dir: log, seed: SEED, orders: ORDERS, departments: [] });
    writeFileSync(join(folder, "config.json"), JSON.stringify(shopConfig("input", ".", [])));
    ({ sources } = readConfig(join(folder, "config.json")));
    ticks = await writeReplay({ folder: replay, log, sources }, truth.firstTime, truth.endTime);
    writeKeyGroups(join(replay, "key-groups"), SEED, KEY_GROUPS_COMPARED);
    const child = [process.execPath, join(import.meta.dirname, "child.ts")];
    const inputs = String(hosted.inputs.length);
    report = await runJava("countercheck.flink.spike.Spike", [replay, inputs, ...child]);
    results = linesOf(join(replay, "results.jsonl"));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("brings out what the embedded runner brings out, each record once", async () => {
    const records: OutboxRecord[] = [];
    const splits = splitsOf(graph, sources);
    const registry = new FolderRegistry(join(folder, "input", "schemas"));
    await runInMemory(
      {
        graph,
        readers: (worker, workers) => openReaders(graph, sources, registry, { worker, workers }),
        groups: new Map(splits.map(({ source, topic, partition }, i) => [`${source.name} ${topic}/${partition}`, i])),
        clock: systemClock,
        retainMs: days(180),
        parallelism: 1,
      },
      records,
    );
    const embedded = records.flatMap((each) => (each.kind === "emit" ? [[each.output, each.record] as const] : []));
    const flinks = results.map(({ tag, record }) => [tag, record] as const);
    const of = (all: typeof flinks, output: string) => all.flatMap(([tag, record]) => (tag === output ? [record] : []));
    const { verdicts, alerts, finals, counts } = OUTPUTS;
    expect(historyOf(of(flinks, verdicts))).toEqual(historyOf(of(embedded, verdicts)));
    expect(sorted(of(flinks, alerts))).toEqual(sorted(of(embedded, alerts)));
    expect(sorted(of(flinks, finals))).toEqual(sorted(of(embedded, finals)));
    expect(countsOf(of(flinks, counts))).toEqual(countsOf(of(embedded, counts)));
    expect(of(flinks, verdicts).length).toBeGreaterThan(10);
  });

  it("goes on at another parallelism, and after a child was killed", () => {
    expect(report).toMatchObject([
      { keyGroups: KEY_GROUPS_COMPARED },
      { phase: "one", parallelism: 1, attempts: 1 },
      { phase: "two", parallelism: 2, attempts: 2 },
      { phase: "one again", parallelism: 1, attempts: 1 },
    ]);
    const phases = new Set(results.filter(({ tag }) => tag === OUTPUTS.verdicts).map(({ phase }) => phase));
    expect([...phases]).toEqual(["one", "two", "one again"]);
  });

  it("judges in both subtasks, which both hear of every frontier", () => {
    const keys = results.flatMap(({ phase, tag, record }) =>
      phase === "two" && tag === OUTPUTS.verdicts ? [Buffer.from((record as VerdictRecord).key)] : [],
    );
    const subtasks = keys.map((key) => subtaskOf(keyGroupOf(hashBytes(key, 0, key.length)), 2));
    expect(new Set(subtasks).size).toBe(2);
  });

  it.each([
    ["two", ["one"]],
    ["one again", ["one", "two"]],
  ])("fires timers in phase %s that were registered before it", (phase, before) => {
    const verdicts = results.filter(({ tag }) => tag === OUTPUTS.verdicts);
    const of = (...phases: string[]) =>
      verdicts.filter((result) => phases.includes(result.phase)).map(({ record }) => record as VerdictRecord);
    // What was judged before a savepoint had been read before it; a missing settlement is judged when a timer fires.
    const read = Math.max(...of(...before).map(({ time }) => time));
    const waited = of(phase).filter(
      (verdict) => verdict.class === "missing" && verdict.contributions.every(({ time }) => (time ?? read) <= read),
    );
    expect(waited.length).toBeGreaterThan(0);
  });

  it("judges nothing before the silent split has proven it", () => {
    const verdicts = results.filter(({ tag }) => tag === OUTPUTS.verdicts);
    for (const { tick, record } of verdicts) {
      const proven = Math.floor(tick / SILENCE) * SILENCE - SILENCE;
      const { time } = record as VerdictRecord;
      if (tick < 1_000) expect(ticks.tickOf(time)).toBeLessThanOrEqual(proven);
    }
  });
});

/** What of verdicts does not depend on the order in which partitions were read. */
function historyOf(records: readonly unknown[]): string[] {
  const recorder = new Recorder();
  for (const record of records) recorder.emitted(OUTPUTS.verdicts, record);
  return sorted(recorder.history);
}

/** Passes and pendings per minute, which several subtasks count apart. */
function countsOf(records: readonly unknown[]): Record<number, [pass: number, pending: number]> {
  const counts: Record<number, [number, number]> = {};
  for (const { minute, pass, pending } of records as CountRecord[]) {
    const [passes, pendings] = counts[minute] ?? [0, 0];
    counts[minute] = [passes + pass, pendings + pending];
  }
  return counts;
}

function linesOf(path: string): Result[] {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line));
}

function sorted(records: readonly unknown[]): string[] {
  return records.map((record) => JSON.stringify(record)).sort();
}
