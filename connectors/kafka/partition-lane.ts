import type { Compression } from "./compress.ts";
import type { OutgoingBatch } from "./produce-request.ts";
import { RecordEncoder } from "./record-encoder.ts";
import type { ProducerIdentity, TopicPartition } from "./transaction-requests.ts";

/** What of a partition was written and acknowledged. Other producers' records may lie between the first and the last. */
export interface WrittenRange extends TopicPartition {
  /** −1 where the broker had forgotten it when it was asked again. */
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly count: number;
}

/** What one producer writes to one partition: the batch under way, those that wait in order, and what was taken. */
export class PartitionLane implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly encoder: RecordEncoder;
  /** Sealed batches that are not acknowledged, the oldest first. */
  readonly queue: OutgoingBatch[] = [];
  /** Since when its batches were not taken, in epoch ms. */
  failingSince: number | undefined;
  #nextSequence = 0;
  #written: WrittenRange | undefined;

  constructor(topic: string, partition: number, compression: Compression, maxBatchBytes: number) {
    this.topic = topic;
    this.partition = partition;
    this.encoder = new RecordEncoder(topic, compression, maxBatchBytes);
  }

  /** Moves the batch under way into the queue; gives its size in bytes. */
  seal({ id, epoch }: ProducerIdentity, isTransactional: boolean): number {
    const { topic, partition, encoder } = this;
    const { count } = encoder;
    const stamp = { producerId: id, producerEpoch: epoch, baseSequence: this.#nextSequence, isTransactional };
    const bytes = encoder.seal(stamp);
    this.#nextSequence = (this.#nextSequence + count) & MAX_SEQUENCE;
    this.queue.push({ topic, partition, bytes, count });
    return bytes.length;
  }

  /** Takes the oldest batch off the queue, which is in the log at `baseOffset`; gives its size in bytes. */
  acknowledge(baseOffset: number): number {
    const { topic, partition } = this;
    const { bytes, count } = this.queue.shift()!;
    this.failingSince = undefined;
    this.#written = {
      topic,
      partition,
      firstOffset: this.#written?.firstOffset ?? baseOffset,
      lastOffset: baseOffset < 0 ? -1 : baseOffset + count - 1,
      count: (this.#written?.count ?? 0) + count,
    };
    return bytes.length;
  }

  /** What was acknowledged since the last call. */
  takeWritten(): WrittenRange | undefined {
    const written = this.#written;
    this.#written = undefined;
    return written;
  }
}

/** Sequence numbers go on from zero behind the largest of 31 bits. */
const MAX_SEQUENCE = 0x7fffffff;
