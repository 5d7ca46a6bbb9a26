import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import { hashOf, RowIndex } from "./row-index.ts";

/** Of a row that never stood beside another count of matches than what the other side holds now. */
export const UNCOUNTED = -1;

const SEED = 1;
const COUNTED = 2;
/** Its time is what its ttl counts from; it has no event time. */
const TIMELESS = 8;
/** Removed, and still in the way: only in memory. */
const GONE = 4;

/** So many bytes behind a row are moved when it goes; if there are more, it is marked. */
const FEW_BYTES = 2_048;
/** An index is made for a run of so many rows or more, */
const MANY = 32;
/** once so many times as many rows as it has were looked at without one. */
const LOOKS = 4;

/**
 * The rows of one side and key of a join, in the order in which they came: packed one behind the other, so that a row is
 * added without a look at the others, and a run is written and read as it is. Equal rows stand in it each for itself.
 *
 * A row is its length, flags, time (the seed's own for one of the seed, that of the write for one without any), the number of its matches where it is counted,
 * and its fields. `first` and `next` go from row to row and give places; the accessors take them. What rows are removed from
 * one by one costs the same for each, however many there are.
 */
export class RowRun {
  count = 0;
  bytes: Buffer;
  /** Where the last row ends. */
  length = 0;
  /** NaN while nobody asked. */
  #oldest = Number.NaN;
  #first = 0;
  /** Bytes of rows that are marked as gone. */
  #gone = 0;
  /** Rows that were looked at since there was no index. */
  #looked = 0;
  #index: RowIndex | undefined;

  constructor(bytes: Buffer = Buffer.alloc(0), length = 0, count = 0) {
    this.bytes = bytes;
    this.length = length;
    this.count = count;
  }

  /** Bytes of the rows that are there. */
  get size(): number {
    return this.length - this.#gone;
  }

  /**
   * Adds a row at the end: the packed fields that are in `row`. `matches` may be UNCOUNTED. `written` is what the ttl of a
   * row counts from that has no time.
   */
  add(row: ByteWriter, time: number, isSeed: boolean, matches = UNCOUNTED, written = time): void {
    const flags = (isSeed ? SEED : 0) | (time === BEFORE_ALL_TIME ? TIMELESS : 0);
    this.#append(row.buffer, 0, row.length, written, flags, matches);
  }

