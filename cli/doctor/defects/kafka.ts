import type { Defect } from "./defects.ts";

/** What can be wrong with a cluster and with the topics of changes in it. */
export const kafkaDefects = {
  HEARTBEAT_OLD: {
    level: "problem",
    says: "the newest record of the heartbeat table's topic {topic} is {age} old",
    follows:
      "The source's frontier stands still there: deadlines are not judged, so missing money is not reported, and with `staleAfter` keys become unobservable.",
    remedy:
      "See whether the connector runs, and whether its heartbeat.interval.ms is above 0 and its heartbeat.action.query writes the table.",
  },
  HEARTBEAT_SILENT: {
    level: "problem",
    says: "the heartbeat table's topic {topic} holds no record",
    follows:
      "A table without changes proves nothing: deadlines of quiet tables are not judged, so missing money is not reported.",
    remedy: "Set heartbeat.interval.ms and heartbeat.action.query of the connector, and capture the heartbeat table.",
  },
  HEARTBEAT_UNBOUND: {
    level: "warning",
    says: "no heartbeat table is bound",
    follows:
      "A table without changes proves nothing: verdicts wait for its next change, and with `staleAfter` they become unobservable.",
    remedy:
      "{sql} In the connector: heartbeat.interval.ms=1000, heartbeat.action.query={query}, and the table in table.include.list. Then bind it as `heartbeat`.",
  },
  KAFKA_UNREACHABLE: {
    level: "problem",
    says: "{brokers} cannot be asked: {reason}",
    follows: "A run cannot begin, and one that runs makes its sources stale.",
    remedy: "Correct `kafka.brokers`, `kafka.tls` and `kafka.sasl`, or start the brokers.",
  },
  OFFSETS_GONE: {
    level: "problem",
    says: "the run would go on at offset {offset} of {partition}, whose log begins at {first} and ends at {end}",
    follows:
      "Changes between are gone: the run stops with KAFKA_OFFSET_OUT_OF_RANGE. Amounts that they carried would be missing.",
    remedy:
      "Take a new snapshot of the tables (an incremental one by Debezium's signal table), begin with `--fresh`, and keep the topic longer: retention.ms",
  },
  TOPIC_COMPACTED: {
    level: "problem",
    says: "table {table}: the topic {topic} is compacted (cleanup.policy={policy})",
    follows:
      "Kafka keeps the newest change of each row only. What an amount was in between is lost, and a run that reads the topic again comes to other verdicts.",
    remedy: "kafka-configs --alter --entity-type topics --entity-name {topic} --add-config cleanup.policy=delete",
  },
  TOPIC_ENDS_BY_SIZE: {
    level: "warning",
    says: "table {table}: the topic {topic} drops its oldest changes by size (retention.bytes={bytes})",
    follows:
      "A busy day shortens how long changes are kept. After an outage they may be gone before they are read: the run stops with KAFKA_OFFSET_OUT_OF_RANGE.",
    remedy: "kafka-configs --alter --entity-type topics --entity-name {topic} --add-config retention.bytes=-1",
  },
  TOPIC_MISSING: {
    level: "problem",
    says: "table {table}: there is no topic {topic} in the cluster{alike}",
    follows: "None of the table's changes is read: what it should hold counts as missing, or keys stay unobservable.",
    remedy:
      "Correct the name (topic.prefix, database or schema, table), or create it; Debezium makes the topic of a table with its first change.",
  },
  TOPIC_RETENTION_SHORT: {
    level: "problem",
    says: "table {table}: the topic {topic} keeps changes for {retention}, but {job} waits up to {wait} for a counterpart",
    follows:
      "After an outage of {retention} changes are gone before they are read, and the run stops with KAFKA_OFFSET_OUT_OF_RANGE. A run that begins anew does not find the other half of payments whose deadline lies ahead: false alarms, or losses that go unseen.",
    remedy: "kafka-configs --alter --entity-type topics --entity-name {topic} --add-config retention.ms={enough}",
  },
  TOPIC_RETENTION_SHORTER_THAN_RETAIN: {
    level: "note",
    says: "the topics keep changes for {retention} at least, and `retain` is {retain}",
    follows:
      "A run whose state is lost cannot be repeated for longer than {retention} back. Counterparts that come later are unknown to it.",
    remedy: "Take savepoints (`countercheck savepoint`) and keep them, or keep the topics longer.",
  },
  TOPIC_UNCOMPRESSED: {
    level: "warning",
    says: "table {table}: the newest batch of {topic} is written with {codec}",
    follows:
      "Change events shrink several times with lz4 or zstd. Without, the backlog after an outage is read more slowly, and a topic that is bounded by size keeps less history.",
    remedy:
      "producer.override.compression.type=lz4 (or zstd) in the connector, or compression.type=lz4 in the Connect worker's producer settings or for the topic",
  },
  TOPIC_UNREPLICATED: {
    level: "note",
    says: "{topics} survive the loss of no broker (replication factor {replicas}, min.insync.replicas {insync})",
    follows: "With a broker's disk, changes are lost that no one else has: the money in them would be missing.",
    remedy:
      "Outside of development: replication factor 3 (topic.creation.default.replication.factor of the connector; kafka-reassign-partitions for topics that exist) and min.insync.replicas=2",
  },
} as const satisfies Record<string, Defect>;
