import { assert } from "./errors.ts";

/**
 * Writes values one after the other into a buffer that grows. `bytes()` is a view of what was written, valid until the
 * next write; `clear` keeps the memory.
 */
export class ByteWriter {
  buffer: Buffer;
  length = 0;
  #view: DataView;

  constructor(capacity = 256) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
    this.#view = new DataView(this.buffer.buffer);
  }

  bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  byte(value: number): void {
    if (this.length === this.buffer.length) this.#reserve(1);
    this.buffer[this.length++] = value;
  }

  /** A whole number from 0 to 2^53 − 1, in as few bytes as it takes, seven bits each. */
  uint(value: number): void {
    if (this.length + 8 > this.buffer.length) this.#reserve(8);
    const { buffer } = this;
    let at = this.length;
    let rest = value;
    while (rest > 0x7fffffff) {
      const more = Math.floor(rest / 128);
      buffer[at++] = (rest - more * 128) | 128;
      rest = more;
    }
    while (rest >= 128) {
      buffer[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    buffer[at++] = rest;
    this.length = at;
  }

  /** A whole number from 0 to 2^32 − 1, in four bytes. */
  uint32(value: number): void {
    if (this.length + 4 > this.buffer.length) this.#reserve(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** An IEEE double, infinities included. */
  float64(value: number): void {
    if (this.length + 8 > this.buffer.length) this.#reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** A signed integer of any size. */
  bigint(value: bigint): void {
    let rest = value < 0n ? -value * 2n - 1n : value * 2n;
    while (rest >= 128n) {
      this.byte(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.byte(Number(rest));
  }

  flag(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  /** UTF-8, with its length in front. */
  text(value: string): void {
    const { length } = value;
    if (this.length + length * 3 + 8 > this.buffer.length) this.#reserve(length * 3 + 8);
    if (length < 48) {
      const at = this.length;
      this.buffer[at] = length;
      let i = 0;
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code > 127) break;
        this.buffer[at + 1 + i] = code;
      }
      if (i === length) {
        this.length = at + 1 + length;
        return;
      }
    }
    this.uint(Buffer.byteLength(value, "utf8"));
    this.length += this.buffer.write(value, this.length, "utf8");
  }

  /** Bytes, with their length in front. */
  block(value: Uint8Array): void {
    this.uint(value.length);
    this.raw(value, 0, value.length);
  }

  /** `from[start .. end)` as it is. */
  raw(from: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.length + length > this.buffer.length) this.#reserve(length);
    const { buffer, length: at } = this;
    if (length < 24) for (let i = 0; i < length; i++) buffer[at + i] = from[start + i]!;
    else buffer.set(from.subarray(start, end), at);
    this.length = at + length;
  }

  /** Makes room for so many bytes more, for those who write into `buffer` themselves, from `length` on. */
  reserve(more: number): void {
    if (this.length + more > this.buffer.length) this.#reserve(more);
  }

  #reserve(more: number): void {
    const next = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.length + more));
    next.set(this.buffer.subarray(0, this.length));
    this.buffer = next;
    this.#view = new DataView(next.buffer);
  }
}

/**
 * Reads what a `ByteWriter` wrote, in the same order. `reset` points it at other bytes, which must not change while they
 * are read; `block` gives a view of them. Reading past the end is a defect of the caller: damage is found by checksums.
 */
export class ByteReader {
  buffer: Buffer;
  position = 0;
  end = 0;
  #view: DataView;

  constructor(bytes: Uint8Array = Buffer.alloc(0)) {
    this.buffer = asBuffer(bytes);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length;
  }

  reset(bytes: Uint8Array, start: number, end: number): this {
    if (bytes !== this.buffer) {
      this.buffer = asBuffer(bytes);
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.position = start;
    this.end = end;
    return this;
  }

  get isAtEnd(): boolean {
    return this.position >= this.end;
  }

  byte(): number {
    this.#require(1);
    return this.buffer[this.position++]!;
  }

  uint(): number {
    let value = 0;
    let unit = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * unit;
      if (byte < 128) return value;
      unit *= 128;
    }
  }

  uint32(): number {
    this.#require(4);
    this.position += 4;
    return this.#view.getUint32(this.position - 4, true);
  }

  float64(): number {
    this.#require(8);
    this.position += 8;
    return this.#view.getFloat64(this.position - 8, true);
  }

  bigint(): bigint {
    let value = 0n;
    let small = 0;
    let shift = 0;
    for (;;) {
      const byte = this.byte();
      if (shift < 28) small |= (byte & 127) << shift;
      else value |= BigInt(byte & 127) << BigInt(shift);
      if (byte < 128) break;
      shift += 7;
    }
    value |= BigInt(small);
    return (value & 1n) === 0n ? value >> 1n : -((value + 1n) >> 1n);
  }

  flag(): boolean {
    return this.byte() === 1;
  }

  text(): string {
    const length = this.uint();
    this.#require(length);
    const start = this.position;
    this.position = start + length;
    if (length < 16) {
      let text = "";
      for (let i = start; i < this.position; i++) {
        const byte = this.buffer[i]!;
        if (byte > 127) return this.buffer.toString("utf8", start, this.position);
        text += String.fromCharCode(byte);
      }
      return text;
    }
    return this.buffer.toString("utf8", start, this.position);
  }

  block(): Buffer {
    const length = this.uint();
    this.#require(length);
    this.position += length;
    return this.buffer.subarray(this.position - length, this.position);
  }

  #require(bytes: number): void {
    assert(this.position + bytes <= this.end, "read past the end of what was written");
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
