import { pathToFileURL } from "node:url";
import { readConfig } from "../../../cli/config.ts";
import { eventsOf } from "../../../cli/progress.ts";
import { followJob } from "../../followed-job.ts";

/** The process of the embedded runner; its arguments are the configuration file and the job's. */
const config = readConfig(process.argv[2]!);
const file = process.argv[3]!;
const { default: job } = await import(pathToFileURL(file).href);
const ending = new AbortController();
process.on("message", () => ending.abort());
process.on("disconnect", () => process.exit(1));
let told = 0;
await followJob(job, file, config, {
  signal: ending.signal,
  onMetrics: (metrics) => {
    const now = performance.now();
    if (now - told < 50) return;
    told = now;
    process.send!({ read: eventsOf(metrics) });
  },
});
process.disconnect();
