import { CountercheckError } from "../../base/errors.ts";
import type { KafkaTopic } from "./cluster.ts";
import { maxDecompressedBytes } from "./codecs.ts";
import type { FetchedPartition, FetchPartition } from "./fetch-api.ts";
import { extentOf, type RecordSet } from "./record-set.ts";

/** What one answer brings of a partition, unless its next batch is larger. */
const PARTITION_BYTES = 1024 * 1024;
/** A batch is sent whole or not at all to a request with room for it; no producer's is larger. */
const MAX_PARTITION_BYTES = maxDecompressedBytes;
/** An election, or the restart of a broker, is nobody's business as long as it takes no longer. */
const GRACE_MS = 10_000;
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 2_000;
/** Rows that were committed before a heartbeat row are in the log this much after the row was read at the latest. */
const OVERTAKING_MS = 2_000;

/**
 * One partition between the fetcher, which fills it, and its reader, which empties it: at most one record set that nobody
 * has taken. Times are epoch ms of one clock.
 */
export class PartitionFeed {
  readonly topic: string;
  readonly partition: number;
  readonly #now: () => number;
  #topicId: string | undefined;
  #leader = -1;
  #leaderEpoch = -1;
  #nextOffset: number;
  #lastEpoch = -1;
  #maxBytes = PARTITION_BYTES;
  #set: RecordSet | null = null;
  /** What ended the reading, until the next seek. */
  #failure: CountercheckError | undefined;
  /** What keeps from reading at the moment. */
  #trouble:
    | { readonly error: CountercheckError; readonly since: number; readonly times: number; readonly retryAt: number }
    | undefined;
  /** The end of the log is not below it: listed by this leader itself, which a high watermark of a new leader may be. */
  #endFloor: number | undefined;
  #end = 0;
  #endAskedAt = Number.NEGATIVE_INFINITY;

  constructor(topic: string, partition: number, offset: number, now: () => number) {
    this.topic = topic;
    this.partition = partition;
    this.#nextOffset = offset;
    this.#now = now;
  }

  /** Id of the broker to ask, −1 where it has to be found first. */
  get leader(): number {
    return this.#leader;
  }

  /** When to look for the leader next; infinite where there is no need. */
  get locateAt(): number {
    if (this.#failure !== undefined || this.#leader >= 0) return Number.POSITIVE_INFINITY;
    return this.#trouble?.retryAt ?? 0;
  }

  /** True once reading has ended, until a seek. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** True where more can be asked for: all that came was taken. */
  get isWanted(): boolean {
    return this.#set === null && this.#failure === undefined && this.#leader >= 0;
  }

  /** Bytes that wait to be taken. */
  get waitingBytes(): number {
    return this.#set === null ? 0 : this.#set.bytes.length;
  }

  /** True where the end of the log has yet to be listed by the present leader. */
  get wantsEndFloor(): boolean {
    return this.#leader >= 0 && this.#endFloor === undefined;
  }

  /** What has come, once; null where nothing has. Throws what keeps it from coming: at once where the user is asked for. */
  take(): RecordSet | null {
    const set = this.#set;
    this.#set = null;
    if (set !== null) return set;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#trouble !== undefined && this.#now() - this.#trouble.since >= graceOf(this.#trouble.error)) {
      throw this.#trouble.error;
    }
    return null;
  }

  /** Goes on at another offset: what has come is dropped, and so is what comes of a request that is under way. */
  seek(offset: number): void {
    this.#set = null;
    this.#failure = undefined;
    this.#nextOffset = offset;
    this.#lastEpoch = -1;
  }

  /** The end of the log as told by a request that was sent late enough after `since`. */
  endOffset(since: number): number | undefined {
    return this.#endAskedAt >= since + OVERTAKING_MS ? this.#end : undefined;
  }

  /** What to ask the leader for. */
  request(): FetchPartition {
    return {
      topicId: this.#topicId!,
      partition: this.partition,
      leaderEpoch: this.#leaderEpoch,
      offset: this.#nextOffset,
      lastEpoch: this.#lastEpoch,
      maxBytes: this.#maxBytes,
    };
  }

