import { assert, CountercheckError, isError, raise } from "../base/errors.ts";
import { KafkaCluster } from "../connectors/kafka/cluster.ts";
import { listOffsets } from "../connectors/kafka/list-offsets.ts";
import type { WrittenRange } from "../connectors/kafka/partition-lane.ts";
import type { RecordHeader } from "../connectors/kafka/record-encoder.ts";
import { describeTopic, ensureTopic } from "../connectors/kafka/topics.ts";
import { type OutgoingRecord, TransactionalProducer } from "../connectors/kafka/transactions.ts";
import type { RecordFault } from "../dataflow/source.ts";
import { RESULT_TOPICS, type ResultTopic, registerContracts } from "../schemas/contract-subjects.ts";
import type { AlertRecord, MarkerRecord, VerdictRecord } from "../schemas/contracts.ts";
import { connectionOf } from "./kafka-config.ts";
import type { LogPositions, ResultLog, ResultPlace } from "./result-log.ts";
import { JOB, type KafkaResultsOptions, lastMarkerOf, MARKERS, ResultReader } from "./result-reader.ts";
import { type ResultRecord, ResultRecords } from "./result-records.ts";
import { RunEnd } from "./run-end.ts";

/** By topic, the offset behind the last record of each partition that this log knows of. */
type KafkaPositions = Readonly<Record<ResultTopic, readonly number[]>>;

const NAMES = Object.keys(RESULT_TOPICS) as ResultTopic[];

/** Long enough for the outbox of a million keys; who dies in one is fenced, and it ended, by the run that follows. */
const TRANSACTION_TIMEOUT_MS = 600_000;
/** Results stay until somebody decides otherwise. */
const SETTINGS = { "cleanup.policy": "delete", "retention.ms": "-1" };

/**
 * Results in topics of a cluster. A job has one producer for each prefix; who opens it fences the one before, and so does
 * asking for the last marker. Raises what `KafkaCluster` rejects with, KAFKA_TOPIC_UNSUITABLE, CONTRACT_INCOMPATIBLE, and what the
 * registry raises.
 */
export class KafkaResults implements ResultPlace {
  readonly #options: KafkaResultsOptions;
  readonly #cluster: KafkaCluster;
  readonly #end: RunEnd;
  #log: KafkaResultLog | undefined;

  constructor(options: KafkaResultsOptions) {
    this.#options = options;
    const { config, job, configFile } = options;
    this.#cluster = new KafkaCluster(connectionOf(config.kafka, config.prefix + job, configFile));
    this.#end = new RunEnd(this.#cluster, options.signal);
  }

  async peekMarker(): Promise<MarkerRecord | undefined> {
    if (this.#log !== undefined) return this.#log.lastMarker;
    const reader = new ResultReader(this.#cluster, this.#options);
    return this.#end.within(async () => {
      const topic = await describeTopic(this.#cluster, this.#options.config.prefix + MARKERS);
      return topic === undefined ? undefined : lastMarkerOf(reader, "stable");
    });
  }

  async lastMarker(): Promise<MarkerRecord | undefined> {
    return (await this.#take()).lastMarker;
  }

  /** Topics are never cleared: the epoch of a run that begins anew tells its records from those before. */
  async open(_anew?: boolean, _since?: LogPositions, stillMine?: () => void): Promise<ResultLog> {
    const log = await this.#take();
    log.stillMine = stillMine;
    return log;
  }

  async close(): Promise<void> {
    try {
      await this.#log?.close();
      await this.#cluster.close();
    } finally {
      this.#end[Symbol.dispose]();
    }
  }

  async #take(): Promise<KafkaResultLog> {
    this.#log ??= await this.#end.within(() => KafkaResultLog.open(this.#cluster, this.#options, this.#end));
    return this.#log;
  }
}

/** A result log of topics: a delivery is one transaction, its marker in it. */
class KafkaResultLog implements ResultLog {
  readonly place: string;
  readonly files = [];
  lastMarker: MarkerRecord | undefined;
  /** Throws once another process has taken over. */
  stillMine: (() => void) | undefined;
  readonly #cluster: KafkaCluster;
  readonly #options: KafkaResultsOptions;
  readonly #end: RunEnd;
  readonly #reader: ResultReader;
  readonly #encoded: ResultRecords;
  /** Of every record. */
  readonly #headers: readonly RecordHeader[];
  #producer: TransactionalProducer;
  #positions: Record<ResultTopic, number[]>;
  /** Records of the delivery under way. */
  #records: Omit<OutgoingRecord, "timestamp">[] = [];
  #marker: MarkerRecord | undefined;

  private constructor(
    cluster: KafkaCluster,
    options: KafkaResultsOptions,
    end: RunEnd,
    ids: Readonly<Record<ResultTopic, number>>,
    producer: TransactionalProducer,
    positions: Record<ResultTopic, number[]>,
  ) {
    this.#cluster = cluster;
    this.#options = options;
    this.#end = end;
    this.#reader = new ResultReader(cluster, options);
    this.#encoded = new ResultRecords(ids);
    this.#headers = [{ name: JOB, value: Buffer.from(options.job) }];
    this.#producer = producer;
    this.#positions = positions;
    this.place = `topics ${options.config.prefix}* of ${cluster.address}`;
  }

