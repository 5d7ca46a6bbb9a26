import { describe, expect, it } from "vitest";
import { days, hours } from "../../../base/time.ts";
import type { PartitionFacts, TopicFacts } from "./ask.ts";
import { type KafkaExpectations, topicFindings } from "./rules.ts";

const NOW = Date.parse("2026-03-05T10:15:00Z");
const expected: KafkaExpectations = {
  retainMs: days(180),
  job: { name: "payment-settlement", waitsMs: hours(24) },
  offsets: new Map(),
  nowMs: NOW,
};

function topic(
  settings: Readonly<Record<string, string>>,
  partition: Partial<PartitionFacts> = {},
  replicas = 3,
): TopicFacts {
  const all = { "cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", "min.insync.replicas": "2" };
  const whole = { first: 10, end: 20, codec: "lz4" as const, newestMs: NOW - 500, tail: [], ...partition };
  return {
    name: "maria.shop.payments",
    replicas,
    settings: { "compression.type": "producer", ...all, ...settings },
    partitions: [whole],
  };
}

function codes(facts: TopicFacts, isHeartbeat = false, changes: Partial<KafkaExpectations> = {}): string[] {
  const found = topicFindings("source shop", [{ table: "payments", isHeartbeat, facts }], { ...expected, ...changes });
  return found.flatMap(({ code }) => code ?? []);
}

describe("the rules of topics", () => {
  it("have nothing against a topic that keeps everything, in three copies", () => {
    expect(codes(topic({}))).toEqual([]);
  });

  it("hold retention against the job's longest wait, then against `retain`", () => {
    expect(codes(topic({ "retention.ms": String(hours(23)) }))).toEqual([
      "TOPIC_RETENTION_SHORT",
      "TOPIC_RETENTION_SHORTER_THAN_RETAIN",
    ]);
    expect(codes(topic({ "retention.ms": String(days(7)) }))).toEqual(["TOPIC_RETENTION_SHORTER_THAN_RETAIN"]);
    expect(codes(topic({ "retention.ms": String(days(181)) }))).toEqual([]);
  });

  it("know compaction, bounds by size and too few copies", () => {
    expect(codes(topic({ "cleanup.policy": "compact" }))).toEqual(["TOPIC_COMPACTED"]);
    expect(codes(topic({ "retention.bytes": "1000" }))).toEqual(["TOPIC_ENDS_BY_SIZE"]);
    expect(codes(topic({}, {}, 1))).toEqual(["TOPIC_UNREPLICATED"]);
    expect(codes(topic({ "min.insync.replicas": "1" }))).toEqual(["TOPIC_UNREPLICATED"]);
  });

  it("take the codec of the topic, and of the newest batch where the producer chooses", () => {
    expect(codes(topic({}, { codec: "no compression" }))).toEqual(["TOPIC_UNCOMPRESSED"]);
    expect(codes(topic({ "compression.type": "zstd" }, { codec: "no compression" }))).toEqual([]);
    expect(codes(topic({ "compression.type": "gzip" }))).toEqual(["TOPIC_UNCOMPRESSED"]);
    expect(codes(topic({}, { codec: undefined }))).toEqual([]);
  });

  it("want heartbeats of the last minute, or of the last ten intervals", () => {
    expect(codes(topic({}), true)).toEqual([]);
    expect(codes(topic({}, { newestMs: NOW - 61_000 }), true)).toEqual(["HEARTBEAT_OLD"]);
    expect(codes(topic({}, { newestMs: NOW - 61_000 }), true, { heartbeatMs: 10_000 })).toEqual([]);
    expect(codes(topic({}, { newestMs: undefined }), true)).toEqual(["HEARTBEAT_SILENT"]);
  });

  it("see that a run could not go on where it stood", () => {
    const at = (offset: number) => ({ offsets: new Map([["maria.shop.payments/0", offset]]) });
    expect(codes(topic({}), false, at(9))).toEqual(["OFFSETS_GONE"]);
    expect(codes(topic({}), false, at(10))).toEqual([]);
    expect(codes(topic({}), false, at(20))).toEqual([]);
    expect(codes(topic({}), false, at(21))).toEqual(["OFFSETS_GONE"]);
  });
});
