import type { Random } from "../../base/random.ts";

/** What the medium writes as a whole. */
export const SECTOR_BYTES = 512;

type Change =
  | { readonly type: "write"; readonly position: number; readonly bytes: Buffer }
  | { readonly type: "truncate"; readonly length: number };

/** What a file holds, and what of it is durable. It lives on while the file is open, whatever becomes of its name. */
export class SimContent {
  /** Changes made so far. */
  changes = 0;
  readonly #now = new Bytes();
  readonly #durable = new Bytes();
  /** Changes that are not durable, oldest first. */
  readonly #pending: Change[] = [];

  get length(): number {
    return this.#now.length;
  }

  read(into: Uint8Array, start: number, length: number, position: number): number {
    const { buffer, length: end } = this.#now;
    const count = Math.max(0, Math.min(length, end - position));
    into.set(buffer.subarray(position, position + count), start);
    return count;
  }

  write(bytes: Uint8Array, position: number): void {
    this.#change({ type: "write", position, bytes: Buffer.from(bytes) });
  }

  truncate(length: number): void {
    this.#change({ type: "truncate", length });
  }

  /** Makes the first so many changes durable. */
  settle(changes: number): void {
    const settled = this.#pending.splice(0, Math.max(0, this.#pending.length - (this.changes - changes)));
    for (const change of settled) this.#durable.apply(change);
  }

  /** Flips bits of a byte on the medium; pending changes cover it still. */
  flip(position: number, bits: number): void {
    for (const bytes of [this.#now, this.#durable]) if (position < bytes.length) bytes.buffer[position]! ^= bits;
  }

  /** What a power cut leaves: all that is durable, and of each change after that all, nothing or a part. */
  afterCrash(random: Random): SimContent {
    const left = new Bytes();
    left.write(this.#durable.buffer.subarray(0, this.#durable.length), 0);
    for (const change of inSomeOrder(this.#pending, random)) {
      if (change.type === "write") writeSome(left, change.position, change.bytes, random);
      else if (random.chance(0.5)) left.apply(change);
    }
    const content = new SimContent();
    for (const bytes of [content.#now, content.#durable]) bytes.write(left.buffer.subarray(0, left.length), 0);
    return content;
  }

  #change(change: Change): void {
    this.changes++;
    this.#now.apply(change);
    this.#pending.push(change);
  }
}

class Bytes {
  buffer = Buffer.alloc(0);
  length = 0;

  apply(change: Change): void {
    if (change.type === "write") this.write(change.bytes, change.position);
    else this.truncate(change.length);
  }

  write(bytes: Uint8Array, position: number): void {
    this.#extend(position + bytes.length);
    this.buffer.set(bytes, position);
  }

  truncate(length: number): void {
    this.#extend(length);
    this.buffer.fill(0, length);
    this.length = length;
  }

  #extend(length: number): void {
    if (length > this.buffer.length) {
      const grown = Buffer.alloc(Math.max(length, this.buffer.length * 2));
      grown.set(this.buffer);
      this.buffer = grown;
    }
    this.length = Math.max(this.length, length);
  }
}

function inSomeOrder(changes: readonly Change[], random: Random): readonly Change[] {
  if (random.chance(0.7)) return changes;
  const shuffled = [...changes];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [shuffled[i], shuffled[other]] = [shuffled[other]!, shuffled[i]!];
  }
  return shuffled;
}

/** All of a write, its beginning, some of its sectors, the file's new length alone, or nothing. */
function writeSome(into: Bytes, position: number, bytes: Buffer, random: Random): void {
  switch (random.pick(["whole", "whole", "lost", "lost", "prefix", "sectors", "length"] as const)) {
    case "whole":
      return into.write(bytes, position);
    case "lost":
      return;
    case "prefix":
      return into.write(bytes.subarray(0, random.below(bytes.length + 1)), position);
    case "length":
      return into.truncate(Math.max(into.length, position + bytes.length));
    case "sectors": {
      if (random.chance(0.5)) into.truncate(Math.max(into.length, position + bytes.length));
      for (let at = position; at < position + bytes.length; ) {
        const end = Math.min((Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES, position + bytes.length);
        if (random.chance(0.5)) into.write(bytes.subarray(at - position, end - position), at);
        at = end;
      }
    }
  }
}