  static async open(cluster: KafkaCluster, options: KafkaResultsOptions, end: RunEnd): Promise<KafkaResultLog> {
    const ids = await registerContracts(options.registry, options.config.prefix);
    const positions = await makeTopics(cluster, options.config.prefix);
    const producer = await openProducer(cluster, options);
    const log = new KafkaResultLog(cluster, options, end, ids, producer, positions);
    await log.#findEnds();
    log.lastMarker = await lastMarkerOf(log.#reader, "latest");
    return log;
  }

  positions(): LogPositions {
    return structuredClone(this.#positions) satisfies KafkaPositions;
  }

  /** What of a delivery was cut off is in no log. */
  goOnBehind(): void {
    this.#records = [];
    this.#marker = undefined;
  }

  verdict(record: VerdictRecord, encoded: Uint8Array): void {
    this.#append(this.#encoded.verdict(record, encoded));
  }

  alert(record: AlertRecord, encoded: Uint8Array): void {
    this.#append(this.#encoded.alert(record, encoded));
  }

  deadLetter(fault: RecordFault): void {
    this.#append(this.#encoded.deadLetter(fault));
  }

  marker(record: MarkerRecord): void {
    this.#append(this.#encoded.marker(record));
    this.#marker = record;
  }

  /** Nothing is there before its marker. */
  async sync(): Promise<void> {
    const marker = this.#marker;
    if (marker === undefined) return;
    try {
      const written = this.#end.within(() => this.#producer.commit(dated(this.#records, marker.time)));
      this.#advance(await written);
    } catch (error) {
      if (!isError(error, "KAFKA_COMMIT_UNCERTAIN")) throw error;
      await this.#end.within(() => this.#requireCommitted(marker, error));
    }
    this.lastMarker = marker;
    this.goOnBehind();
  }

  /** A topic has no end. */
  async end(): Promise<void> {}

  async visit(
    topic: ResultTopic,
    positions: LogPositions,
    from: "start" | "positions",
    visit: (encoded: Uint8Array, isBehind: boolean) => void,
  ): Promise<void> {
    const behind = (positions as KafkaPositions)[topic];
    const ends = this.#positions[topic];
    for (let partition = 0; partition < ends.length; partition++) {
      const first = behind[partition] ?? 0;
      if (from === "positions" && first >= ends[partition]!) continue;
      await this.#reader.read(topic, partition, from === "start" ? "earliest" : first, (encoded, offset) =>
        visit(encoded, offset >= first),
      );
    }
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }

  #append({ topic, key, value }: ResultRecord): void {
    const { prefix } = this.#options.config;
    this.#records.push({ topic: prefix + topic, key: Buffer.from(key), value, headers: this.#headers });
  }

  #advance(written: readonly WrittenRange[]): void {
    const { prefix } = this.#options.config;
    for (const { topic, partition, lastOffset } of written) {
      const ends = this.#positions[topic.slice(prefix.length) as ResultTopic];
      assert(ends !== undefined, `a topic of results, not ${topic}`);
      // Where a broker no longer knew it, what is there is found to be ours by its name, if it is ever looked at.
      ends[partition] = Math.max(ends[partition] ?? 0, lastOffset + 1);
    }
  }

  async #findEnds(): Promise<void> {
    for (const topic of NAMES) {
      const name = this.#options.config.prefix + topic;
      this.#positions[topic] = await listOffsets(this.#cluster, name, [...this.#positions[topic].keys()], "latest");
    }
  }

  /**
   * The producer whose commit was not answered is at an end; the log tells whether it took the transaction. If not, the
   * delivery is made again like any that failed.
   */
  async #requireCommitted(marker: MarkerRecord, uncertain: CountercheckError): Promise<void> {
    this.stillMine?.();
    this.#producer = await openProducer(this.#cluster, this.#options);
    const last = await lastMarkerOf(this.#reader, "latest");
    await this.#findEnds();
    if (last !== undefined && isSame(last, marker)) return;
    const details = { doing: "a transaction", broker: this.#cluster.address, reason: uncertain.message };
    throw new CountercheckError("KAFKA_UNAVAILABLE", details, { cause: uncertain });
  }
}

/** Makes the topics that are not there. KAFKA_TOPIC_UNSUITABLE where those that are would lose results, or mix markers. */
async function makeTopics(cluster: KafkaCluster, prefix: string): Promise<Record<ResultTopic, number[]>> {
  const positions: Partial<Record<ResultTopic, number[]>> = {};
  for (const topic of NAMES) {
    const name = prefix + topic;
    const settings = topic === MARKERS ? { "cleanup.policy": "compact" } : SETTINGS;
    const { partitions } = await ensureTopic(cluster, { name, partitions: 1, settings });
    if (topic === MARKERS && partitions !== 1)
      raise("KAFKA_TOPIC_UNSUITABLE", { topic: name, setting: "number of partitions", found: partitions, wanted: 1 });
    positions[topic] = new Array<number>(partitions).fill(0);
  }
  return positions as Record<ResultTopic, number[]>;
}

function openProducer(cluster: KafkaCluster, { config, job }: KafkaResultsOptions): Promise<TransactionalProducer> {
  const transactionalId = config.prefix + job;
  return TransactionalProducer.open(cluster, { transactionalId, timeoutMs: TRANSACTION_TIMEOUT_MS });
}

/** Dated when they come out, and not by event time: a topic's retention could remove at once what a backlog brings. */
function* dated(records: readonly Omit<OutgoingRecord, "timestamp">[], timestamp: number): Generator<OutgoingRecord> {
  for (const record of records) yield { ...record, timestamp };
}

function isSame(one: MarkerRecord, other: MarkerRecord): boolean {
  return one.epoch === other.epoch && one.attempt === other.attempt && one.checkpoint === other.checkpoint;
}
