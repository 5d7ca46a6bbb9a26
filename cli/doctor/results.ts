import { isError } from "../../base/errors.ts";
import { HBaseSnapshotStore } from "../../connectors/hbase/hbase-snapshot-store.ts";
import type { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { contractProblems, RESULT_TOPICS, type ResultTopic } from "../../schemas/contract-subjects.ts";
import { type SubjectRegistry, valueSubject } from "../../schemas/registry.ts";
import type { Config } from "../config.ts";
import { restOf } from "../open-hbase.ts";
import { defect, type Finding, ok } from "./finding.ts";
import { factsOf, placesOf } from "./kafka/ask.ts";

const TIMEOUT_MS = 5_000;
const TOPICS = Object.keys(RESULT_TOPICS) as ResultTopic[];

/** Looks at the topics that results go to. */
export async function examineResultTopics(cluster: KafkaCluster, prefix: string): Promise<Finding[]> {
  const about = "results";
  try {
    const places = await placesOf(cluster);
    const missing = TOPICS.map((topic) => prefix + topic).filter((topic) => !places.has(topic));
    const found: Finding[] = [];
    if (missing.length > 0) found.push(defect("RESULTS_TOPICS_MISSING", about, { topics: missing.join(", ") }));
    const markers = places.get(`${prefix}markers`);
    if (markers !== undefined) {
      const { name: topic, partitions, settings } = await factsOf(cluster, markers);
      const policy = settings["cleanup.policy"] ?? "delete";
      if (partitions.length !== 1 || policy !== "compact")
        found.push(defect("RESULTS_MARKERS_WRONG", about, { topic, partitions: partitions.length, policy }));
    }
    return found.length > 0 ? found : [ok(about, `the topics ${prefix}… are in ${cluster.address}`)];
  } catch (error) {
    if (!isError(error)) throw error;
    return [defect("KAFKA_UNREACHABLE", about, { brokers: cluster.address, reason: error.message })];
  }
}

/** Whether the contracts of what is written can read all that was written under them; registers nothing. */
export async function examineContracts(registry: SubjectRegistry, prefix: string): Promise<Finding[]> {
  const about = "contracts";
  const found: Finding[] = [];
  try {
    for (const topic of TOPICS) {
      const subject = valueSubject(prefix + topic);
      const problems = contractProblems(topic, await registry.versions(subject));
      if (problems.length > 0)
        found.push(defect("CONTRACT_UNREADABLE", about, { subject, reasons: problems.join("; ") }));
    }
  } catch (error) {
    if (!isError(error)) throw error;
    return [defect("CONTRACTS_UNKNOWN", about, { reason: error.message })];
  }
  return found.length > 0 ? found : [ok(about, "the contracts can be registered, and read all that is there")];
}

/** Looks whether the table of HBase that the configuration names is there and fit. */
export async function examineSnapshots({ snapshots, file }: Config): Promise<Finding[]> {
  if (snapshots === undefined) return [];
  const about = "snapshots";
  const { url, table } = snapshots.hbase;
  try {
    const rest = { ...restOf(snapshots.hbase, file), timeoutMs: TIMEOUT_MS, retryForMs: 0 };
    const store = new HBaseSnapshotStore({ ...rest, table });
    try {
      await store.check();
      return [ok(about, `table ${table} is there at ${url}`)];
    } finally {
      store.close();
    }
  } catch (error) {
    if (!isError(error)) throw error;
    return [defect("SNAPSHOTS_UNFIT", about, { reason: error.message, table })];
  }
}
