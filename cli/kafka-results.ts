import { assert, isError } from "../base/errors.ts";
import type { RecordBatch } from "../base/record-batch.ts";
import { KafkaCluster } from "../connectors/kafka/cluster.ts";
import { listOffsets } from "../connectors/kafka/list-offsets.ts";
import type { WrittenRange } from "../connectors/kafka/partition-lane.ts";
import { readTopicToEnd } from "../connectors/kafka/read-topic.ts";
import { ensureTopic } from "../connectors/kafka/topics.ts";
import { type OutgoingRecord, TransactionalProducer } from "../connectors/kafka/transactions.ts";
import type { RecordFault } from "../dataflow/source.ts";
import { registerContracts } from "../schemas/contract-subjects.ts";
import {
  type AlertRecord,
  type Delivered,
  decodeMarker,
  encodeAlert,
  encodeDeadLetter,
  encodeMarker,
  type MarkerRecord,
  singleObjectHeader,
  type VerdictRecord,
} from "../schemas/contracts.ts";
import type { SubjectRegistry } from "../schemas/registry.ts";
import { FRAME_LENGTH, schemaIdAt } from "../schemas/wire-format.ts";
import type { ResultsConfig } from "./config.ts";
import { connectionOf } from "./kafka-config.ts";
import { TOPICS, type Topic, toValue } from "./output-topics.ts";
import type { LogPositions, ResultLog, ResultPlace } from "./result-log.ts";

/** By topic, the offset behind the last record of each partition that this log knows of. */
type KafkaPositions = Readonly<Record<Topic, readonly number[]>>;

const NAMES = Object.keys(TOPICS) as Topic[];

/** How a job's results get into topics. */
export interface KafkaResultsOptions {
  readonly config: ResultsConfig;
  readonly job: string;
  /** Where the contracts are registered. */
  readonly registry: SubjectRegistry;
  /** The configuration file, for errors. */
  readonly configFile: string;
}

/**
 * Results in topics of a cluster. The job has one producer; who opens it fences the one before, and so does asking for the
 * last marker. Raises what `KafkaCluster` rejects with, KAFKA_TOPIC_UNSUITABLE, CONTRACT_INCOMPATIBLE, and what the
 * registry raises.
 */
export class KafkaResults implements ResultPlace {
  readonly #options: KafkaResultsOptions;
  readonly #cluster: KafkaCluster;
  #log: KafkaResultLog | undefined;

  constructor(options: KafkaResultsOptions) {
    this.#options = options;
    const { config, job, configFile } = options;
    this.#cluster = new KafkaCluster(connectionOf(config.kafka, `countercheck.${job}`, configFile));
  }

  async lastMarker(): Promise<MarkerRecord | undefined> {
    return (await this.#take()).lastMarker;
  }

  /** Topics are never cleared: the epoch of a run that begins anew tells its records from those before. */
  open(): Promise<ResultLog> {
    return this.#take();
  }

  async close(): Promise<void> {
    await this.#log?.close();
    await this.#cluster.close();
  }

  async #take(): Promise<KafkaResultLog> {
    this.#log ??= await KafkaResultLog.open(this.#cluster, this.#options);
    return this.#log;
  }
}

/** A result log of topics: a delivery is one transaction, its marker in it. */
class KafkaResultLog implements ResultLog {
  readonly place: string;
  readonly files = [];
  lastMarker: MarkerRecord | undefined;
  readonly #cluster: KafkaCluster;
  readonly #options: KafkaResultsOptions;
  readonly #ids: Readonly<Record<Topic, number>>;
  readonly #headers = new Map<number, Uint8Array>();
  #producer: TransactionalProducer;
  #positions: Record<Topic, number[]>;
  /** Records of the delivery under way. */
  #records: Omit<OutgoingRecord, "timestamp">[] = [];
  #marker: MarkerRecord | undefined;

  private constructor(
    cluster: KafkaCluster,
    options: KafkaResultsOptions,
    ids: Readonly<Record<Topic, number>>,
    producer: TransactionalProducer,
    positions: Record<Topic, number[]>,
  ) {
    this.#cluster = cluster;
    this.#options = options;
    this.#ids = ids;
    this.#producer = producer;
    this.#positions = positions;
    this.place = `topics ${options.config.prefix}* of ${cluster.address}`;
  }

  static async open(cluster: KafkaCluster, options: KafkaResultsOptions): Promise<KafkaResultLog> {
    const { config, registry } = options;
    const ids = await registerContracts(registry, config.prefix);
    const counts = new Map<Topic, number>();
    for (const topic of NAMES) {
      const settings = topic === "markers" ? { "cleanup.policy": "compact" } : {};
      const { partitions } = await ensureTopic(cluster, { name: config.prefix + topic, partitions: 1, settings });
      counts.set(topic, partitions);
    }
    const producer = await openProducer(cluster, options);
    const positions = Object.fromEntries(NAMES.map((topic): [string, number[]] => [topic, []])) as Record<
      Topic,
      number[]
    >;
    for (const [topic, count] of counts) {
      const all = Array.from({ length: count }, (_, partition) => partition);
      positions[topic] = await listOffsets(cluster, config.prefix + topic, all, "latest");
    }
    const log = new KafkaResultLog(cluster, options, ids, producer, positions);
    log.lastMarker = await log.#readLastMarker();
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
    this.#append("verdicts", record.key, encoded);
  }

