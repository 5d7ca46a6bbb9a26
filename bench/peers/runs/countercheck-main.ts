import { type Config, readConfig } from "../../../cli/config.ts";
import { KafkaResults } from "../../../cli/kafka-results.ts";
import { boundGarbage } from "../../../cli/memory.ts";
import { openRegistry } from "../../../cli/open-registry.ts";
import { eventsOf, openProgress } from "../../../cli/progress.ts";
import { runJob } from "../../../cli/run-job.ts";
import job from "../job.ts";
import { JOB } from "./config.ts";

/** The process of the embedded runner; its argument is the configuration file. */
boundGarbage();
const config = readConfig(process.argv[2]!);
const ending = new AbortController();
process.on("message", () => ending.abort());
process.on("disconnect", () => process.exit(1));
let told = 0;
await runJob({
  graph: job.graph(),
  jobs: { paths: [JOB] },
  sources: config.sources,
  registry: config.registry,
  configFile: config.file,
  output: config.output,
  results: () => resultsOf(config),
  state: config.state,
  retainMs: config.retainMs,
  follow: true,
  parallelism: 1,
  fresh: true,
  allowDroppedState: false,
  progress: openProgress(true),
  signal: ending.signal,
  onMetrics: (metrics) => {
    const now = performance.now();
    if (now - told < 50) return;
    told = now;
    process.send!({ read: eventsOf(metrics) });
  },
});
process.disconnect();

function resultsOf({ results, registry, file }: Config): KafkaResults {
  return new KafkaResults({
    config: results!,
    job: job.name,
    registry: openRegistry(registry, file),
    configFile: file,
  });
}
