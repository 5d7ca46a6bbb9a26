import { assert } from "../../base/errors.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import { giveBack } from "./answer-memory.ts";
import type { KafkaFetcher } from "./fetcher.ts";
import type { PartitionFeed } from "./partition-feed.ts";
import { RecordSetReader } from "./record-set.ts";

/**
 * Reads one partition of a topic, committed records only, in the order of the log. `read` throws KAFKA_OFFSET_OUT_OF_RANGE
 * where the log has lost what comes next, KAFKA_CORRUPT, KAFKA_BATCH_TOO_LARGE, KAFKA_FORMAT_UNSUPPORTED,
 * KAFKA_MEMORY_REFUSED, KAFKA_TOPIC_RECREATED, KAFKA_TOPIC_UNKNOWN and what a `KafkaCluster` rejects with; KAFKA_UNAVAILABLE
 * is retryable, and is thrown only once the cluster has been so for ten seconds. Nothing is ever skipped.
 */
export class KafkaPartitionReader {
  readonly #fetcher: KafkaFetcher;
  readonly #feed: PartitionFeed;
  readonly #records: RecordSetReader;
  #offset: number;
  /** Of the record set at hand. */
  #bytes: Buffer = NOTHING;
  #closed = false;

  /** Starts at `offset`, which `startOffsets` gives where no checkpoint does. */
  constructor(fetcher: KafkaFetcher, topic: string, partition: number, offset: number) {
    assert(Number.isSafeInteger(offset) && offset >= 0, `reading of a partition from ${offset}`);
    this.#fetcher = fetcher;
    this.#feed = fetcher.add(topic, partition, offset);
    this.#records = new RecordSetReader(topic, partition);
    this.#offset = offset;
  }

  /** Offset of the next record to be read; behind what is no record, such as the marks of transactions, too. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * The next records that have come: of as many batches as fit into about `maxBytes`, but at least of one; null when none
   * have. They and their buffer are the reader's own, and are overwritten by the next `read`.
   */
  read(maxBytes: number): RecordBatch | null {
    assert(!this.#closed && maxBytes > 0, "read of a closed partition, or of no bytes");
    for (;;) {
      const records = this.#records.next(maxBytes);
      this.#offset = Math.max(this.#offset, this.#records.offset);
      if (records !== null) return records;
      this.#giveBack();
      const set = this.#feed.take();
      if (set === null) return null;
      this.#records.reset(set);
      this.#bytes = set.bytes;
      this.#fetcher.wake(this.#feed);
    }
  }

  /** Makes `offset` the next to be read. One that the log does not have is told by a later `read`. */
  seek(offset: number): void {
    assert(!this.#closed && Number.isSafeInteger(offset) && offset >= 0, `seek of a partition to ${offset}`);
    this.#offset = offset;
    this.#giveBack();
    this.#feed.seek(offset);
    this.#fetcher.wake(this.#feed);
  }

  /**
   * The offset after the last record that all in-sync replicas have, records of open transactions among them, as a request
   * listed it that was sent 2 s after `since` (epoch ms) or later; undefined until one was.
   */
  endOffset(since: number): number | undefined {
    return this.#feed.endOffset(since);
  }

  /** Drops the record set at hand: nothing that was handed out of it is valid any more. */
  #giveBack(): void {
    this.#records.reset({ bytes: NOTHING, fromOffset: this.#offset, aborted: [] });
    giveBack(this.#bytes);
    this.#bytes = NOTHING;
  }

  /** Fetches no more; batches that were read are void. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#fetcher.remove(this.#feed);
  }
}

const NOTHING = Buffer.alloc(0);
