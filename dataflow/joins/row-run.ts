import type { ByteReader, ByteWriter } from "../../base/bytes.ts";

/** Of a row that never stood beside another count of matches than what the other side holds now. */
export const UNCOUNTED = -1;

const SEED = 1;
const COUNTED = 2;

/**
 * The rows of one side and key of a join, in the order in which they came: packed one behind the other, so that a row is
 * added without a look at the others, and a run is written and read as it is. Equal rows stand in it each for itself.
 *
 * A row is its length, flags, time (the seed's own for one of the seed), the number of its matches where it is counted,
 * and its fields. `first` and `next` go from row to row and give places; the accessors take them.
 */
export class RowRun {
  count = 0;
  bytes: Buffer;
  /** Bytes in use. */
  length = 0;
  /** NaN while nobody asked. */
  #oldest = Number.NaN;

  constructor(bytes: Buffer = Buffer.alloc(0), length = 0, count = 0) {
    this.bytes = bytes;
    this.length = length;
    this.count = count;
  }

  /** Adds a row at the end: the packed fields that are in `row`. `matches` may be UNCOUNTED. */
  add(row: ByteWriter, time: number, isSeed: boolean, matches = UNCOUNTED): void {
    this.#append(row.buffer, 0, row.length, time, isSeed, matches);
  }

  /** The place of the first of the rows whose fields are those in `row`; −1 if there is none. */
  find(row: ByteWriter): number {
    for (let place = 0; place < this.length; place = this.next(place)) if (this.#equals(place, row)) return place;
    return -1;
  }

  remove(place: number): void {
    const next = this.next(place);
    this.bytes.copyWithin(place, next, this.length);
    this.length -= next - place;
    this.count--;
  }

  /** The place behind a row: `length` behind the last one. */
  next(place: number): number {
    const size = this.#sizeAt(place);
    return place + prefixOf(size) + size;
  }

  /** Where a row's packed fields begin. */
  fieldsAt(place: number): number {
    const flags = this.#flagsAt(place);
    return flags + 9 + ((this.bytes[flags]! & COUNTED) === 0 ? 0 : 4);
  }

  /** Its event time; that of the seed for one of the seed; −∞ for one without any. */
  timeAt(place: number): number {
    return this.bytes.readDoubleLE(this.#flagsAt(place) + 1);
  }

  isSeedAt(place: number): boolean {
    return (this.bytes[this.#flagsAt(place)]! & SEED) !== 0;
  }

  /** Its matches that came and were not retracted, or UNCOUNTED. */
  matchesAt(place: number): number {
    const flags = this.#flagsAt(place);
    return (this.bytes[flags]! & COUNTED) === 0 ? UNCOUNTED : this.bytes.readUInt32LE(flags + 9);
  }

  /** Only for a row that is counted. */
  setMatches(place: number, matches: number): void {
    this.bytes.writeUInt32LE(matches, this.#flagsAt(place) + 9);
  }

  /** The rows later than a time, if one is given; those that are not counted yet get a count, unless it is UNCOUNTED. */
  after(time: number | undefined, matches = UNCOUNTED): RowRun {
    const kept = new RowRun(Buffer.allocUnsafe(this.length), 0, 0);
    for (let place = 0; place < this.length; place = this.next(place)) {
      const own = this.timeAt(place);
      if (time !== undefined && own <= time) continue;
      const known = this.matchesAt(place);
      const start = this.fieldsAt(place);
      const count = known === UNCOUNTED ? matches : known;
      kept.#append(this.bytes, start, this.next(place), own, this.isSeedAt(place), count);
    }
    return kept;
  }

  /** No row's time is less; +∞ without any row. */
  oldest(): number {
    if (!Number.isNaN(this.#oldest)) return this.#oldest;
    let oldest = Number.POSITIVE_INFINITY;
    for (let place = 0; place < this.length; place = this.next(place)) oldest = Math.min(oldest, this.timeAt(place));
    this.#oldest = oldest;
    return oldest;
  }

  #append(from: Buffer, start: number, end: number, time: number, isSeed: boolean, matches: number): void {
    const isCounted = matches !== UNCOUNTED;
    const size = 9 + (isCounted ? 4 : 0) + end - start;
    let at = this.length;
    this.#reserve(at + prefixOf(size) + size);
    const { bytes } = this;
    let rest = size;
    for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
    bytes[at++] = rest;
    bytes[at++] = (isSeed ? SEED : 0) | (isCounted ? COUNTED : 0);
    at = bytes.writeDoubleLE(time, at);
    if (isCounted) at = bytes.writeUInt32LE(matches, at);
    if (end - start < 24) for (let i = start; i < end; i++) bytes[at++] = from[i]!;
    else at += from.copy(bytes, at, start, end);
    this.length = at;
    this.count++;
    if (time < this.#oldest) this.#oldest = time;
  }

  #equals(place: number, row: ByteWriter): boolean {
    const start = this.fieldsAt(place);
    if (this.next(place) - start !== row.length) return false;
    const { bytes } = this;
    for (let i = 0; i < row.length; i++) if (bytes[start + i] !== row.buffer[i]) return false;
    return true;
  }

  #sizeAt(place: number): number {
    const { bytes } = this;
    let byte = bytes[place]!;
    let size = byte & 127;
    for (let shift = 7; byte > 127; shift += 7) {
      byte = bytes[++place]!;
      size |= (byte & 127) << shift;
    }
    return size;
  }

  #flagsAt(place: number): number {
    let at = place;
    while (this.bytes[at]! > 127) at++;
    return at + 1;
  }

  /** A single row takes what it needs; runs that grow get room for as much again. */
  #reserve(length: number): void {
    if (length <= this.bytes.length) return;
    const next = Buffer.allocUnsafe(this.length === 0 ? length : Math.max(length, this.length * 2));
    this.bytes.copy(next, 0, 0, this.length);
    this.bytes = next;
  }
}

/** Writes a run. */
export function writeRun({ count, bytes, length }: RowRun, out: ByteWriter): void {
  out.uint(count);
  out.uint(length);
  out.raw(bytes, 0, length);
}

/** Reads what `writeRun` wrote. */
export function readRun(input: ByteReader): RowRun {
  const count = input.uint();
  const from = input.block();
  const bytes = Buffer.allocUnsafe(from.length);
  from.copy(bytes);
  return new RowRun(bytes, from.length, count);
}

function prefixOf(size: number): number {
  return size < 0x80 ? 1 : size < 0x4000 ? 2 : size < 0x200000 ? 3 : size < 0x10000000 ? 4 : 5;
}
