import { crc32c } from "@node-rs/crc32";
import { raise } from "../../base/errors.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import { codecNumber, decompress, maxDecompressedBytes as limit } from "./codecs.ts";
import { RecordPool } from "./record-pool.ts";
import { KafkaRecordSlots, type RecordsInBatch } from "./record-slots.ts";

/** A transaction whose records are not to be seen: those of this producer from this offset on, up to its abort marker. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** What a broker sent of one partition: batches in the log's own format, the last of them possibly cut off. */
export interface RecordSet {
  readonly bytes: Buffer;
  /** The offset that was asked for; the first batch may begin before it. */
  readonly fromOffset: number;
  /** All that overlap with the records, ascending by first offset; also those that began before. */
  readonly aborted: readonly AbortedTransaction[];
}

/**
 * Hands out the records of record sets, in place: without a copy where they are not compressed. Aborted records and
 * control batches are left out. `next` raises KAFKA_CORRUPT, KAFKA_BATCH_TOO_LARGE, KAFKA_FORMAT_UNSUPPORTED or
 * KAFKA_MEMORY_REFUSED, and then again, at the batch that cannot be read; all before it was handed out.
 */
export class RecordSetReader {
  readonly #slots: KafkaRecordSlots;
  #bytes: Buffer = NOTHING;
  #at = 0;
  #offset = 0;
  #aborted: readonly AbortedTransaction[] = [];
  /** How many of `#aborted` have begun. */
  #begun = 0;
  readonly #abortedProducers = new Set<number>();
  /** Where records are decompressed to; made for the first that are. */
  #pool: RecordPool | undefined;

  constructor(topic: string, partition: number) {
    this.#slots = new KafkaRecordSlots(topic, partition);
  }

  /** The offset after all that was handed out or left out. */
  get offset(): number {
    return this.#offset;
  }

  /** Begins with another record set; what was left of the one before is dropped. */
  reset({ bytes, fromOffset, aborted }: RecordSet): void {
    this.#bytes = bytes;
    this.#at = 0;
    this.#offset = fromOffset;
    this.#aborted = aborted;
    this.#begun = 0;
    this.#abortedProducers.clear();
  }

  /**
   * The next records: of as many batches as fit into about `maxBytes`, but at least of one; null at the end of the set.
   * They and their buffer are overwritten by the next call.
   */
  next(maxBytes: number): RecordBatch | null {
    this.#slots.count = 0;
    this.#pool?.clear();
    try {
      this.#fill(maxBytes);
    } catch (error) {
      // The next call meets it again, with nothing to hand out before it.
      if (this.#slots.count === 0) throw error;
    }
    return this.#slots.count === 0 ? null : this.#slots;
  }

  #fill(maxBytes: number): void {
    for (let taken = 0; taken < maxBytes && this.#hasBatch(); ) {
      const size = sizeOfBatch(this.#bytes, this.#at);
      if (this.#slots.count > 0 && (taken + size > maxBytes || !this.#joins())) return;
      taken += this.#take(size);
    }
  }

  #hasBatch(): boolean {
    const left = this.#bytes.length - this.#at;
    if (left < SIZE_BYTES) return false;
    const size = sizeOfBatch(this.#bytes, this.#at);
    if (size < MIN_BATCH_BYTES) this.#corrupt("its length is no batch's");
    return size <= left;
  }

  /** A batch shares its buffer with those before it: of plain ones it is the response, of compressed ones the pool. */
  #joins(): boolean {
    const isPlain = (this.#bytes[this.#at + ATTRIBUTES + 1]! & CODEC_MASK) === codecNumber.none;
    return isPlain === (this.#slots.buffer === this.#bytes);
  }

  /** Takes the batch in, or passes it over; gives the bytes that its records took. */
  #take(size: number): number {
    const bytes = this.#bytes;
    const at = this.#at;
    this.#verify(size);
    const attributes = bytes.readInt16BE(at + ATTRIBUTES);
    const baseOffset = int64(bytes, at);
    const lastOffset = baseOffset + bytes.readInt32BE(at + LAST_OFFSET_DELTA);
    if (lastOffset < baseOffset) this.#corrupt("its offsets go backwards");
    let taken = 0;
    if (!this.#isLeftOut(attributes, lastOffset) && lastOffset >= this.#offset) {
      taken = this.#addRecords(attributes, size, {
        count: bytes.readInt32BE(at + COUNT),
        baseOffset,
        lastOffset,
        baseTimestamp: int64(bytes, at + BASE_TIMESTAMP),
        appendTime: attributes & APPEND_TIME ? int64(bytes, at + MAX_TIMESTAMP) : -1,
      });
    }
    this.#at = at + size;
    this.#offset = Math.max(this.#offset, lastOffset + 1);
    return taken;
  }