  alert(record: AlertRecord & Delivered): void {
    this.#append("alerts", record.key, encodeAlert(record));
  }

  deadLetter(fault: RecordFault): void {
    this.#append("dead-letters", fault.id, encodeDeadLetter({ ...fault, row: fault.row ?? null }));
  }

  marker(record: MarkerRecord): void {
    this.#append("markers", record.job, encodeMarker(record));
    this.#marker = record;
  }

  /** Nothing is there before its marker. */
  async sync(): Promise<void> {
    const marker = this.#marker;
    if (marker === undefined) return;
    try {
      // Not event times: by those, a topic's retention could remove what a backlog has only now brought out.
      const records = this.#records.map((record) => ({ ...record, timestamp: marker.time }));
      this.#advance(await this.#producer.commit(records));
    } catch (error) {
      if (!isError(error, "KAFKA_COMMIT_UNCERTAIN") || !(await this.#hasCommitted(marker))) throw error;
    }
    this.lastMarker = marker;
    this.goOnBehind();
  }

  /** A topic has no end. */
  async end(): Promise<void> {}

  async visit(
    topic: Topic,
    positions: LogPositions,
    from: "start" | "positions",
    visit: (encoded: Uint8Array, isBehind: boolean) => void,
  ): Promise<void> {
    const behind = (positions as KafkaPositions)[topic];
    const ends = this.#positions[topic];
    for (let partition = 0; partition < ends.length; partition++) {
      const first = behind[partition] ?? 0;
      if (from === "positions" && first >= ends[partition]!) continue;
      await this.#read(topic, partition, from === "start" ? "earliest" : first, (encoded, offset) =>
        visit(encoded, offset >= first),
      );
    }
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }

  #append(topic: Topic, key: string, encoded: Uint8Array): void {
    const value = toValue(this.#ids[topic], encoded);
    this.#records.push({ topic: this.#options.config.prefix + topic, key: Buffer.from(key), value });
  }

  #advance(written: readonly WrittenRange[]): void {
    const { prefix } = this.#options.config;
    for (const { topic, partition, lastOffset } of written) {
      const ends = this.#positions[topic.slice(prefix.length) as Topic];
      assert(ends !== undefined, `a topic of results, not ${topic}`);
      ends[partition] = Math.max(ends[partition] ?? 0, lastOffset + 1);
    }
  }

  /** The producer whose commit was not answered is at an end; the log tells whether it took the transaction. */
  async #hasCommitted(marker: MarkerRecord): Promise<boolean> {
    this.#producer = await openProducer(this.#cluster, this.#options);
    const last = await this.#readLastMarker();
    return last !== undefined && isSame(last, marker);
  }

  async #readLastMarker(): Promise<MarkerRecord | undefined> {
    let last: MarkerRecord | undefined;
    for (const partition of this.#positions.markers.keys()) {
      await this.#read("markers", partition, "earliest", (encoded) => {
        const marker = decodeMarker(encoded);
        if (marker.job === this.#options.job) last = marker;
      });
    }
    return last;
  }

  /** Hands out records as their contract encodes them; tombstones are none. */
  async #read(
    topic: Topic,
    partition: number,
    from: number | "earliest",
    visit: (encoded: Uint8Array, offset: number) => void,
  ): Promise<void> {
    const values: { readonly value: Buffer; readonly offset: number }[] = [];
    const name = this.#options.config.prefix + topic;
    await readTopicToEnd(this.#cluster, name, partition, from, (records) => values.push(...valuesOf(records)));
    for (const { value, offset } of values) {
      const id = schemaIdAt(value, 0, value.length);
      let header = this.#headers.get(id);
      if (header === undefined) {
        header = singleObjectHeader(await this.#options.registry.schemaById(id));
        this.#headers.set(id, header);
      }
      visit(Buffer.concat([header, value.subarray(FRAME_LENGTH)]), offset);
    }
  }
}

function openProducer(cluster: KafkaCluster, { job }: KafkaResultsOptions): Promise<TransactionalProducer> {
  return TransactionalProducer.open(cluster, { transactionalId: `countercheck.${job}` });
}

function* valuesOf({ buffer, count, valueStarts, valueEnds, offsets }: RecordBatch) {
  for (let i = 0; i < count; i++) {
    if (valueStarts[i]! < 0) continue;
    yield { value: Buffer.from(buffer.subarray(valueStarts[i]!, valueEnds[i]!)), offset: offsets[i]! };
  }
}

function isSame(one: MarkerRecord, other: MarkerRecord): boolean {
  return one.epoch === other.epoch && one.attempt === other.attempt && one.checkpoint === other.checkpoint;
}
