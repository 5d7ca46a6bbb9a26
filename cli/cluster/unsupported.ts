import { minutes } from "../../base/time.ts";
import type { Config } from "../config.ts";
import type { SinkConfig } from "../notify/notify-config.ts";

/**
 * What of a configuration has no place on the cluster, each as a sentence that names the place and what to do; none where
 * all of it has one. A `lock` is no such thing: that a job runs once is Flink's business there.
 */
export function unsupportedOnCluster(config: Config): string[] {
  const folders = config.sources.filter(({ input }) => "folder" in input);
  return [
    ...folders.map(
      ({ name }) =>
        `sources.${name}.log: a TaskManager does not have this machine's files. Bind the source to \`kafka\`.`,
    ),
    ...(config.results === undefined ? [NO_RESULTS] : []),
    ...(config.reread.length > 0 ? [REREAD] : []),
    ...(config.state.checkpointEveryMs > MOST_BETWEEN_CHECKPOINTS ? [TOO_SELDOM] : []),
    ...config.notify.flatMap(problemsOf),
  ];
}

const NO_RESULTS = "results: Flink writes verdicts to topics. Add `results` with `kafka`.";

const REREAD =
  "reread: alerts are confirmed by the embedded runner only. Leave it out, and have alerts confirmed by who reads them.";

/** A transaction is open from one checkpoint to the end of the next, and brokers end it after 15 minutes. */
const MOST_BETWEEN_CHECKPOINTS = minutes(10);

const TOO_SELDOM =
  "state.checkpointEvery: results lie in a transaction from one checkpoint to the next, which brokers let be open for 15 minutes. Set it to 10m or less.";

function problemsOf({ name, to }: SinkConfig): string[] {
  if (to.kind === "kafka")
    return [`notify.${name}.kafka: the topic of alerts has the same, written by Flink exactly once. Read that one.`];
  if (to.kind === "webhook" && to.acts)
    return [`notify.${name}.webhook.acts: it needs the token of a \`lock\`, which the embedded runner alone has.`];
  return [];
}