  #verify(size: number): void {
    const magic = this.#bytes.readInt8(this.#at + MAGIC);
    if (magic !== 2) raise("KAFKA_FORMAT_UNSUPPORTED", { ...this.#place(), format: `message format v${magic}` });
    const crc = this.#bytes.readUInt32BE(this.#at + CRC);
    if (size < HEADER_BYTES || crc32c(this.#bytes.subarray(this.#at + ATTRIBUTES, this.#at + size)) !== crc) {
      this.#corrupt("its checksum is wrong");
    }
  }

  /** True for a control batch, and for one of a transaction that was aborted. */
  #isLeftOut(attributes: number, lastOffset: number): boolean {
    if ((attributes & (TRANSACTIONAL | CONTROL)) === 0) return false;
    while (this.#begun < this.#aborted.length && this.#aborted[this.#begun]!.firstOffset <= lastOffset) {
      this.#abortedProducers.add(this.#aborted[this.#begun++]!.producerId);
    }
    const producerId = int64(this.#bytes, this.#at + PRODUCER_ID);
    if ((attributes & CONTROL) === 0) return this.#abortedProducers.has(producerId);
    // Either marker ends the producer's transaction; a commit is never one of those that are listed.
    this.#abortedProducers.delete(producerId);
    return true;
  }

  #addRecords(attributes: number, size: number, batch: RecordsInBatch): number {
    const from = this.#at + HEADER_BYTES;
    const end = this.#at + size;
    const codec = attributes & CODEC_MASK;
    if (codec === codecNumber.none) {
      this.#slots.buffer = this.#bytes;
      this.#add(this.#bytes, from, end, batch);
      return size;
    }
    this.#pool ??= new RecordPool();
    const pool = this.#pool;
    try {
      const start = decompress({ codec, bytes: this.#bytes.subarray(from, end), place: this.#place(), limit }, pool);
      this.#add(pool.bytes, start, pool.length, batch);
      return pool.length - start;
    } finally {
      // Of a batch that is refused too: the pool may have grown, and those before it are handed out.
      this.#slots.buffer = pool.bytes;
    }
  }

  #add(bytes: Uint8Array, at: number, end: number, batch: RecordsInBatch): void {
    if (!this.#slots.add(bytes, at, end, batch, this.#offset)) this.#corrupt("its records do not fill it");
  }

  #corrupt(reason: string): never {
    raise("KAFKA_CORRUPT", { ...this.#place(), reason });
  }

  #place() {
    const { topic, partition } = this.#slots;
    return { topic, partition, offset: int64(this.#bytes, this.#at) };
  }
}

/** How far the whole batches of a record set go. */
export interface RecordSetExtent {
  /** The offset after the last of them; the one that was asked for where there is none. */
  readonly nextOffset: number;
  /** The leader epoch of the last of them, −1 where there is none. */
  readonly leaderEpoch: number;
  /** Bytes of the whole batches; 0 where the first was cut off. */
  readonly wholeBytes: number;
  /** What the first batch takes, as far as the set goes. */
  readonly firstBytes: number;
}

/** Looks at the headers only: no checksum, and nothing raised. A length that makes no sense counts as a whole batch, which is refused when it is read. */
export function extentOf(bytes: Buffer, fromOffset: number): RecordSetExtent {
  let nextOffset = fromOffset;
  let leaderEpoch = -1;
  let at = 0;
  while (bytes.length - at >= SIZE_BYTES) {
    const size = sizeOfBatch(bytes, at);
    if (size < MIN_BATCH_BYTES) return { nextOffset, leaderEpoch, wholeBytes: bytes.length, firstBytes: bytes.length };
    if (at + size > bytes.length) break;
    if (size >= HEADER_BYTES && bytes[at + MAGIC] === 2) {
      nextOffset = Math.max(nextOffset, int64(bytes, at) + bytes.readInt32BE(at + LAST_OFFSET_DELTA) + 1);
      leaderEpoch = bytes.readInt32BE(at + LEADER_EPOCH);
    }
    at += size;
  }
  return { nextOffset, leaderEpoch, wholeBytes: at, firstBytes: bytes.length < SIZE_BYTES ? 0 : sizeOfBatch(bytes, 0) };
}

const NOTHING = Buffer.alloc(0);

/** The layout of a batch of format v2, in bytes from its start; Kafka's documentation, "Record Batch". */
const SIZE_BYTES = 12;
const LEADER_EPOCH = 12;
const MAGIC = 16;
const CRC = 17;
const ATTRIBUTES = 21;
const LAST_OFFSET_DELTA = 23;
const BASE_TIMESTAMP = 27;
const MAX_TIMESTAMP = 35;
const PRODUCER_ID = 43;
const COUNT = 57;
const HEADER_BYTES = 61;
/** Up to and with the magic, which older formats have at the same place. */
const MIN_BATCH_BYTES = 17;

const CODEC_MASK = 7;
const APPEND_TIME = 8;
const TRANSACTIONAL = 16;
const CONTROL = 32;

function sizeOfBatch(bytes: Buffer, at: number): number {
  return SIZE_BYTES + bytes.readInt32BE(at + 8);
}

/** Exact up to 2^53, which offsets, times and producer ids are far from. */
function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 4294967296 + bytes.readUInt32BE(at + 4);
}
