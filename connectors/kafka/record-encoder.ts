import { crc32c } from "@node-rs/crc32";
import { assert, raise } from "../../base/errors.ts";
import { codecNumber } from "./codecs.ts";
import { type Compression, compress } from "./compress.ts";

/** A header of a record. Names may repeat, and their order is kept. */
export interface RecordHeader {
  readonly name: string;
  readonly value: Uint8Array | null;
}

/** Who writes a batch, and where it stands among that writer's records of the partition. */
export interface BatchStamp {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Sequence number of the batch's first record. */
  readonly baseSequence: number;
  readonly isTransactional: boolean;
}

/** Bytes before the records of a batch, its offset and length included. */
export const batchHeaderBytes = 61;

/**
 * Encodes the records of one partition into record batches (Kafka's message format 2), one after the other, in a buffer
 * that is used again. `append` copies what it is given.
 */
export class RecordEncoder {
  /** Records in the batch under way. */
  count = 0;
  readonly #topic: string;
  readonly #compression: Compression;
  readonly #maxBytes: number;
  #buffer: Buffer;
  #length = batchHeaderBytes;
  #baseTimestamp = 0;
  #maxTimestamp = 0;

  /** `maxBytes` bounds a batch before it is compressed, its header included; `topic` is for messages. */
  constructor(topic: string, compression: Compression, maxBytes: number) {
    this.#topic = topic;
    this.#compression = compression;
    this.#maxBytes = maxBytes;
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(maxBytes, 4096));
  }

  /** Bytes of the batch under way, not compressed. */
  get bytes(): number {
    return this.#length;
  }

  /**
   * Adds a record with its timestamp in ms. False, with nothing added, when the batch under way must be sealed first;
   * KAFKA_RECORD_TOO_LARGE when no batch could hold it.
   */
  append(
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers: readonly RecordHeader[] = noHeaders,
  ): boolean {
    const first = this.count === 0;
    const delta = first ? 0 : timestamp - this.#baseTimestamp;
    const body = bodyBytes(key, value, delta, this.count, headers);
    const end = this.#length + varintBytes(body) + body;
    if (end > this.#maxBytes) {
      if (first) raise("KAFKA_RECORD_TOO_LARGE", { topic: this.#topic, bytes: end, limit: this.#maxBytes });
      return false;
    }
    if (end > this.#buffer.length) this.#reserve(end);
    if (first) this.#baseTimestamp = this.#maxTimestamp = timestamp;
    else if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    this.#write(body, key, value, delta, headers);
    assert(this.#length === end, "a record takes the bytes that were counted");
    this.count++;
    return true;
  }

  /** The batch as it goes over the wire, which the caller owns; the encoder begins the next one. */
  seal(stamp: BatchStamp): Buffer {
    assert(this.count > 0, "a batch that is sealed has records");
    const records = compress(this.#buffer.subarray(batchHeaderBytes, this.#length), this.#compression);
    const batch = Buffer.allocUnsafeSlow(batchHeaderBytes + records.length);
    batch.set(records, batchHeaderBytes);
    batch.writeBigInt64BE(0n, 0);
    batch.writeInt32BE(batch.length - 12, 8);
    batch.writeInt32BE(-1, 12);
    batch[16] = 2;
    batch.writeInt16BE(codecNumber[this.#compression] | (stamp.isTransactional ? transactionalBit : 0), 21);
    batch.writeInt32BE(this.count - 1, 23);
    batch.writeBigInt64BE(BigInt(this.#baseTimestamp), 27);
    batch.writeBigInt64BE(BigInt(this.#maxTimestamp), 35);
    batch.writeBigInt64BE(stamp.producerId, 43);
    batch.writeInt16BE(stamp.producerEpoch, 51);
    batch.writeInt32BE(stamp.baseSequence, 53);
    batch.writeInt32BE(this.count, 57);
    batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
    this.discard();
    return batch;
  }

  /** Forgets the batch under way. */
  discard(): void {
    this.count = 0;
    this.#length = batchHeaderBytes;
  }

  #write(
    body: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    delta: number,
    headers: readonly RecordHeader[],
  ): void {
    this.#varint(body);
    this.#buffer[this.#length++] = 0;
    this.#varint(delta);
    this.#varint(this.count);
    this.#bytes(key);
    this.#bytes(value);
    this.#varint(headers.length);
    for (const { name, value: headerValue } of headers) {
      const nameBytes = Buffer.byteLength(name);
      this.#varint(nameBytes);
      this.#length += this.#buffer.write(name, this.#length);
      this.#bytes(headerValue);
    }
  }

  #bytes(bytes: Uint8Array | null): void {
    if (bytes === null) {
      this.#varint(-1);
      return;
    }
    this.#varint(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Zigzag, seven bits a byte; values past 31 bits (timestamps far apart) go by division. */
  #varint(value: number): void {
    const buffer = this.#buffer;
    let at = this.#length;
    let rest: number;
    if (value >= -0x40000000 && value <= 0x3fffffff) {
      rest = (value << 1) ^ (value >> 31);
    } else {
      rest = value < 0 ? -2 * value - 1 : 2 * value;
      while (rest > 0x7fffffff) {
        buffer[at++] = (rest % 128) | 128;
        rest = Math.floor(rest / 128);
      }
    }
    while (rest > 127) {
      buffer[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    buffer[at++] = rest;
    this.#length = at;
  }

  #reserve(end: number): void {
    const next = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, Math.max(end, this.#buffer.length * 2)));
    next.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = next;
  }
}

const noHeaders: readonly RecordHeader[] = [];
const transactionalBit = 0x10;

function bodyBytes(
  key: Uint8Array | null,
  value: Uint8Array | null,
  delta: number,
  index: number,
  headers: readonly RecordHeader[],
): number {
  let bytes = 1 + varintBytes(delta) + varintBytes(index) + lengthAndBytes(key) + lengthAndBytes(value);
  bytes += varintBytes(headers.length);
  for (const header of headers) {
    const nameBytes = Buffer.byteLength(header.name);
    bytes += varintBytes(nameBytes) + nameBytes + lengthAndBytes(header.value);
  }
  return bytes;
}

function lengthAndBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintBytes(bytes.length) + bytes.length;
}

function varintBytes(value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  let bytes = 1;
  while (rest > 0x7fffffff) {
    rest = Math.floor(rest / 128);
    bytes++;
  }
  while (rest > 127) {
    rest >>>= 7;
    bytes++;
  }
  return bytes;
}
