import { Batch } from "../../base/batch.ts";
import type { Float64Column, Int64Column, TextColumn } from "../../base/columns.ts";
import { type ChangeColumns, changeColumns, changeLayout, FIRST_FIELD, OP } from "../../dataflow/change-layout.ts";
import type { FieldKind, Model } from "../../dataflow/model.ts";
import { AUCTION, BID, type EventFileReader, PERSON, RECORD, SHAPES } from "./event-file.ts";

const TYPES: Readonly<Record<string, keyof typeof SHAPES>> = { person: PERSON, auction: AUCTION, bid: BID };
const MOST_DIGITS = 10;

/** Writes one column of the rows of a block: of the records that begin at the first `count` of `places`. */
type ColumnWriter = (file: EventFileReader, places: Int32Array, count: number) => void;

/**
 * Decodes the records of one type of event into the columns of a model, a column after the other. Texts are not copied: they
 * are what they are in the block, so the batch is good until the next block is read.
 */
export class EventColumns {
  readonly type: keyof typeof SHAPES;
  readonly model: Model;
  readonly batch: Batch;
  readonly #fixed: ChangeColumns;
  readonly #writers: readonly ColumnWriter[];
  /** By the string's place in the record; those behind the last that the model has are not there. */
  readonly #texts: (TextColumn | undefined)[] = [];
  readonly #firstString: number;
  #stringAt = new Int32Array(0);

  constructor(model: Model) {
    this.model = model;
    this.type = TYPES[model.from[0]!.table]!;
    this.batch = new Batch(changeLayout(model));
    this.#fixed = changeColumns(this.batch);
    const { integers, strings } = SHAPES[this.type];
    this.#firstString = RECORD.integers + 4 * integers.length;
    const names = Object.keys(model.fields);
    for (const [index, name] of (strings as readonly string[]).entries()) {
      const at = names.indexOf(name);
      if (at >= 0) this.#texts[index] = this.batch.columns[FIRST_FIELD + at] as TextColumn;
    }
    this.#writers = names.flatMap((name, index) => {
      const offset = name === "dateTime" ? RECORD.time : integerOffset(integers, name);
      if (offset === undefined) return [];
      const isTime = name === "dateTime" || name === "expires";
      return [integerWriter(this.batch.columns[FIRST_FIELD + index], model.fields[name]!.kind, offset, isTime)];
    });
  }

  /** Fills the batch with the records at the first `count` of `places`; `offset` is that of the first. */
  fill(file: EventFileReader, places: Int32Array, count: number, offset: number): void {
    this.batch.clear();
    this.batch.grow(count);
    this.batch.count = count;
    this.#fillFixed(file, places, count, offset);
    for (const write of this.#writers) write(file, places, count);
    if (this.#texts.length > 0) this.#fillTexts(file, places, count);
  }

  #fillFixed({ bytes, baseTime }: EventFileReader, places: Int32Array, count: number, offset: number): void {
    const { kind, time, seed, row, major, minor, sub, table, absent, offset: offsets } = this.#fixed;
    seed.nulls.fill(1, 0, count);
    row.nulls.fill(1, 0, count);
    major.values.fill(0, 0, count);
    sub.values.fill(0, 0, count);
    table.values.fill(0, 0, count);
    absent.values.fill(0, 0, count);
    kind.values.fill(OP.create, 0, count);
    for (let i = 0; i < count; i++) {
      time.values[i] = baseTime + uint32(bytes, places[i]! + RECORD.time);
      minor.values[i] = offset + i;
      offsets.values[i] = offset + i;
    }
  }

  #fillTexts({ bytes }: EventFileReader, places: Int32Array, count: number): void {
    if (this.#stringAt.length < count) this.#stringAt = new Int32Array(count * 2);
    const at = this.#stringAt;
    for (let i = 0; i < count; i++) at[i] = places[i]! + this.#firstString;
    for (const column of this.#texts) {
      if (column === undefined) skipStrings(bytes, at, count);
      else takeStrings(column, bytes, at, count);
    }
  }
}

function integerOffset(integers: readonly string[], name: string): number | undefined {
  const index = integers.indexOf(name);
  return index < 0 ? undefined : RECORD.integers + 4 * index;
}

function integerWriter(column: unknown, kind: FieldKind, offset: number, isTime: boolean): ColumnWriter {
  if (kind === "id") return digitsWriter(column as TextColumn, offset);
  if (kind === "integer") {
    return (file, places, count) => {
      const into = (column as Int64Column).words;
      for (let i = 0; i < count; i++) {
        into[2 * i] = uint32(file.bytes, places[i]! + offset);
        into[2 * i + 1] = 0;
      }
    };
  }
  return ({ bytes, baseTime }, places, count) => {
    const into = (column as Float64Column).values;
    const base = isTime ? baseTime : 0;
    for (let i = 0; i < count; i++) into[i] = base + uint32(bytes, places[i]! + offset);
  };
}

/** Keys are in canonical text: the number's digits. */
function digitsWriter(column: TextColumn, offset: number): ColumnWriter {
  return ({ bytes }, places, count) => {
    if (column.heap.length < count * MOST_DIGITS) column.heap = Buffer.alloc(count * MOST_DIGITS);
    const { heap, starts, ends } = column;
    let end = 0;
    for (let i = 0; i < count; i++) {
      const value = uint32(bytes, places[i]! + offset);
      starts[i] = end;
      for (let rest = value; rest >= 10; rest = (rest / 10) | 0) end++;
      ends[i] = ++end;
      for (let rest = value, at = end - 1; at >= starts[i]!; at--) {
        const tenth = (rest / 10) | 0;
        heap[at] = 48 + rest - tenth * 10;
        rest = tenth;
      }
    }
    column.used = end;
  };
}

function skipStrings(bytes: Uint8Array, at: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const start = at[i]!;
    at[i] = start + 2 + (bytes[start]! | (bytes[start + 1]! << 8));
  }
}

function takeStrings(column: TextColumn, bytes: Buffer, at: Int32Array, count: number): void {
  column.heap = bytes as Buffer<ArrayBuffer>;
  column.used = bytes.length;
  const { starts, ends } = column;
  for (let i = 0; i < count; i++) {
    const start = at[i]!;
    const end = start + 2 + (bytes[start]! | (bytes[start + 1]! << 8));
    starts[i] = start + 2;
    ends[i] = end;
    at[i] = end;
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
