import type { Job } from "../checks/job.ts";
import type { Config } from "../cli/config.ts";
import { KafkaResults } from "../cli/kafka-results.ts";
import { openRegistry } from "../cli/open-registry.ts";
import { openProgress } from "../cli/progress.ts";
import { runJob } from "../cli/run-job.ts";
import type { RunRequest, RunResult } from "../cli/run-request.ts";

/** What a bench wants to know of a run, and how it ends it. */
export type Following = Pick<RunRequest, "onMetrics" | "onRecord"> & Required<Pick<RunRequest, "signal">>;

/** Runs a job, of a file, anew over topics that have no end, with one worker, until it is ended. */
export function followJob(job: Job, file: string, config: Config, following: Following): Promise<RunResult> {
  return runJob({
    graph: job.graph(),
    jobs: { paths: [file] },
    sources: config.sources,
    registry: config.registry,
    configFile: config.file,
    output: config.output,
    results: () => topicResults(job, config),
    state: config.state,
    retainMs: config.retainMs,
    follow: true,
    parallelism: 1,
    fresh: true,
    allowDroppedState: false,
    progress: openProgress(true),
    ...following,
  });
}

/** The topics that a job's results are in. */
export function topicResults({ name: job }: Job, { results, registry, file }: Config): KafkaResults {
  return new KafkaResults({ config: results!, job, registry: openRegistry(registry, file), configFile: file });
}
