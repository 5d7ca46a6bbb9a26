import { messageOf, raise } from "../../base/errors.ts";
import { systemClock } from "../../base/time.ts";
import type { Graph } from "../../dataflow/graph.ts";
import type { ClusterPlan } from "../../flink/cluster-plan.ts";
import type { Config, ResultsConfig } from "../config.ts";
import { noteGoneToCluster } from "../desk-of.ts";
import { type JobFiles, loadJobs } from "../load-job.ts";
import { Masking } from "../masking.ts";
import { tellWarning } from "../notes.ts";
import { requireSinkNames, sinksOf } from "../outputs.ts";
import type { Beginning } from "../run-state.ts";
import { bridgeJar } from "./bridge-jar.ts";
import { bundleJobs } from "./bundle.ts";
import { type ChildSpec, type ChildSplit, RESULT_SINKS, sinkNames } from "./child-spec.ts";
import { type BegunFrom, savepointAt } from "./embedded-savepoint.ts";
import { beginningAbove, ClusterResults } from "./epoch.ts";
import { requireEvidencePlace } from "./evidence-place.ts";
import { packedNode, writeJobJar } from "./job-jar.ts";
import { planOfJob } from "./plan-of-job.ts";
import { specOfJob } from "./spec-of-job.ts";
import { findSplits } from "./splits.ts";
import type { Steps } from "./steps.ts";
import { unsupportedOnCluster } from "./unsupported.ts";

/** What is to run on a cluster. */
export interface SubmissionRequest {
  readonly jobs: JobFiles;
  readonly config: Config;
  /** A savepoint of either runner. */
  readonly fromSavepoint: string | undefined;
  readonly allowDroppedState: boolean;
  /** Node goes along in the jar. */
  readonly withNode: boolean;
  /** Folder on the TaskManagers for profiles of Node. */
  readonly profile?: string | undefined;
  readonly steps: Steps;
}

/** A job that has been looked at: nothing stands in the way of its jar. */
export interface Submission {
  readonly graph: Graph;
  readonly from: BegunFrom | undefined;
  /** The epoch that begins with the submission. */
  readonly beginning: Beginning;
  readonly plan: ClusterPlan;
  readonly child: ChildSpec;
  /** Writes the job's jar. BRIDGE_NOT_BUILT, NODE_NOT_SHIPPABLE. */
  writeJar(path: string): Promise<void>;
  /**
   * Begins the epoch, once all else is there: no embedded run of the job goes on behind that. JOB_BEGUN_ELSEWHERE, and what
   * the brokers reject with.
   */
  claim(): Promise<void>;
  /**
   * Takes the epoch back, of a job that has brought out nothing and never will: a run of before can go on. What the brokers
   * reject with.
   */
  withdraw(): Promise<void>;
}

/**
 * Makes out all that a job's jar says, and makes the topics of its results. JOB_NOT_FOR_CLUSTER where the job or its
 * configuration cannot go there, BUNDLE_FAILED, and what loading jobs, savepoints, brokers, the registry and
 * `requireEvidencePlace` raise.
 */
export async function openSubmission(request: SubmissionRequest): Promise<Submission> {
  const { jobs, config, fromSavepoint, allowDroppedState, withNode, profile, steps } = request;
  steps.begin("Loading the job");
  const graph = (await loadJobs(jobs)).graph();
  const results = requireFit(graph, config);
  const from = fromSavepoint === undefined ? undefined : savepointAt(fromSavepoint, graph, allowDroppedState);
  const warning = await requireEvidencePlace(config);
  if (warning !== undefined) tellWarning(warning);
  steps.begin("Bundling");
  const bundle = await bundleJobs(jobs);
  const embedded = from !== undefined && "embedded" in from ? from : undefined;

  steps.begin("Finding the topics");
  const sinks = sinkNames([...new Set(sinksOf(graph))]);
  const place = new ClusterResults({ ...config, results }, graph.name);
  const splits = await findSplits(graph, config, embedded?.embedded.splits ?? []);
  requireOneReader(splits, graph, config);
  const contracts = await place.prepare(sinks.filter((name) => !MADE_BY_RESULTS.has(name)));
  const beginning = beginningAbove([await place.peek(), embedded?.embedded]);

  const planned = splits.map(({ table: _table, gathered: _gathered, ...split }) => split);
  const begun = { epoch: beginning.epoch, savepoint: embedded?.folder };
  const plan = planOfJob({ graph, config: { ...config, results }, splits: planned, sinks, withNode, ...begun });
  const child = specOfJob({ job: graph.name, config, splits, sinks, contracts, allowDroppedState, profile, ...begun });
  let takeBack = () => {};
  return {
    graph,
    from,
    beginning,
    plan,
    child,
    writeJar: async (path) => {
      const bridge = await bridgeJar((line) => steps.begin(line));
      const node = withNode ? await packedNode((line) => steps.begin(line)) : undefined;
      steps.begin("Writing the jar");
      await writeJobJar(path, { bridge, node, plan, child, bundle });
    },
    claim: async () => {
      await place.claim(beginning);
      try {
        takeBack = noteGoneToCluster(config.output, { job: graph.name, prefix: results.prefix, at: systemClock.now() });
      } catch (error) {
        steps.note(`The desk in ${config.output} does not know that the job has gone: ${messageOf(error)}`);
      }
    },
    withdraw: async () => {
      await place.withdraw(beginning);
      takeBack();
    },
  };
}

const TOKENS =
  "kafka.sasl.mechanism: Kafka's Java clients have a login of their own for OAUTHBEARER. Use SCRAM-SHA-512, PLAIN or client certificates.";

/** `KafkaResults` makes them itself, with its markers. */
const MADE_BY_RESULTS: ReadonlySet<string> = new Set(RESULT_SINKS.slice(0, 3));

/** Flink brings each record to one source. JOB_NOT_FOR_CLUSTER. */
function requireOneReader(splits: readonly ChildSplit[], { name: job }: Graph, { file }: Config): void {
  const readers = new Map<string, ChildSplit>();
  for (const split of splits) {
    const first = readers.get(split.topic);
    readers.set(split.topic, first ?? split);
    if (first === undefined || (first.source === split.source && first.table === split.table)) continue;
    const reason = `${placeOf(first)} and ${placeOf(split)} both are the topic ${split.topic}: on a cluster a topic is read once. Bind one of them, and have all models take it from there.`;
    raise("JOB_NOT_FOR_CLUSTER", { job, file, reason });
  }
}

function placeOf({ source, table, heartbeat }: ChildSplit): string {
  return heartbeat ? `sources.${source}.heartbeat` : `sources.${source}.tables.${table}`;
}

/** JOB_NOT_FOR_CLUSTER, SINK_NAME_INVALID, CONFIG_INVALID. */
function requireFit(graph: Graph, config: Config): ResultsConfig {
  requireSinkNames(graph);
  const { results } = config;
  const problems = [
    ...unsupportedOnCluster(config),
    ...(results?.kafka.sasl?.mechanism === "OAUTHBEARER" ? [TOKENS] : []),
  ];
  if (problems.length > 0 || results === undefined)
    raise("JOB_NOT_FOR_CLUSTER", { job: graph.name, file: config.file, reason: problems.join(" ") });
  // Fields that are no fields are told here, and not on the cluster.
  if (config.mask !== undefined) new Masking(config.mask, graph, config.file);
  return results;
}
