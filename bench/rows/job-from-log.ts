import { rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { readConfig } from "../../cli/config.ts";
import { openProgress } from "../../cli/progress.ts";
import { Recorder } from "../../cli/recorder.ts";
import { runJob } from "../../cli/run-job.ts";
import { scoreOf } from "../../cli/score.ts";
import { shopConfig } from "../../cli/shop-log.ts";
import paymentSettlement from "../../jobs/payment-settlement/job.ts";
import { type BenchRow, cpuSince, type Measured } from "../row.ts";
import { shopLog } from "../shop-log.ts";

const JOB = fileURLToPath(new URL("../../jobs/payment-settlement/job.ts", import.meta.url));

/** The payment–settlement job as users run it: file log in; verdicts, alerts and snapshots out. */
export const jobFromLog: BenchRow = {
  name: "job-from-log",
  what: "payment–settlement over the shop's file log, a checkpoint one second after the last",
  dearerThan: "job-from-log-once",
  measure: (folder, orders) => runOver(folder, orders, "1s"),
};

/** The same with one checkpoint, at the end. */
export const jobFromLogOnce: BenchRow = {
  name: "job-from-log-once",
  what: "the same with a checkpoint at the end only",
  measure: (folder, orders) => runOver(folder, orders, "1d"),
};

async function runOver(folder: string, orders: number, checkpointEvery: string): Promise<Measured> {
  const { log, truth } = await shopLog(folder, orders);
  const output = join(folder, "job-from-log");
  rmSync(output, { recursive: true, force: true });
  const configFile = join(folder, "job-from-log.json");
  const shop = shopConfig(relative(folder, log), "job-from-log");
  writeFileSync(configFile, JSON.stringify({ ...shop, state: { checkpointEvery } }));
  const config = readConfig(configFile);
  const recorder = new Recorder();
  const cpuAtStart = process.cpuUsage();
  const { seconds } = await runJob({
    graph: paymentSettlement.graph(),
    jobs: { paths: [JOB] },
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
    onRecord: (name, record) => recorder.emitted(name, record),
  });
  const cpuSeconds = cpuSince(cpuAtStart);
  const score = scoreOf(truth, recorder);
  const correct = score.injected > 0 && score.missed === 0 && score.falseAlarms === 0;
  return { events: truth.records, cpuSeconds, seconds, correct };
}
