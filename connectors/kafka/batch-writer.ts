import { assert, raise } from "../../base/errors.ts";
import type { KafkaCluster, KafkaTopic } from "./cluster.ts";
import type { Compression } from "./compress.ts";
import { kafkaErrorIds } from "./errors.ts";
import { PartitionLane, type WrittenRange } from "./partition-lane.ts";
import { type ProduceResult, produceApi, produceError } from "./produce-request.ts";
import type { RecordHeader } from "./record-encoder.ts";
import { BackOff, passesByItself } from "./retries.ts";
import { noIdentity, type ProducerIdentity, type TopicPartition } from "./transaction-requests.ts";

/** How records are batched and delivered. */
export interface BatchWriterOptions {
  readonly compression: Compression;
  /** Bytes of a batch before it is compressed. */
  readonly maxBatchBytes: number;
  /** For how long the delivery of a batch is tried. */
  readonly deliveryTimeoutMs: number;
  /** Null for a producer without transactions. */
  readonly transactionalId: string | null;
  /** Called with partitions before their first batch since `begin` or `leave` goes out, and again until it resolves. */
  readonly join?: (partitions: readonly TopicPartition[]) => Promise<void>;
}

/**
 * Takes records by partition, and delivers their batches in order and once: at most one request is under way to a broker,
 * with at most one batch of a partition, and a batch is sent again, under the same sequence number, until it is
 * acknowledged. What failed for good is thrown by whatever is called next, until `begin`.
 */
export class BatchWriter {
  /** Bytes of sealed batches that are not acknowledged yet. */
  pendingBytes = 0;
  readonly #cluster: KafkaCluster;
  readonly #options: BatchWriterOptions;
  readonly #lanes = new Map<string, Map<number, PartitionLane>>();
  readonly #topics = new Map<string, KafkaTopic>();
  readonly #joined = new Set<PartitionLane>();
  #identity = noIdentity;
  #sending: Promise<void> | undefined;
  /** Resolves with the next acknowledgements, or the end of sending. */
  #progress = Promise.withResolvers<void>();
  #failure: unknown;

