import type { Defect } from "./defects.ts";

/** What can be wrong with a Debezium connector, as Kafka Connect has it. */
export const connectorDefects = {
  CONNECTOR_DECIMALS_INEXACT: {
    level: "problem",
    says: "decimal.handling.mode is {mode}",
    follows: "Amounts arrive as floating point numbers: money is not exact any more before it is read.",
    remedy: "decimal.handling.mode=precise",
  },
  CONNECTOR_DROPS_SLOT: {
    level: "problem",
    says: "slot.drop.on.stop is true",
    follows:
      "With every stop of the connector PostgreSQL forgets where it was: changes made meanwhile are lost, and their money is missing.",
    remedy: "slot.drop.on.stop=false",
  },
  CONNECTOR_HEARTBEAT_NOT_CAPTURED: {
    level: "problem",
    says: "the heartbeat table {table} is not captured (table.include.list={list})",
    follows:
      "Its rows never reach Kafka, so a quiet table proves nothing: deadlines are not judged, and keys become unobservable.",
    remedy: "Add it: table.include.list={list},{entry}",
  },
  CONNECTOR_HEARTBEAT_OFF: {
    level: "problem",
    says: "heartbeat.interval.ms is {interval}, so the heartbeat table {table} is never written",
    follows:
      "The source's frontier stands still while its tables are quiet: deadlines are not judged, missing money is not reported, and with `staleAfter` keys become unobservable.",
    remedy: "heartbeat.interval.ms=1000",
  },
  CONNECTOR_HEARTBEAT_QUERY_MISSING: {
    level: "problem",
    says: "there is no heartbeat.action.query that writes {table}",
    follows:
      "Debezium's own heartbeat topic carries the connector's clock and proves nothing of the tables: the frontier stands still while they are quiet, and deadlines are not judged.",
    remedy: "heartbeat.action.query={query}",
  },
  CONNECTOR_KEY_COLUMNS: {
    level: "warning",
    says: "message.key.columns={columns} replaces the primary key of {table}",
    follows:
      "Rows are told apart by the Kafka key. Where these columns are not unique, rows overwrite each other, and their amounts count once instead of twice.",
    remedy: "Take the table out of message.key.columns, unless the columns are unique and never change",
  },
  CONNECTOR_LOSES_RECORDS: {
    level: "problem",
    says: "{setting}={value}",
    follows: "Changes that the connector cannot process are skipped without a trace: money that moved is never seen.",
    remedy: "{setting}={good}",
  },
  CONNECTOR_MISSING: {
    level: "problem",
    says: "Kafka Connect at {url} has no connector {name}; it has: {known}",
    follows: "No new change of the database reaches Kafka by this name.",
    remedy: "Correct `connector.name`, or create the connector.",
  },
  CONNECTOR_NOT_AVRO: {
    level: "problem",
    says: "{setting} is {value}",
    follows: "Its records are not Avro in Confluent's format; every one of them becomes a dead letter.",
    remedy: "{remedy}",
  },
  CONNECTOR_NOT_RUNNING: {
    level: "problem",
    says: "{what} is {state}{trace}",
    follows:
      "No change reaches Kafka. The source's frontier stands still: nothing of it is judged until the connector runs, and then late.",
    remedy: "{remedy}",
  },
  CONNECTOR_NO_SEED: {
    level: "warning",
    says: "snapshot.mode is {mode}: rows from before the connector's start are not read",
    follows:
      "A settlement of a payment from before is reported as unknown, and a change of such a row has no state before it.",
    remedy: "snapshot.mode=initial, or an incremental snapshot by the signal table",
  },
  CONNECTOR_NO_TOMBSTONES: {
    level: "note",
    says: "tombstones.on.delete is false",
    follows: "Nothing for countercheck. A compacted copy of a topic would keep deleted rows for ever.",
    remedy: "tombstones.on.delete=true, if anyone compacts these topics",
  },
  CONNECTOR_NO_TRANSACTIONS: {
    level: "note",
    says: "provide.transaction.metadata is not true",
    follows:
      "Which changes were made by one transaction cannot be told: an audit judges none of them, and one engine alert says so.",
    remedy: "provide.transaction.metadata=true",
  },
  CONNECTOR_SEED_ONLY: {
    level: "problem",
    says: "snapshot.mode is initial_only",
    follows: "The connector stops after the snapshot: no change is ever seen.",
    remedy: "snapshot.mode=initial",
  },
  CONNECTOR_SKIPS_CHANGES: {
    level: "problem",
    says: "skipped.operations is {operations}",
    follows: "Those operations never reach Kafka: amounts that they add, change or take back are not counted.",
    remedy: "skipped.operations=none",
  },
  CONNECTOR_SKIPS_TRUNCATE: {
    level: "warning",
    says: "TRUNCATE is skipped (skipped.operations={operations})",
    follows:
      "A table that is emptied that way keeps its amounts in every sum, and no check is suspended: wrong verdicts without a sign.",
    remedy: "skipped.operations=none",
  },
  CONNECTOR_TABLE_NOT_CAPTURED: {
    level: "problem",
    says: "table {table} ({name}) is not captured ({setting}={list})",
    follows: "Its changes never reach Kafka: what it should hold counts as missing.",
    remedy: "{remedy}",
  },
  CONNECTOR_TIMES_COARSE: {
    level: "warning",
    says: "time.precision.mode is connect",
    follows:
      "Times are cut to milliseconds and lose their kind; business times, and with them deadlines, may be read wrongly.",
    remedy: "time.precision.mode=adaptive (MariaDB: adaptive_time_microseconds)",
  },
  CONNECTOR_TOPIC_OF_OTHER: {
    level: "warning",
    says: "table {table}: {topic} is no topic of this connector, whose topics begin with {prefix}.",
    follows: "Whether the table is captured cannot be told; by this connector it is not.",
    remedy: "Correct the topic, or `connector.name`",
  },
  CONNECTOR_TRANSFORMS: {
    level: "warning",
    says: "records pass the transform {alias} ({type})",
    follows:
      "It may change keys, drop records or rename fields. Rows are told apart by the key, and positions are read from the envelope.",
    remedy: "Leave it out, unless you know that it leaves keys and envelopes as they are",
  },
  CONNECTOR_UNWRAPS: {
    level: "problem",
    says: "the transform {alias} ({type}) takes the envelope off",
    follows:
      "Without `op`, `before` and `source`, positions and event times are missing: every record becomes a dead letter.",
    remedy: "Take {alias} out of `transforms`; give readers that need flat rows topics of their own",
  },
  CONNECTOR_WEAK_ACKS: {
    level: "problem",
    says: "producer.override.acks is {acks}",
    follows: "Changes that Kafka confirmed can be lost with a broker: money that moved is never seen.",
    remedy: "producer.override.acks=all",
  },
  CONNECTOR_WRONG_KIND: {
    level: "problem",
    says: "its class is {type}, but `kind` is {kind}",
    follows: "Positions and times of another database are read wrongly: records become dead letters.",
    remedy: "connector.class={expected}, or correct `kind`",
  },
  CONNECT_UNREACHABLE: {
    level: "problem",
    says: "{reason}",
    follows: "Whether changes still reach Kafka is unknown; while Connect is down, none do.",
    remedy: "Correct `connector.url`, or start Connect.",
  },
} as const satisfies Record<string, Defect>;
