import { assert, CountercheckError, isError, messageOf, raise } from "../../base/errors.ts";
import { BatchWriter } from "./batch-writer.ts";
import type { KafkaCluster } from "./cluster.ts";
import { kafkaErrorIds } from "./errors.ts";
import type { WrittenRange } from "./partition-lane.ts";
import { partitionOfKey } from "./partitioner.ts";
import { defaultBatchBytes, fullBytes, type ProducerOptions } from "./producer.ts";
import type { RecordHeader } from "./record-encoder.ts";
import { retryUntil } from "./retries.ts";
import {
  addPartitions,
  endTransaction,
  initTransactions,
  type ProducerIdentity,
  type TopicPartition,
} from "./transaction-requests.ts";

/** Under which name a producer writes, and how. */
export interface TransactionalProducerOptions extends Omit<ProducerOptions, "deliveryTimeoutMs"> {
  /** Whoever opens a producer under the same id fences this one. */
  readonly transactionalId: string;
  /** After this long the cluster aborts a transaction, and its producer is fenced. Default: one minute. */
  readonly timeoutMs?: number;
}

/** A record to write. */
export interface OutgoingRecord {
  readonly topic: string;
  /** Default: where Java's producer puts the key. */
  readonly partition?: number;
  /** Null only with a partition. */
  readonly key: Uint8Array | null;
  /** Null is a tombstone. */
  readonly value: Uint8Array | null;
  /** Epoch ms. */
  readonly timestamp: number;
  readonly headers?: readonly RecordHeader[];
}

/**
 * Writes records in transactions, one after the other: readers with `read_committed` see all of one or nothing. What was
 * not committed when the process ends is aborted, at the latest by the next `open` under the same id.
 */
export class TransactionalProducer {
  readonly #cluster: KafkaCluster;
  readonly #id: string;
  readonly #timeoutMs: number;
  readonly #writer: BatchWriter;
  #identity: ProducerIdentity;
  /** Whether the coordinator may know of a transaction of ours that is not ended. */
  #isOpen = false;
  /** Set when a transaction failed, until the identity was renewed. */
  #isBroken = false;
  #isCommitting = false;
  /** What ended this producer for good. */
  #end: CountercheckError | undefined;

