import { BatchWriter } from "./batch-writer.ts";
import type { KafkaCluster } from "./cluster.ts";
import type { Compression } from "./compress.ts";
import type { RecordHeader } from "./record-encoder.ts";
import { retryUntil } from "./retries.ts";
import { initProducer } from "./transaction-requests.ts";

/** How a producer writes. */
export interface ProducerOptions {
  /** Default: lz4. */
  readonly compression?: Compression;
  /** Bytes of a batch before it is compressed. Default: what brokers take unless told otherwise. */
  readonly maxBatchBytes?: number;
  /** For how long the delivery of a batch is tried. Default: two minutes. */
  readonly deliveryTimeoutMs?: number;
}

/** Below the default of `max.message.bytes`, 1,048,588, also where nothing can be compressed. */
export const defaultBatchBytes = 1_000_000;

/**
 * Writes records in order and once, without transactions: readers see each as soon as it is there, and what was not
 * flushed when the process ends may be there or not.
 *
 * ```ts
 * const producer = await IdempotentProducer.open(cluster);
 * for (const row of rows) {
 *   producer.append("topic", 0, row.key, row.value, row.timestamp);
 *   if (producer.isFull) await producer.drain();
 * }
 * await producer.flush();
 * ```
 */
export class IdempotentProducer {
  readonly #writer: BatchWriter;

  private constructor(writer: BatchWriter) {
    this.#writer = writer;
  }

  /** Gets an identity from the cluster, which the caller closes after the producer. */
  static async open(cluster: KafkaCluster, options: ProducerOptions = {}): Promise<IdempotentProducer> {
    const { compression = "lz4", maxBatchBytes = defaultBatchBytes, deliveryTimeoutMs = 120_000 } = options;
    const writer = new BatchWriter(cluster, { compression, maxBatchBytes, deliveryTimeoutMs, transactionalId: null });
    writer.begin(await retryUntil(Date.now() + deliveryTimeoutMs, () => initProducer(cluster)));
    return new IdempotentProducer(writer);
  }

  /** How many partitions a topic has. KAFKA_TOPIC_UNKNOWN. */
  partitions(topic: string): Promise<number> {
    return this.#writer.partitions(topic);
  }

  /**
   * Adds a record with its timestamp in epoch ms; its bytes are copied. Throws KAFKA_RECORD_TOO_LARGE, or what stopped the
   * delivery of earlier ones: KAFKA_UNAVAILABLE once it was tried for long enough, KAFKA_WRITE_LOST, KAFKA_TOPIC_UNKNOWN,
   * KAFKA_NOT_AUTHORIZED, KAFKA_REFUSED. After those, open a new producer.
   */
  append(
    topic: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers?: readonly RecordHeader[],
  ): void {
    this.#writer.append(topic, partition, key, value, timestamp, headers);
  }

  /** Whether so much waits for its acknowledgement that the caller should `drain` before it goes on. */
  get isFull(): boolean {
    return this.#writer.pendingBytes >= fullBytes;
  }

  /** Resolves once there is room again. Rejects as `append`. */
  async drain(): Promise<void> {
    await this.#writer.drain(fullBytes / 2);
  }

  /** Resolves once all records are acknowledged by all in-sync replicas. Rejects as `append`. */
  async flush(): Promise<void> {
    await this.#writer.flush();
  }
}

/** Sealed batches that may wait, in bytes. */
export const fullBytes = 16 << 20;