  /** The place of the first of the rows whose fields are those in `row`; −1 if there is none. */
  find(row: ByteWriter): number {
    if (this.#index !== undefined) return this.#findBy(this.#index, row);
    let place = this.#first;
    while (place < this.length && !this.#equals(place, row)) {
      this.#looked++;
      place = this.next(place);
    }
    if (this.count >= MANY && this.#looked > LOOKS * this.count) this.#makeIndex();
    return place < this.length ? place : -1;
  }

  /** Removes the row at a place; all other places are others then. */
  remove(place: number): void {
    const end = this.endAt(place);
    this.count--;
    if (this.#index === undefined && this.length - end < FEW_BYTES) {
      this.bytes.copyWithin(place, end, this.length);
      this.length -= end - place;
    } else {
      this.#index?.remove(hashOf(this.bytes, this.fieldsAt(place), end), place);
      this.bytes[this.#flagsAt(place)]! |= GONE;
      this.#gone += end - place;
    }
    if (place === this.#first) this.#first = this.#kept(place);
    if (this.#gone * 2 > this.length) this.#compact();
  }

  /** The place of the first row: `length` where there is none. */
  get first(): number {
    return this.#first;
  }

  /** The place of the next row: `length` behind the last one. */
  next(place: number): number {
    return this.#kept(this.endAt(place));
  }

  /** Where a row ends. */
  endAt(place: number): number {
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
    const flags = this.#flagsAt(place);
    return (this.bytes[flags]! & TIMELESS) === 0 ? this.bytes.readDoubleLE(flags + 1) : BEFORE_ALL_TIME;
  }

  /** What its ttl counts from; before all time while that is not known. */
  writtenAt(place: number): number {
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

  /** The ttl of rows of which it is not known counts from a time. */
  date(time: number): void {
    for (let place = this.#first; place < this.length; place = this.next(place)) {
      if (this.writtenAt(place) !== BEFORE_ALL_TIME) continue;
      const flags = this.#flagsAt(place);
      this.bytes[flags]! |= TIMELESS;
      this.bytes.writeDoubleLE(time, flags + 1);
    }
    this.#oldest = Number.NaN;
  }

  /** The rows written later than a time, if one is given; those that are not counted yet get a count, unless it is UNCOUNTED. */
  after(time: number | undefined, matches = UNCOUNTED): RowRun {
    const kept = new RowRun(Buffer.allocUnsafe(this.size), 0, 0);
    for (let place = this.#first; place < this.length; place = this.next(place)) {
      const own = this.writtenAt(place);
      if (time !== undefined && own <= time) continue;
      const known = this.matchesAt(place);
      const start = this.fieldsAt(place);
      const count = known === UNCOUNTED ? matches : known;
      kept.#append(
        this.bytes,
        start,
        this.endAt(place),
        own,
        this.bytes[this.#flagsAt(place)]! & (SEED | TIMELESS),
        count,
      );
    }
    return kept;
  }

  /** No row was written before; +∞ without any row. */
  oldest(): number {
    if (!Number.isNaN(this.#oldest)) return this.#oldest;
    let oldest = Number.POSITIVE_INFINITY;
    for (let place = this.#first; place < this.length; place = this.next(place))
      oldest = Math.min(oldest, this.writtenAt(place));
    this.#oldest = oldest;
    return oldest;
  }

  #append(from: Buffer, start: number, end: number, written: number, flags: number, matches: number): void {
    const isCounted = matches !== UNCOUNTED;
    const size = 9 + (isCounted ? 4 : 0) + end - start;
    let at = this.length;
    this.#reserve(at + prefixOf(size) + size);
    const { bytes } = this;
    let rest = size;
    for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
    bytes[at++] = rest;
    bytes[at++] = flags | (isCounted ? COUNTED : 0);
    at = bytes.writeDoubleLE(written, at);
    if (isCounted) at = bytes.writeUInt32LE(matches, at);
    if (end - start < 24) for (let i = start; i < end; i++) bytes[at++] = from[i]!;
    else at += from.copy(bytes, at, start, end);
    this.#index?.add(hashOf(from, start, end), this.length);
    this.length = at;
    this.count++;
    if (written < this.#oldest) this.#oldest = written;
  }

  /** The first place from this one on where a row is that is not gone. */
  #kept(from: number): number {
    let place = from;
    if (this.#gone > 0) while (place < this.length && this.#isGone(place)) place = this.endAt(place);
    return place;
  }

  #isGone(place: number): boolean {
    return (this.bytes[this.#flagsAt(place)]! & GONE) !== 0;
  }

  #findBy(index: RowIndex, row: ByteWriter): number {
    let entry = index.first(hashOf(row.buffer, 0, row.length));
    while (entry >= 0 && !this.#equals(index.placeOf(entry), row)) entry = index.next(entry);
    return entry < 0 ? -1 : index.placeOf(entry);
  }

  #makeIndex(): void {
    const index = new RowIndex();
    for (let place = this.#first; place < this.length; place = this.next(place)) {
      index.add(hashOf(this.bytes, this.fieldsAt(place), this.endAt(place)), place);
    }
    this.#index = index;
    this.#looked = 0;
  }

  /** Lets go of the rows that are gone. */
  #compact(): void {
    let used = 0;
    for (let place = this.#first; place < this.length; ) {
      const end = this.endAt(place);
      const next = this.#kept(end);
      this.bytes.copyWithin(used, place, end);
      used += end - place;
      place = next;
    }
    this.length = used;
    this.#first = 0;
    this.#gone = 0;
    if (this.#index === undefined) return;
    this.#index = undefined;
    if (this.count >= MANY) this.#makeIndex();
  }

  #equals(place: number, row: ByteWriter): boolean {
    const start = this.fieldsAt(place);
    if (this.endAt(place) - start !== row.length) return false;
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
export function writeRun(run: RowRun, out: ByteWriter): void {
  const { count, bytes } = run;
  out.uint(count);
  out.uint(run.size);
  // Row by row only where some between them are gone.
  if (run.size === run.length) out.raw(bytes, 0, run.length);
  else for (let place = run.first; place < run.length; place = run.next(place)) out.raw(bytes, place, run.endAt(place));
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
