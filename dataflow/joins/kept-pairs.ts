import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { AFTER_ALL_TIME } from "../../base/time.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import type { Fields } from "../model.ts";
import type { StateCodec } from "../operator.ts";
import { fieldsCodec } from "../state-codec.ts";
import { packedCodec } from "./packed-codec.ts";
import { packedRows } from "./packed-rows.ts";

/** Of a side without rows: most sides of most keys. Never changed. */
const NONE: number[] = [];
const NOTHING = new Uint8Array(0);

/**
 * Rows of one side, by time and then in the order in which they came: those from `first` on are kept, those before it are
 * forgotten. A row is `lengths[i]` bytes of its owner's heap: a byte that is 1 once the row has a partner, and the packed row.
 */
export class SideRows {
  times = NONE;
  starts = NONE;
  lengths = NONE;
  first = 0;
  /** Every row before it has a partner, or no use for one. */
  lonely = 0;

  get end(): number {
    return this.times.length;
  }

  get isEmpty(): boolean {
    return this.first === this.times.length;
  }

  /** The first kept row at or after a time. */
  from(time: number): number {
    const { times } = this;
    let low = this.first;
    let high = times.length;
    // Rows come about in order: most are looked for at the end.
    if (high > low && times[high - 1]! < time) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (times[middle]! < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Puts a row behind those of its time. */
  insert(time: number, start: number, length: number, hasPartner: boolean): void {
    const { times, starts, lengths } = this;
    if (times === NONE) {
      this.times = [time];
      this.starts = [start];
      this.lengths = [length];
      return;
    }
    let at = times.length;
    if (at > this.first && times[at - 1]! > time) at = this.from(time + 1);
    if (at === times.length) {
      times.push(time);
      starts.push(start);
      lengths.push(length);
    } else {
      times.splice(at, 0, time);
      starts.splice(at, 0, start);
      lengths.splice(at, 0, length);
    }
    if (at < this.lonely) this.lonely = hasPartner ? this.lonely + 1 : at;
  }

  /** Lets go of places that are forgotten, now and then. */
  tidy(): void {
    const { first } = this;
    if (first < 32 || first * 2 < this.times.length) return;
    for (const list of [this.times, this.starts, this.lengths]) list.splice(0, first);
    this.lonely = Math.max(0, this.lonely - first);
    this.first = 0;
  }
}

/** What a join keeps of one key: rows of both sides, in one heap. */
export class KeptPairs {
  readonly sides = [new SideRows(), new SideRows()] as const;
  /** The earliest timer that is still to come; +∞ where there is none. */
  timer = AFTER_ALL_TIME;
  heap = NOTHING;
  #used = 0;
  /** Where the room in the heap ends that is its own. */
  #end = 0;
  /** Bytes of rows that are kept. */
  #live = 0;

  get isEmpty(): boolean {
    return this.sides[0].isEmpty && this.sides[1].isEmpty;
  }

  /** Keeps a row: `length` of the bytes. */
  add(side: number, time: number, bytes: Buffer, length: number, from = 0): void {
    if (this.#used + length > this.#end) this.#makeRoom(length);
    const start = this.#used;
    if (length < SHORT) for (let i = 0; i < length; i++) this.heap[start + i] = bytes[from + i]!;
    else bytes.copy(this.heap, start, from, from + length);
    this.#used += length;
    this.#live += length;
    this.sides[side]!.insert(time, start, length, this.heap[start] === 1);
  }

  /** Forgets the first row of a side. */
  dropFirst(side: number): void {
    const rows = this.sides[side]!;
    this.#live -= rows.lengths[rows.first]!;
    rows.first++;
    if (rows.lonely < rows.first) rows.lonely = rows.first;
  }

  hasPartner(rows: SideRows, at: number): boolean {
    return this.heap[rows.starts[at]!] === 1;
  }

  #makeRoom(length: number): void {
    for (const rows of this.sides) rows.tidy();
    if (this.#live > 0 || length > MOST_SHARED) {
      this.#grow(length);
      return;
    }
    if (sharedUsed + length > shared.length) {
      shared = new Uint8Array(SHARED_BYTES);
      sharedUsed = 0;
    }
    this.heap = shared;
    this.#used = sharedUsed;
    sharedUsed += length;
    this.#end = sharedUsed;
  }

  /** Takes a heap of its own, or drops what no row uses any more where that is the greater part. */
  #grow(length: number): void {
    const old = this.heap;
    const heap = new Uint8Array(2 * (this.#live + length));
    let used = 0;
    for (const rows of this.sides) {
      for (let at = rows.first; at < rows.end; at++) {
        const start = rows.starts[at]!;
        const end = start + rows.lengths[at]!;
        if (end - start < SHORT) for (let i = start; i < end; i++) heap[used + i - start] = old[i]!;
        else heap.set(old.subarray(start, end), used);
        rows.starts[at] = used;
        used += end - start;
      }
    }
    this.heap = heap;
    this.#used = used;
    this.#end = heap.length;
  }
}

/**
 * Room that keys share for their first row, which is the only one of most: a typed array each costs more than all else of
 * such a key. Rows that come about together end about together, so little of it is held by few.
 */
let shared = new Uint8Array(0);
let sharedUsed = 0;
const SHARED_BYTES = 1 << 14;
const MOST_SHARED = 512;

/** Bytes that are copied sooner one by one. */
const SHORT = 40;

/** Packed rows stay packed, in heaps that are half empty at times, beside lists of their times and places. */
const WEIGHT_PER_BYTE = 3;

/**
 * The codec of what a join keeps of a key, of these fields of each side: the time, whether it has a partner and the fields of
 * each row. Its bytes are those of the Avro codec of its schema, which has the name of the `kind` of join.
 */
export function keptPairsCodec(kind: string, left: Fields, right: Fields): StateCodec<KeptPairs> {
  const skips = [packedRows.skipper(left), packedRows.skipper(right)];
  const read = (input: ByteReader) => readPairs(input, skips);
  const codec = packedCodec(pairsSchema(kind, left, right), writePairs, read);
  return { ...codec, weightPerByte: WEIGHT_PER_BYTE };
}

function pairsSchema(kind: string, left: Fields, right: Fields): AvroSchema {
  // A namespace of its own for each side: both may define a type of one name.
  const rows = (side: string, fields: Fields): AvroSchema => ({
    type: "array",
    items: {
      type: "record",
      name: "Kept",
      namespace: side,
      fields: [
        { name: "time", type: "double" },
        { name: "hasPartner", type: "boolean" },
        { name: "fields", type: JSON.parse(fieldsCodec(fields).schema) },
      ],
    },
  });
  const fields = [
    { name: "timer", type: "double" },
    { name: "left", type: rows("left", left) },
    { name: "right", type: rows("right", right) },
  ];
  return { type: "record", name: `KeptPairs_${kind}`, fields };
}

function writePairs(pairs: KeptPairs, out: ByteWriter): void {
  out.float64(pairs.timer);
  for (const { first, end, times, starts, lengths } of pairs.sides) {
    out.uint(end - first);
    for (let at = first; at < end; at++) {
      out.float64(times[at]!);
      out.raw(pairs.heap, starts[at]!, starts[at]! + lengths[at]!);
    }
  }
}

function readPairs(input: ByteReader, skips: readonly ((bytes: Uint8Array, at: number) => number)[]): KeptPairs {
  const pairs = new KeptPairs();
  pairs.timer = input.float64();
  for (let side = 0; side < skips.length; side++) {
    for (let left = input.uint(); left > 0; left--) {
      const time = input.float64();
      const start = input.position;
      input.position = skips[side]!(input.buffer, start + 1);
      pairs.add(side, time, input.buffer, input.position - start, start);
    }
  }
  return pairs;
}
