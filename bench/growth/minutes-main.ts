import { join } from "node:path";
import { days } from "../../base/time.ts";
import { OUTPUTS, type VerdictRecord } from "../../checks/records.ts";
import { readConfig } from "../../cli/config.ts";
import { eventsOf } from "../../cli/progress.ts";
import type { RunnerMetrics } from "../../runtime/embedded-runner.ts";
import { START_MS } from "../../shop/terms.ts";
import { followJob } from "../followed-job.ts";
import { bytesIn } from "./bytes-in.ts";
import { Findings } from "./findings.ts";
import type { MinutesTold } from "./minutes.ts";
import job from "./minutes-job.ts";

/** The process that is watched; its arguments are the configuration file and how often to say what it takes, in ms. */
const config = readConfig(process.argv[2]!);
const everyMs = Number(process.argv[3]);
const ending = new AbortController();
process.on("message", () => ending.abort());
process.on("disconnect", () => process.exit(1));
const found = new Findings();
const began = performance.now();
let toldAt = 0;
let sampledAt = 0;
await followJob(job, join(import.meta.dirname, "minutes-job.ts"), config, {
  signal: ending.signal,
  onRecord: (output, record) => {
    if (output !== OUTPUTS.verdicts) return;
    const { key, class: name, status, atRisk } = record as VerdictRecord;
    found.add(name ?? status, BigInt(String(key)), Math.round(Number(atRisk) * 100));
  },
  onMetrics: (metrics) => {
    const now = performance.now();
    if (now - toldAt < 20) return;
    toldAt = now;
    const isDue = now - sampledAt >= everyMs;
    if (isDue) sampledAt = now;
    process.send!({ read: eventsOf(metrics), ...(isDue && { last: sampleOf(metrics, now - began) }) });
  },
});
process.disconnect();

function sampleOf(metrics: RunnerMetrics, atMs: number): MinutesTold {
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const mb = (bytes: number) => Math.round(bytes / 2 ** 20);
  return {
    findings: String(found),
    found: found.count,
    seconds: Math.round(atMs / 1000),
    events: eventsOf(metrics),
    cpuSeconds: (user + system) / 1e6,
    rssMb: mb(rss),
    heapMb: mb(heapUsed),
    // What typed arrays take is a part of it.
    externalMb: mb(external),
    days: Number(((Math.min(...metrics.sources.map(({ frontier }) => frontier)) - START_MS) / days(1)).toFixed(1)),
    keys: metrics.operators.reduce((sum, { keys }) => sum + keys, 0),
    stateMb: mb(bytesIn(config.state.dir)),
    outputMb: mb(bytesIn(config.output)),
  };
}
