import { formatDuration, minutes } from "../../../base/time.ts";
import { defect, type Finding, ok } from "../finding.ts";
import type { TopicFacts } from "./ask.ts";

/** What the rules hold a source's topics against. */
export interface KafkaExpectations {
  readonly retainMs: number;
  /** The job, and how long it waits at most for a counterpart, in ms. */
  readonly job?: { readonly name: string; readonly waitsMs: number } | undefined;
  /** `heartbeat.interval.ms` of the connector, where it is known. */
  readonly heartbeatMs?: number | undefined;
  /** Where a run would go on: offset by `topic/partition`. */
  readonly offsets: ReadonlyMap<string, number>;
  readonly nowMs: number;
}

/** A table's topic. */
export interface BoundTopic {
  readonly table: string;
  readonly isHeartbeat: boolean;
  readonly facts: TopicFacts;
}

const GOOD_CODECS: ReadonlySet<string> = new Set(["lz4", "zstd"]);
/** No heartbeat for so long, or for ten of its intervals, is none. */
const HEARTBEAT_MISSED_MS = minutes(1);

/** What is wrong with the topics of a source. */
export function topicFindings(about: string, bound: readonly BoundTopic[], expected: KafkaExpectations): Finding[] {
  const found: Finding[] = [];
  for (const topic of bound) {
    found.push(
      ok(about, `table ${topic.table}: ${contentText(topic.facts)}`),
      ...offsetFindings(about, topic, expected),
    );
    if (topic.isHeartbeat) found.push(...heartbeatFindings(about, topic, expected));
    else found.push(...historyFindings(about, topic, expected), ...codecFindings(about, topic));
  }
  return [...found, ...replicaFindings(about, bound), ...retainFindings(about, bound, expected)];
}

function contentText({ name, partitions }: TopicFacts): string {
  const records = partitions.reduce((sum, { first, end }) => sum + end - first, 0);
  return `${records} records in ${partitions.length} partitions of ${name}`;
}

function offsetFindings(about: string, { facts }: BoundTopic, { offsets }: KafkaExpectations): Finding[] {
  return facts.partitions.flatMap(({ first, end }, i) => {
    const partition = `${facts.name}/${i}`;
    const offset = offsets.get(partition);
    if (offset === undefined || (offset >= first && offset <= end)) return [];
    return [defect("OFFSETS_GONE", about, { partition, offset, first, end })];
  });
}

function heartbeatFindings(
  about: string,
  { facts }: BoundTopic,
  { nowMs, heartbeatMs = 0 }: KafkaExpectations,
): Finding[] {
  const newest = Math.max(...facts.partitions.map(({ newestMs }) => newestMs ?? Number.NEGATIVE_INFINITY));
  if (newest === Number.NEGATIVE_INFINITY) return [defect("HEARTBEAT_SILENT", about, { topic: facts.name })];
  const ageMs = nowMs - newest;
  if (ageMs <= Math.max(HEARTBEAT_MISSED_MS, 10 * heartbeatMs)) return [];
  return [defect("HEARTBEAT_OLD", about, { topic: facts.name, age: formatDuration(ageMs) })];
}

/** Whether a topic keeps all changes for as long as they are needed. */
function historyFindings(about: string, { table, facts }: BoundTopic, { job }: KafkaExpectations): Finding[] {
  const { name: topic, settings } = facts;
  const found: Finding[] = [];
  const policy = settings["cleanup.policy"] ?? "delete";
  if (policy.includes("compact")) found.push(defect("TOPIC_COMPACTED", about, { table, topic, policy }));
  const retentionMs = retentionOf(facts);
  if (job !== undefined && retentionMs < job.waitsMs) {
    const times = {
      retention: formatDuration(retentionMs),
      wait: formatDuration(job.waitsMs),
      enough: 2 * job.waitsMs,
    };
    found.push(defect("TOPIC_RETENTION_SHORT", about, { table, topic, job: job.name, ...times }));
  }
  const bytes = Number(settings["retention.bytes"] ?? -1);
  if (bytes >= 0 && policy.includes("delete")) found.push(defect("TOPIC_ENDS_BY_SIZE", about, { table, topic, bytes }));
  return found;
}

/** How long a topic keeps changes, in ms; Infinity for ever. */
function retentionOf({ settings }: TopicFacts): number {
  const ms = Number(settings["retention.ms"] ?? -1);
  const isDropped = (settings["cleanup.policy"] ?? "delete").includes("delete");
  return ms < 0 || !isDropped ? Number.POSITIVE_INFINITY : ms;
}

function codecFindings(about: string, { table, facts }: BoundTopic): Finding[] {
  const setting = facts.settings["compression.type"] ?? "producer";
  const written = facts.partitions.find(({ codec }) => codec !== undefined)?.codec;
  const codec = setting === "producer" ? written : setting === "uncompressed" ? "no compression" : setting;
  if (codec === undefined || GOOD_CODECS.has(codec)) return [];
  return [defect("TOPIC_UNCOMPRESSED", about, { table, topic: facts.name, codec })];
}

function replicaFindings(about: string, bound: readonly BoundTopic[]): Finding[] {
  const weak = bound.filter(({ facts }) => facts.replicas < 2 || insyncOf(facts) < 2).map(({ facts }) => facts);
  if (weak.length === 0) return [];
  const topics = weak.map(({ name }) => name).join(", ");
  const replicas = Math.min(...weak.map((facts) => facts.replicas));
  return [defect("TOPIC_UNREPLICATED", about, { topics, replicas, insync: Math.min(...weak.map(insyncOf)) })];
}

function insyncOf({ settings }: TopicFacts): number {
  return Number(settings["min.insync.replicas"] ?? 1);
}

function retainFindings(about: string, bound: readonly BoundTopic[], { retainMs }: KafkaExpectations): Finding[] {
  const changes = bound.filter(({ isHeartbeat }) => !isHeartbeat);
  const least = Math.min(...changes.map(({ facts }) => retentionOf(facts)));
  if (least >= retainMs) return [];
  const times = { retention: formatDuration(least), retain: formatDuration(retainMs) };
  return [defect("TOPIC_RETENTION_SHORTER_THAN_RETAIN", about, times)];
}
