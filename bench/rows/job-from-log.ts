import { rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { days } from "../../base/time.ts";
import { openRegistry, readConfig } from "../../cli/config.ts";
import { openProgress } from "../../cli/progress.ts";
import { Recorder } from "../../cli/recorder.ts";
import { runJob } from "../../cli/run-job.ts";
import { scoreOf } from "../../cli/score.ts";
import { shopConfig } from "../../cli/shop-log.ts";
import paymentSettlement from "../../jobs/payment-settlement/job.ts";
import { type BenchRow, cpuSince, type Measured } from "../row.ts";
import { shopLog } from "../shop-log.ts";

/** The payment–settlement job as users run it: file log in; verdicts, alerts and snapshots out. */
export const jobFromLog: BenchRow = {
  name: "job-from-log",
  what: "payment–settlement over the shop's file log, row stage and evidence included",
  async measure(folder, orders): Promise<Measured> {
    const { log, truth } = await shopLog(folder, orders);
    const output = join(folder, "job-from-log");
    rmSync(output, { recursive: true, force: true });
    const configFile = join(folder, "job-from-log.json");
    writeFileSync(configFile, JSON.stringify(shopConfig(relative(folder, log), "job-from-log")));
    const config = readConfig(configFile);
    const recorder = new Recorder();
    const cpuAtStart = process.cpuUsage();
    const { seconds } = await runJob({
      graph: paymentSettlement.graph(),
      sources: config.sources,
      registry: openRegistry(config.registry, configFile),
      output,
      retainMs: days(180),
      follow: false,
      progress: openProgress(true),
      signal: new AbortController().signal,
      onRecord: (name, record) => recorder.emitted(name, record),
    });
    const score = scoreOf(truth, recorder);
    const correct = score.injected > 0 && score.missed === 0 && score.falseAlarms === 0;
    return { events: truth.records, cpuSeconds: cpuSince(cpuAtStart), seconds, correct };
  },
};
