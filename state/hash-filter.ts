/**
 * Tells of most hashes that were not added that they were not, with one look at one bit. All bits of a hash are of use. None
 * can be taken out.
 */
export class HashFilter {
  /** Memory that it takes. */
  readonly bytes: number;
  readonly #words: Int32Array;
  /** A hash's bit is what is left of it: its upper bits. */
  readonly #shift: number;
  #room: number;

  /** With room for so many hashes, and at least as many more. */
  constructor(hashes: number) {
    this.bytes = bytesFor(hashes);
    this.#words = new Int32Array(this.bytes / 4);
    this.#shift = 29 - Math.log2(this.bytes);
    this.#room = this.bytes;
  }

  /** As many were added as there is room for: with more it is of less use, and no less right. */
  get isFull(): boolean {
    return this.#room <= 0;
  }

  add(hash: number): void {
    const bit = hash >>> this.#shift;
    this.#words[bit >>> 5]! |= 1 << bit;
    this.#room--;
  }

  /** False: it was not added. */
  mayHave(hash: number): boolean {
    const bit = hash >>> this.#shift;
    return ((this.#words[bit >>> 5]! >>> bit) & 1) === 1;
  }
}

/** Memory that a filter for so many hashes takes: 16 to 32 bits each, which are 8 when it is full. */
export function bytesFor(hashes: number): number {
  return 2 ** Math.max(LEAST_BITS, Math.ceil(Math.log2(2 * hashes)));
}

/** Of its bytes: 4 KiB. */
const LEAST_BITS = 12;
