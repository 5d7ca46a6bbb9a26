/**
 * Writes Avro's binary encoding into one buffer that it reuses. Values must fit what the schema says; nothing is checked.
 */
export class AvroWriter {
  #bytes = Buffer.allocUnsafe(4096);
  #at = 0;
  readonly #big = new BigInt64Array(1);
  readonly #words = new Int32Array(this.#big.buffer);

  /** Empties the buffer and begins a message in Confluent framing: a zero byte and the schema's id. */
  begin(schemaId: number): void {
    this.#bytes[0] = 0;
    this.#bytes.writeUInt32BE(schemaId, 1);
    this.#at = 5;
  }

  /** A copy of the message. */
  finish(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, 0, this.#at);
  }

  /** An int or a long; also the index of a union's branch. The number must be a safe integer. */
  long(value: number): void {
    if (value < -EXACT_ZIGZAG) {
      this.bigLong(BigInt(value));
      return;
    }
    this.#reserve(10);
    let rest = value >= 0 ? value * 2 : value * -2 - 1;
    while (rest > 0x7fffffff) {
      this.#bytes[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#varint(rest);
  }

  /** A long of any size. */
  bigLong(value: bigint): void {
    this.#reserve(10);
    this.#big[0] = (value << 1n) ^ (value >> 63n);
    let low = this.#words[0]! >>> 0;
    let high = this.#words[1]! >>> 0;
    while (high !== 0) {
      this.#bytes[this.#at++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#varint(low);
  }

  text(value: string): void {
    const length = value.length;
    this.#reserve(length * 3 + 10);
    for (let i = 0; i < length; i++) {
      if (value.charCodeAt(i) < 128) continue;
      this.long(Buffer.byteLength(value));
      this.#at += this.#bytes.write(value, this.#at);
      return;
    }
    this.long(length);
    for (let i = 0; i < length; i++) this.#bytes[this.#at + i] = value.charCodeAt(i);
    this.#at += length;
  }

  /** An unscaled decimal as Kafka Connect writes it: the shortest big-endian two's complement. A safe integer. */
  decimal(unscaled: number): void {
    this.#reserve(20);
    let length = 1;
    let unit = 1;
    for (let limit = 128; unscaled >= limit || unscaled < -limit; limit *= 256) {
      length++;
      unit *= 256;
    }
    this.long(length);
    for (; length > 0; length--, unit /= 256) {
      const digit = Math.floor(unscaled / unit) % 256;
      this.#bytes[this.#at++] = digit < 0 ? digit + 256 : digit;
    }
  }

  /** Bytes that are in Avro's encoding already. */
  encoded(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    const next = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + length));
    next.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = next;
  }
}

/** Below its negative the zigzag of a number is odd and past 2^53. */
const EXACT_ZIGZAG = 2 ** 52;

/** Texts in Avro's encoding, one after the other, for parts of a message that never change. */
export function encodedTexts(...texts: readonly string[]): Uint8Array {
  const writer = new AvroWriter();
  writer.begin(0);
  for (const text of texts) writer.text(text);
  return writer.finish().subarray(5);
}