  private constructor(cluster: KafkaCluster, options: TransactionalProducerOptions, identity: ProducerIdentity) {
    const { transactionalId, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const { compression = "lz4", maxBatchBytes = defaultBatchBytes } = options;
    this.#cluster = cluster;
    this.#id = transactionalId;
    this.#timeoutMs = timeoutMs;
    this.#identity = identity;
    this.#writer = new BatchWriter(cluster, {
      compression,
      maxBatchBytes,
      // Short of the timeout, so that what cannot be delivered is aborted by us, which fences nobody.
      deliveryTimeoutMs: patience(timeoutMs),
      transactionalId,
      join: (partitions) => this.#join(partitions),
    });
    this.#writer.begin(identity);
  }

  /**
   * Takes over the transactional id: fences whoever had it, and ends the transaction that they left open, before it
   * resolves. KAFKA_TRANSACTION_TIMEOUT where the brokers do not allow so long a one. The caller closes the cluster.
   */
  static async open(cluster: KafkaCluster, options: TransactionalProducerOptions): Promise<TransactionalProducer> {
    const { transactionalId, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    try {
      const identity = await retryUntil(Date.now() + OPEN_TIMEOUT_MS, () =>
        initTransactions(cluster, transactionalId, timeoutMs),
      );
      return new TransactionalProducer(cluster, options, identity);
    } catch (error) {
      if (!kafkaErrorIds(error).includes("INVALID_TRANSACTION_TIMEOUT")) throw error;
      return raise("KAFKA_TRANSACTION_TIMEOUT", { broker: cluster.address, timeoutMs }, { cause: error });
    }
  }

  /**
   * Writes the records in one transaction, and resolves once it is committed with what of each partition they take; readers
   * see it a moment later, when the cluster has marked the partitions. Rejects
   * with nothing of it committed, and the same records may be given again, except for KAFKA_FENCED and
   * KAFKA_COMMIT_UNCERTAIN, which end this producer: with these it may be committed or not, as the log tells the next one
   * that is opened.
   */
  async commit(records: Iterable<OutgoingRecord>): Promise<readonly WrittenRange[]> {
    if (this.#end !== undefined) throw this.#end;
    assert(!this.#isCommitting, "a producer commits one transaction after the other");
    this.#isCommitting = true;
    try {
      await this.#renew(Date.now() + patience(this.#timeoutMs));
      await this.#write(records);
      await this.#endWithCommit();
      return this.#writer.takeWritten();
    } catch (error) {
      throw await this.#fail(error);
    } finally {
      this.#isCommitting = false;
    }
  }

  /** Ends what is open, and the producer with it. */
  async close(): Promise<void> {
    await this.#writer.settled();
    if (this.#end === undefined && this.#isOpen) await this.#abort(Date.now() + GLANCE_MS).catch(() => undefined);
    this.#end ??= new CountercheckError("KAFKA_UNAVAILABLE", {
      broker: this.#cluster.address,
      doing: `a transaction of ${this.#id}`,
      reason: "this producer was closed",
    });
  }

  async #write(records: Iterable<OutgoingRecord>): Promise<void> {
    const writer = this.#writer;
    const counts = new Map<string, number>();
    for (const { topic, partition, key, value, timestamp, headers } of records) {
      let target = partition;
      if (target === undefined) {
        assert(key !== null, "a record without a key is given a partition");
        let count = counts.get(topic);
        if (count === undefined) {
          count = await writer.partitions(topic);
          counts.set(topic, count);
        }
        target = partitionOfKey(key, count);
      }
      writer.append(topic, target, key, value, timestamp, headers);
      if (writer.pendingBytes >= fullBytes) await writer.drain(fullBytes / 2);
    }
    await writer.flush();
  }

  async #join(partitions: readonly TopicPartition[]): Promise<void> {
    // Also when the answer is lost, the transaction may have begun.
    this.#isOpen = true;
    await addPartitions(this.#cluster, this.#id, this.#identity, partitions);
  }

  async #endWithCommit(): Promise<void> {
    if (!this.#isOpen) return;
    try {
      await this.#endOpen("commit", Date.now() + 2 * patience(this.#timeoutMs));
    } catch (error) {
      if (isError(error) && !error.retryable) throw error;
      const { address: broker } = this.#cluster;
      const details = { broker, timeoutMs: this.#timeoutMs, reason: messageOf(error) };
      throw new CountercheckError("KAFKA_COMMIT_UNCERTAIN", details, { cause: error });
    }
  }

  async #abort(deadline: number): Promise<void> {
    try {
      await this.#endOpen("abort", deadline);
    } catch (error) {
      // None had begun, or it is aborted already.
      if (!kafkaErrorIds(error).includes("INVALID_TXN_STATE")) throw error;
    }
    this.#isOpen = false;
  }

  /** Asks again until the coordinator answers: what it was told and did not answer, it answers in the same way. */
  async #endOpen(outcome: "commit" | "abort", deadline: number): Promise<void> {
    await retryUntil(deadline, () => endTransaction(this.#cluster, this.#id, this.#identity, outcome));
    this.#isOpen = false;
    this.#writer.leave();
  }

  /** After a failed transaction: ends it, and goes on under the next epoch, so that nothing late of it is taken. */
  async #renew(deadline: number): Promise<void> {
    if (!this.#isBroken) return;
    if (this.#isOpen) await this.#abort(deadline);
    this.#identity = await retryUntil(deadline, () =>
      initTransactions(this.#cluster, this.#id, this.#timeoutMs, this.#identity),
    );
    this.#writer.begin(this.#identity);
    this.#isBroken = false;
  }

  /** Aborts what failed, if the coordinator can be reached; gives the error to reject with. */
  async #fail(error: unknown): Promise<unknown> {
    this.#isBroken = true;
    await this.#writer.settled();
    let failure = this.#orFenced(error);
    if (isError(failure, "KAFKA_FENCED") || isError(failure, "KAFKA_COMMIT_UNCERTAIN")) {
      this.#end = failure;
      return failure;
    }
    try {
      await this.#renew(Date.now() + GLANCE_MS);
    } catch (renewal) {
      const fenced = this.#orFenced(renewal);
      if (isError(fenced, "KAFKA_FENCED")) this.#end = failure = fenced;
    }
    return failure;
  }

  #orFenced(error: unknown): unknown {
    if (!kafkaErrorIds(error).some((id) => fencedIds.has(id))) return error;
    return new CountercheckError("KAFKA_FENCED", { id: this.#id, timeoutMs: this.#timeoutMs }, { cause: error });
  }
}

const DEFAULT_TIMEOUT_MS = 60_000;
const MOST_PATIENCE_MS = 30_000;
/** How long brokers are asked again before a transaction is given up: not until it is aborted by them. */
const patience = (timeoutMs: number) => Math.min(timeoutMs / 2, MOST_PATIENCE_MS);
/** For how long what failed is tidied up at once; what is left is the next commit's, or ends by the timeout. */
const GLANCE_MS = 2_000;
/** Longer than the transaction of the one who is fenced takes to end, and than a coordinator takes to move. */
const OPEN_TIMEOUT_MS = 60_000;

const fencedIds: ReadonlySet<string> = new Set([
  "INVALID_PRODUCER_EPOCH",
  "PRODUCER_FENCED",
  "INVALID_PRODUCER_ID_MAPPING",
]);
