import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OUTPUTS, type VerdictRecord } from "../../checks/records.ts";
import { readConfig } from "../../cli/config.ts";
import { Recorder } from "../../cli/recorder.ts";
import { shopConfig, writeShopLog } from "../../cli/shop-log.ts";
import { ShopLog } from "../support/shop-run.ts";
import { hosted } from "./hosted-task.ts";
import { buildJava, runJava } from "./maven.ts";
import { SILENCE, SPLITS, type Ticks, writeKeyGroups, writeReplay } from "./replay.ts";

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
  let results: Result[];
  let report: Record<string, unknown>[];

  beforeAll(async () => {
    buildJava();
    const replay = join(folder, "replay");
    const log = join(folder, "input");
    mkdirSync(replay);
    const truth = await writeShopLog({ dir: log, seed: SEED, orders: ORDERS });
    writeFileSync(join(folder, "config.json"), JSON.stringify(shopConfig("input", ".")));
    const { sources } = readConfig(join(folder, "config.json"));
    ticks = await writeReplay({ folder: replay, log, sources }, truth.firstTime, truth.endTime);
    writeKeyGroups(join(replay, "key-groups"), SEED, KEY_GROUPS_COMPARED);
    const child = [process.execPath, join(import.meta.dirname, "child.ts")];
    const counts = [hosted.inputs.length, SPLITS].map(String);
    report = await runJava("countercheck.flink.spike.Spike", [replay, ...counts, ...child]);
    results = linesOf(join(replay, "results.jsonl"));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("brings out what the embedded runner brings out, each record once", async () => {
    using log = await ShopLog.write(SEED, ORDERS);
    const { recorder } = await log.run();
    const flinks = recorded(results);
    expect(recorder.history.length).toBeGreaterThan(10);
    expect(sorted(flinks.history)).toEqual(sorted(recorder.history));
    expect(sorted(flinks.finals)).toEqual(sorted(recorder.finals));
    expect(sorted(flinks.alerts)).toEqual(sorted(recorder.alerts));
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

  it("judges nothing before the silent split has proven it", () => {
    const verdicts = results.filter(({ tag }) => tag === OUTPUTS.verdicts);
    for (const { tick, record } of verdicts) {
      const proven = Math.floor(tick / SILENCE) * SILENCE - SILENCE;
      const { time } = record as VerdictRecord;
      if (tick < 1_000) expect(ticks.tickOf(time)).toBeLessThanOrEqual(proven);
    }
  });
});

function recorded(results: readonly Result[]): Recorder {
  const recorder = new Recorder();
  for (const { tag, record } of results) recorder.emitted(tag, record);
  return recorder;
}

function linesOf(path: string): Result[] {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line));
}

function sorted(records: readonly object[]): string[] {
  return records.map((record) => JSON.stringify(record)).sort();
}
