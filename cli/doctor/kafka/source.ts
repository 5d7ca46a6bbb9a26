import { isError } from "../../../base/errors.ts";
import type { KafkaCluster } from "../../../connectors/kafka/cluster.ts";
import { groupOffsets } from "../../../connectors/kafka/group-offsets.ts";
import { splitName } from "../../../runtime/checkpoint/manifest.ts";
import type { CapturedSource } from "../connector/rules.ts";
import { defect, type Finding, ok } from "../finding.ts";
import type { SourceFindings } from "../source.ts";
import { contentOf, type TopicContent } from "../topic.ts";
import { factsOf, placesOf } from "./ask.ts";
import { type BoundTopic, type KafkaExpectations, topicFindings } from "./rules.ts";

/**
 * Looks at the topics of a source in a cluster, and at the newest records in them. `group` is the consumer group whose
 * offsets a run begins with where it has no checkpoint.
 */
export async function examineKafkaSource(
  source: CapturedSource,
  cluster: KafkaCluster,
  expectations: KafkaExpectations,
  group?: string,
): Promise<SourceFindings> {
  const about = `source ${source.name}`;
  const topics = new Map<string, TopicContent>();
  try {
    const places = await placesOf(cluster);
    const committed = group === undefined ? [] : await committedOf(cluster, group);
    const expected = { ...expectations, offsets: new Map([...committed, ...expectations.offsets]) };
    const missing: Finding[] = [];
    const bound: BoundTopic[] = [];
    for (const [table, { topic }] of Object.entries(source.tables)) {
      const place = places.get(topic);
      if (place === undefined) {
        missing.push(defect("TOPIC_MISSING", about, { table, topic, alike: alikeText(topic, [...places.keys()]) }));
        continue;
      }
      const facts = await factsOf(cluster, place);
      bound.push({ table, isHeartbeat: table === source.heartbeatTable, facts });
      const records = facts.partitions.reduce((sum, { first, end }) => sum + end - first, 0);
      const shown = facts.partitions.flatMap(({ tail }) => tail);
      topics.set(table, contentOf(topic, records, shown));
    }
    const there = ok(about, `its topics are in ${cluster.address}`);
    return { findings: [there, ...missing, ...topicFindings(about, bound, expected)], topics };
  } catch (error) {
    if (!isError(error)) throw error;
    const details = { brokers: cluster.address, reason: error.message };
    return { findings: [defect("KAFKA_UNREACHABLE", about, details)], topics };
  }
}

async function committedOf(cluster: KafkaCluster, group: string): Promise<[string, number][]> {
  const offsets = await groupOffsets(cluster, group);
  return offsets.filter(({ offset }) => offset >= 0).map((entry) => [splitName(entry), entry.offset]);
}

/** Topics that end with the same table, for a prefix that is misspelt. */
function alikeText(topic: string, known: readonly string[]): string {
  const table = topic.slice(topic.lastIndexOf("."));
  const alike = known.filter((name) => name.endsWith(table)).slice(0, 5);
  return alike.length === 0 ? "" : `; there are ${alike.join(", ")}`;
}
