import { readConfig } from "../../../cli/config.ts";
import { eventsOf } from "../../../cli/progress.ts";
import { followJob } from "../../followed-job.ts";
import job from "../job.ts";
import { JOB } from "./config.ts";

/** The process of the embedded runner; its argument is the configuration file. */
const config = readConfig(process.argv[2]!);
const ending = new AbortController();
process.on("message", () => ending.abort());
process.on("disconnect", () => process.exit(1));
let told = 0;
await followJob(job, JOB, config, {
  signal: ending.signal,
  onMetrics: (metrics) => {
    const now = performance.now();
    if (now - told < 50) return;
    told = now;
    process.send!({ read: eventsOf(metrics) });
  },
});
process.disconnect();
