import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { unpackCurrency } from "../base/money.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";

/** Times and numbers that have a byte of their own, or a double behind it; all others are counted from `FIRST_WHOLE` on. */
const BEFORE_ALL = 0;
const NEVER = 1;
const DOUBLE = 2;
const FIRST_WHOLE = 3;
/** Whole numbers below this are written as such. */
const LIMIT = 2 ** 50;
const BIG_LIMIT = 2n ** 50n;

/** Texts of a key that are told from one another, so that a repeated one is written once. */
const MOST_TEXTS = 16;

/**
 * Writes the values that the state of one key consists of, in few bytes: a time by its distance from the one before, a
 * currency or a value of a field once. `start` begins a key; what it writes is read by a `StateReader` in the same order.
 */
export class StateWriter {
  #out!: ByteWriter;
  /** The last finite time. */
  #time = 0;
  readonly #currencies: number[] = [];
  readonly #codes: string[] = [];
  readonly #texts: string[] = [];

  start(out: ByteWriter): this {
    this.#out = out;
    this.#texts.length = 0;
    this.#time = 0;
    this.#currencies.length = 0;
    this.#codes.length = 0;
    return this;
  }

  byte(value: number): void {
    this.#out.byte(value);
  }

  /** A count or an index. */
  uint(value: number): void {
    this.#out.uint(value);
  }

  text(value: string): void {
    this.#out.text(value);
  }

  /** Bytes, with their length in front. */
  block(value: Uint8Array): void {
    this.#out.block(value);
  }

  /** A text that is likely to come again. */
  sharedText(value: string): void {
    const texts = this.#texts;
    const known = texts.indexOf(value);
    this.#out.byte(known + 1);
    if (known >= 0) return;
    this.#out.text(value);
    if (texts.length < MOST_TEXTS) texts.push(value);
  }

  /** Any number; zero without its sign. */
  number(value: number): void {
    this.#number(value, 0);
  }

  /** An event time in ms, ±∞ included. */
  time(value: number): void {
    this.#number(value, this.#time);
    if (Number.isFinite(value)) this.#time = value;
  }

  amount(value: bigint): void {
    if (value < BIG_LIMIT && value > -BIG_LIMIT) {
      this.#out.uint(1 + zigzag(Number(value)));
      return;
    }
    this.#out.byte(0);
    this.#out.bigint(value);
  }

  /** A packed currency. */
  currency(packed: number): void {
    const known = this.#currencies.indexOf(packed);
    if (known >= 0) this.#out.uint(known);
    else this.#define(packed, unpackCurrency(packed));
  }

  /** A currency by its three letters. */
  currencyCode(code: string): void {
    const known = this.#codes.indexOf(code);
    if (known >= 0) this.#out.uint(known);
    else this.#define(code.charCodeAt(0) | (code.charCodeAt(1) << 8) | (code.charCodeAt(2) << 16), code);
  }

  #define(packed: number, code: string): void {
    this.#out.uint(this.#currencies.push(packed) - 1);
    this.#codes.push(code);
    for (let shift = 0; shift < 24; shift += 8) this.#out.byte((packed >> shift) & 0xff);
  }

  #number(value: number, near: number): void {
    const out = this.#out;
    const distance = value - near;
    if (distance < LIMIT && distance > -LIMIT && Number.isInteger(distance) && near + distance === value) {
      out.uint(FIRST_WHOLE + zigzag(distance));
    } else if (value === BEFORE_ALL_TIME) {
      out.byte(BEFORE_ALL);
    } else if (value === Number.POSITIVE_INFINITY) {
      out.byte(NEVER);
    } else {
      out.byte(DOUBLE);
      out.float64(value);
    }
  }
}

/** Reads what a `StateWriter` wrote, in the same order; `start` begins a key. */
export class StateReader {
  #input!: ByteReader;
  #time = 0;
  readonly #currencies: number[] = [];
  readonly #codes: string[] = [];
  readonly #texts: string[] = [];

  start(input: ByteReader): this {
    this.#input = input;
    this.#texts.length = 0;
    this.#time = 0;
    this.#currencies.length = 0;
    this.#codes.length = 0;
    return this;
  }

  byte(): number {
    return this.#input.byte();
  }

  uint(): number {
    return this.#input.uint();
  }

  text(): string {
    return this.#input.text();
  }

  /** A copy of what `block` wrote. */
  block(): Buffer {
    const view = this.#input.block();
    const own = Buffer.allocUnsafeSlow(view.length);
    own.set(view);
    return own;
  }

  sharedText(): string {
    const known = this.#input.byte();
    if (known > 0) return this.#texts[known - 1]!;
    const value = this.#input.text();
    if (this.#texts.length < MOST_TEXTS) this.#texts.push(value);
    return value;
  }

  number(): number {
    return this.#number(0);
  }

  time(): number {
    const value = this.#number(this.#time);
    if (Number.isFinite(value)) this.#time = value;
    return value;
  }

  amount(): bigint {
    const code = this.#input.uint();
    return code === 0 ? this.#input.bigint() : BigInt(unzigzag(code - 1));
  }

  currency(): number {
    return this.#currencies[this.#currencyIndex()]!;
  }

  currencyCode(): string {
    return this.#codes[this.#currencyIndex()]!;
  }

  #currencyIndex(): number {
    const input = this.#input;
    const index = input.uint();
    if (index === this.#currencies.length) {
      const packed = input.byte() | (input.byte() << 8) | (input.byte() << 16);
      this.#currencies.push(packed);
      this.#codes.push(unpackCurrency(packed));
    }
    return index;
  }

  #number(near: number): number {
    const code = this.#input.uint();
    switch (code) {
      case BEFORE_ALL:
        return BEFORE_ALL_TIME;
      case NEVER:
        return Number.POSITIVE_INFINITY;
      case DOUBLE:
        return this.#input.float64();
      default:
        return near + unzigzag(code - FIRST_WHOLE);
    }
  }
}

/** Whole numbers of both signs as 0, 1, 2, …: small where their magnitude is. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(code: number): number {
  return code % 2 === 0 ? code / 2 : -(code + 1) / 2;
}
