import { assert } from "../../base/errors.ts";

/**
 * Memory of a connection's answers, used again once nobody keeps a part of it: answers are large, and new memory for each
 * costs more than reading it. What is kept and never given back is the garbage collector's, so that an error on the way
 * needs no care.
 */
export class AnswerMemory {
  /** Ascending by size. */
  readonly #spare: Buffer[] = [];

  /** Room for an answer, which is kept: who has read it gives it back. */
  take(length: number): Buffer {
    const fitting = this.#spare.findIndex((buffer) => buffer.length >= length);
    const buffer = fitting >= 0 ? this.#spare.splice(fitting, 1)[0]! : Buffer.allocUnsafeSlow(roomFor(length));
    owners.set(buffer.buffer, { kept: 1, end: () => this.#end(buffer) });
    return buffer.subarray(0, length);
  }

  #end(buffer: Buffer): void {
    if (buffer.length > MOST_SPARE_BYTES) return;
    this.#spare.push(buffer);
    this.#spare.sort((a, b) => a.length - b.length);
    if (this.#spare.length > MOST_SPARES) this.#spare.shift();
  }
}

/** Keeps a part of an answer from being overwritten, until it is given back. Other memory needs no keeping. */
export function keep(part: Buffer): void {
  const owner = owners.get(part.buffer);
  if (owner !== undefined) owner.kept++;
}

/** Gives back a part of an answer that was kept: it must not be looked at any more. */
export function giveBack(part: Buffer): void {
  const owner = owners.get(part.buffer);
  if (owner === undefined) return;
  assert(owner.kept > 0, "what is given back was kept");
  if (--owner.kept === 0) owner.end();
}

/** How many parts of an answer are kept, and what to do when it is none any more. */
const owners = new WeakMap<ArrayBufferLike, { kept: number; readonly end: () => void }>();

/** One that is read, one that waits and one that comes. */
const MOST_SPARES = 3;
const MOST_SPARE_BYTES = 16 * 1024 * 1024;
const LEAST_BYTES = 64 * 1024;

/** The next power of two: answers are seldom of one size. */
function roomFor(length: number): number {
  return Math.max(LEAST_BYTES, 2 ** Math.ceil(Math.log2(length)));
}