  /** Takes in an answer without an error; true where it brought records. */
  accept(asked: FetchPartition, answer: FetchedPartition, askedAt: number): boolean {
    this.#trouble = undefined;
    const isStale = asked.offset !== this.#nextOffset || this.#set !== null;
    if (!isStale) this.#list(answer.highWatermark, askedAt);
    if (isStale || answer.records.length === 0) return false;
    const { nextOffset, leaderEpoch, wholeBytes, firstBytes } = extentOf(answer.records, asked.offset);
    if (wholeBytes === 0) {
      if (firstBytes > MAX_PARTITION_BYTES) this.fail(this.#tooLarge(firstBytes));
      this.#maxBytes = Math.max(this.#maxBytes, firstBytes);
      return false;
    }
    this.#maxBytes = PARTITION_BYTES;
    this.#set = { bytes: answer.records, fromOffset: asked.offset, aborted: answer.aborted };
    this.#nextOffset = nextOffset;
    this.#lastEpoch = leaderEpoch;
    return true;
  }

  /** Takes in who leads the partition. KAFKA_TOPIC_RECREATED ends the reading. */
  locate({ id, partitions }: KafkaTopic): void {
    this.#topicId ??= id;
    if (id !== this.#topicId) {
      const { topic, partition } = this;
      return this.fail(new CountercheckError("KAFKA_TOPIC_RECREATED", { topic, partition, offset: this.#nextOffset }));
    }
    const described = partitions[this.partition];
    if (described === undefined) {
      const details = { topic: this.topic, place: "Kafka", partitions: partitions.length, partition: this.partition };
      return this.hinder(new CountercheckError("PARTITION_NOT_FOUND", details));
    }
    const { leader, leaderEpoch } = described;
    if (leader < 0) {
      const details = {
        doing: `the leader of ${this.name}`,
        broker: "any address",
        reason: "there is none at the moment",
      };
      return this.hinder(new CountercheckError("KAFKA_UNAVAILABLE", details));
    }
    if (leaderEpoch !== this.#leaderEpoch) this.#endFloor = undefined;
    this.#leader = leader;
    this.#leaderEpoch = leaderEpoch;
  }

  /** The leader told the end of the log outside of a fetch. */
  setEndFloor(offset: number): void {
    this.#endFloor = offset;
  }

  /** Something keeps from reading: the leader is looked for again, after a while that grows. */
  hinder(error: CountercheckError): void {
    const now = this.#now();
    const times = (this.#trouble?.times ?? 0) + 1;
    const retryAt = now + Math.min(FIRST_RETRY_MS * 2 ** (times - 1), MAX_RETRY_MS);
    this.#trouble = { error, since: this.#trouble?.since ?? now, times, retryAt };
    this.#leader = -1;
  }

  /** Ends the reading, until a seek. */
  fail(error: CountercheckError): void {
    this.#failure = error;
  }

  /** For messages. */
  get name(): string {
    return `topic ${this.topic}, partition ${this.partition}`;
  }

  /** A new leader may not know yet how far the old one had got, so what was once the end stays the least. */
  #list(highWatermark: number, askedAt: number): void {
    if (this.#endFloor === undefined || highWatermark < Math.max(this.#endFloor, this.#end)) return;
    this.#end = highWatermark;
    this.#endAskedAt = askedAt;
  }

  #tooLarge(bytes: number): CountercheckError {
    const { topic, partition } = this;
    const details = { topic, partition, offset: this.#nextOffset, bytes, limit: MAX_PARTITION_BYTES };
    return new CountercheckError("KAFKA_BATCH_TOO_LARGE", details);
  }
}

/** Environment comes back by itself, and so does a topic that the brokers have not told each other of yet. */
function graceOf(error: CountercheckError): number {
  return error.retryable || error.code === "KAFKA_TOPIC_UNKNOWN" ? GRACE_MS : 0;
}
