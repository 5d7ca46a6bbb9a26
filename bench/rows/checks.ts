import { rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { readConfig } from "../../cli/config.ts";
import { openProgress } from "../../cli/progress.ts";
import { Recorder } from "../../cli/recorder.ts";
import { runJob } from "../../cli/run-job.ts";
import { scoreOf } from "../../cli/score.ts";
import { shopConfig } from "../../cli/shop-log.ts";
import type { ShopTruth } from "../../shop/truth.ts";
import { CHECK, type Looking, manyChecks } from "../many-checks.ts";
import { type BenchRow, cpuSince, type Measured } from "../row.ts";
import { shopLog } from "../shop-log.ts";

/** Five checks that share three models, each over its own part of the payments. */
export const checks5: BenchRow = row("checks-5", "5 checks over three models, each with its condition", 5, "part");

/** A hundred of them. */
export const checks100: BenchRow = {
  ...row("checks-100", "100 checks over the same three models, each with its condition", 100, "part"),
  peerOf: "checks-5",
};

/** Five checks that each look at everything. */
export const checks5All: BenchRow = row("checks-5-all", "5 checks, each over all rows", 5, "all");

/** A hundred of them: what each has to keep of each key is its own. */
export const checks100All: BenchRow = {
  ...row("checks-100-all", "100 checks, each over all rows", 100, "all"),
  peerOf: "checks-5-all",
};

function row(name: string, what: string, count: number, looking: Looking): BenchRow {
  return { name, what, measure: (folder, orders) => runOver(folder, name, orders, count, looking) };
}

async function runOver(
  folder: string,
  name: string,
  orders: number,
  count: number,
  looking: Looking,
): Promise<Measured> {
  const { log, truth } = await shopLog(folder, orders);
  const output = join(folder, name);
  rmSync(output, { recursive: true, force: true });
  const configFile = join(folder, `${name}.json`);
  writeFileSync(
    configFile,
    JSON.stringify({ ...shopConfig(relative(folder, log), name), state: { checkpointEvery: "1d" } }),
  );
  const config = readConfig(configFile);
  const recorder = new Recorder();
  const graph = manyChecks(count, looking, orders).graph();
  const cpuAtStart = process.cpuUsage();
  const { seconds } = await runJob({
    graph,
    jobs: { paths: [] },
    sources: config.sources,
    registry: config.registry,
    configFile,
    output,
    state: config.state,
    retainMs: config.retainMs,
    follow: false,
    parallelism: 1,
    fresh: true,
    allowDroppedState: false,
    progress: openProgress(true),
    signal: new AbortController().signal,
    onRecord: (to, record) => note(recorder, to, record as { readonly check: string }, looking),
  });
  const cpuSeconds = cpuSince(cpuAtStart);
  const score = scoreOf(truthOf(truth), recorder);
  const correct = score.injected > 0 && score.missed === 0 && score.falseAlarms === 0;
  return { events: truth.records, cpuSeconds, seconds, correct };
}

/** What all checks say together, where each looks at a part, or what the first says. */
function note(recorder: Recorder, to: string, record: { readonly check: string }, looking: Looking): void {
  if (looking === "part" || record.check === `${CHECK}-0`) recorder.emitted(to, { ...record, check: CHECK });
}

function truthOf(truth: ShopTruth): ShopTruth {
  const ours = <T extends { readonly check: string }>(all: readonly T[]) => all.filter(({ check }) => check === CHECK);
  return { ...truth, faults: ours(truth.faults), notDue: ours(truth.notDue), baseline: ours(truth.baseline) };
}