  constructor(cluster: KafkaCluster, options: BatchWriterOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Starts sequences anew, under a new identity; what was not acknowledged is forgotten. Nothing may be under way. */
  begin(identity: ProducerIdentity): void {
    assert(this.#sending === undefined, "a producer changes its identity only while nothing is being sent");
    this.#identity = identity;
    this.#lanes.clear();
    this.#joined.clear();
    this.#failure = undefined;
    this.pendingBytes = 0;
  }

  /** Has every partition joined anew before its next batch. */
  leave(): void {
    this.#joined.clear();
  }

  /** How many partitions a topic has. */
  async partitions(topic: string): Promise<number> {
    return (await this.#topic(topic)).partitions.length;
  }

  /** Adds a record, whose bytes are copied; full batches go out in the background. KAFKA_RECORD_TOO_LARGE. */
  append(
    topic: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers?: readonly RecordHeader[],
  ): void {
    if (this.#failure !== undefined) throw this.#failure;
    const lane = this.#lane(topic, partition);
    if (lane.encoder.append(key, value, timestamp, headers)) return;
    this.#seal(lane);
    lane.encoder.append(key, value, timestamp, headers);
    this.#start();
  }

  /** Resolves once less than `bytes` wait for their acknowledgement. */
  async drain(bytes: number): Promise<void> {
    while (this.#sending !== undefined && this.pendingBytes >= bytes) await this.#progress.promise;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Sends everything, and resolves once all of it is acknowledged. */
  async flush(): Promise<void> {
    for (const lane of this.#allLanes()) if (lane.encoder.count > 0) this.#seal(lane);
    this.#start();
    await this.#sending;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Resolves once nothing is under way any more, with or without success. */
  async settled(): Promise<void> {
    await this.#sending;
  }

  /** What was acknowledged since the last call. */
  takeWritten(): WrittenRange[] {
    return [...this.#allLanes()].flatMap((lane) => lane.takeWritten() ?? []);
  }

  #seal(lane: PartitionLane): void {
    this.pendingBytes += lane.seal(this.#identity, this.#options.transactionalId !== null);
  }

  #start(): void {
    if (this.#sending === undefined && this.#failure === undefined && this.#waiting().length > 0)
      this.#sending = this.#sendAll();
  }

  #tellProgress(): void {
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
  }

  /** Never rejects. It counts as ended in the very step in which it finds nothing more to send. */
  async #sendAll(): Promise<void> {
    const backOff = new BackOff();
    try {
      for (let lanes = this.#waiting(); lanes.length > 0; lanes = this.#waiting()) {
        if (await this.#sendRound(lanes)) backOff.reset();
        else await backOff.wait();
        this.#tellProgress();
      }
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#sending = undefined;
      this.#tellProgress();
    }
  }

  /** One batch of each of the partitions. True when all were acknowledged; throws what no repeat can mend. */
  async #sendRound(lanes: readonly PartitionLane[]): Promise<boolean> {
    const byLeader = new Map<number, PartitionLane[]>();
    try {
      for (const lane of lanes) {
        const leader = await this.#leader(lane);
        const ofLeader = byLeader.get(leader);
        if (ofLeader === undefined) byLeader.set(leader, [lane]);
        else ofLeader.push(lane);
      }
      await this.#join(lanes);
    } catch (error) {
      this.#requireHope(error, lanes);
      return false;
    }
    // All are waited for, also when one fails: afterwards nothing is under way.
    const sent = await Promise.allSettled([...byLeader].map(([leader, ofLeader]) => this.#sendTo(leader, ofLeader)));
    for (const outcome of sent) if (outcome.status === "rejected") throw outcome.reason;
    return sent.every((outcome) => outcome.status === "fulfilled" && outcome.value);
  }

  async #join(lanes: readonly PartitionLane[]): Promise<void> {
    const { join } = this.#options;
    if (join === undefined) return;
    const strangers = lanes.filter((lane) => !this.#joined.has(lane));
    if (strangers.length === 0) return;
    await join(strangers);
    for (const lane of strangers) this.#joined.add(lane);
  }

  async #sendTo(leader: number, lanes: readonly PartitionLane[]): Promise<boolean> {
    const { transactionalId } = this.#options;
    let results: readonly ProduceResult[];
    try {
      results = await this.#cluster.request({
        to: { broker: leader },
        doing: "its acknowledgement of records",
        apis: [produceApi],
        args: [transactionalId, REPLICAS_TIMEOUT_MS, lanes.map(({ queue }) => queue[0]!)],
        channel: "produce",
      });
    } catch (error) {
      this.#topics.clear();
      this.#requireHope(error, lanes);
      return false;
    }
    const taken = results.map((result) => this.#settle(this.#lane(result.topic, result.partition), result));
    return taken.length === lanes.length && taken.every(Boolean);
  }

  /** True when the lane's oldest batch is in the log. */
  #settle(lane: PartitionLane, result: ProduceResult): boolean {
    const { topic, partition, errorCode, baseOffset } = result;
    if (errorCode === NONE || errorCode === DUPLICATE_SEQUENCE) {
      this.pendingBytes -= lane.acknowledge(baseOffset);
      return true;
    }
    const error = produceError(result, this.#cluster.address);
    if (errorCode === OUT_OF_ORDER || errorCode === UNKNOWN_PRODUCER) {
      raise("KAFKA_WRITE_LOST", { topic, partition, reason: kafkaErrorIds(error).join() }, { cause: error });
    }
    if (errorCode === MESSAGE_TOO_LARGE || errorCode === RECORD_LIST_TOO_LARGE) {
      const bytes = lane.queue[0]!.bytes.length;
      raise("KAFKA_RECORD_TOO_LARGE", { topic, bytes, limit: "the broker's" }, { cause: error });
    }
    this.#topics.delete(topic);
    this.#requireHope(error, [lane]);
    return false;
  }

  /** Throws when the error does not pass by itself, or has been there for too long. */
  #requireHope(error: unknown, lanes: readonly PartitionLane[]): void {
    if (!passesByItself(error)) throw error;
    const now = Date.now();
    for (const lane of lanes) {
      lane.failingSince ??= now;
      if (now - lane.failingSince >= this.#options.deliveryTimeoutMs) throw error;
    }
  }

  /** Partitions with a batch to send, as many as fit one request. */
  #waiting(): PartitionLane[] {
    const lanes: PartitionLane[] = [];
    let bytes = 0;
    for (const lane of this.#allLanes()) {
      const next = lane.queue[0];
      if (next === undefined) continue;
      bytes += next.bytes.length;
      if (lanes.length > 0 && bytes > MOST_REQUEST_BYTES) break;
      lanes.push(lane);
    }
    return lanes;
  }

  async #leader({ topic, partition }: TopicPartition): Promise<number> {
    const { partitions } = await this.#topic(topic);
    const leader = partitions[partition]?.leader ?? -1;
    if (leader >= 0) return leader;
    this.#topics.delete(topic);
    const reason = partition < partitions.length ? "it has no leader" : `the topic has ${partitions.length} partitions`;
    const doing = `partition ${partition} of topic ${topic}`;
    return raise("KAFKA_UNAVAILABLE", { broker: this.#cluster.address, doing, reason });
  }

  async #topic(name: string): Promise<KafkaTopic> {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = await this.#cluster.topic(name);
      this.#topics.set(name, topic);
    }
    return topic;
  }

  #lane(topic: string, partition: number): PartitionLane {
    let ofTopic = this.#lanes.get(topic);
    if (ofTopic === undefined) {
      ofTopic = new Map();
      this.#lanes.set(topic, ofTopic);
    }
    let lane = ofTopic.get(partition);
    if (lane === undefined) {
      const { compression, maxBatchBytes } = this.#options;
      lane = new PartitionLane(topic, partition, compression, maxBatchBytes);
      ofTopic.set(partition, lane);
    }
    return lane;
  }

  *#allLanes(): Generator<PartitionLane> {
    for (const ofTopic of this.#lanes.values()) yield* ofTopic.values();
  }
}

const MOST_REQUEST_BYTES = 8 << 20;
/** How long a broker waits for its replicas; below the connection's own timeout. */
const REPLICAS_TIMEOUT_MS = 20_000;

const NONE = 0;
const MESSAGE_TOO_LARGE = 10;
const RECORD_LIST_TOO_LARGE = 18;
const OUT_OF_ORDER = 45;
const DUPLICATE_SEQUENCE = 46;
const UNKNOWN_PRODUCER = 59;
