import { Batch } from "../../base/batch.ts";
import { type ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { BytesColumn, Float64Column, Int32Column, Int64Column } from "../../base/columns.ts";
import { type ChangeColumns, changeColumns, changeLayout, FIRST_FIELD } from "../../dataflow/change-layout.ts";
import type { FieldKind, Fields, Model } from "../../dataflow/model.ts";
import {
  doubleAt,
  numberAt,
  putBoolean,
  putBytes,
  putDouble,
  putInt,
  putLong,
  skipVarint,
} from "../../schemas/decoder-primitives.ts";

/** What a field is in a record. */
const FIELD_TYPES = {
  id: "string",
  text: "string",
  integer: "long",
  number: "double",
  flag: "boolean",
  instant: "double",
  money: "Money",
} as const satisfies Record<FieldKind, string>;

const MONEY = {
  type: "record",
  name: "Money",
  fields: [
    { name: "minor", type: "long" },
    { name: "currency", type: "int" },
  ],
} as const;

/**
 * The Avro schema, as JSON text, of what a row stage keeps of a row: its last position, and the model's fields while it
 * is not deleted. Currencies are packed. Records are written by it, so who reads Avro reads them.
 */
export function rowSchema(model: Model): string {
  let isMoneyKnown = false;
  const fields = Object.entries(model.fields).map(([name, { kind }]) => {
    const type = kind === "money" && !isMoneyKnown ? MONEY : FIELD_TYPES[kind];
    isMoneyKnown ||= kind === "money";
    return { name, type: ["null", type] };
  });
  return JSON.stringify({
    type: "record",
    name: "Row",
    fields: [
      { name: "time", type: "double" },
      { name: "seed", type: ["null", "double"] },
      { name: "major", type: "long" },
      { name: "minor", type: "long" },
      { name: "sub", type: "long" },
      { name: "fields", type: ["null", { type: "record", name: "Fields", fields }] },
    ],
  });
}

/** How a column is kept; the currency's is kept with its amount. */
const WITH_ITS_AMOUNT = 0;
const KIND_OF = { string: 1, long: 2, double: 3, boolean: 4, Money: 5 } as const;
const { string: STRING, long: LONG, double: DOUBLE, boolean: BOOLEAN, Money: AMOUNT } = KIND_OF;

/** Writes and reads the records of a model's rows. What `read` found stands in the fields until the next `read`. */
export class RowRecord {
  /** True while the row is not deleted. */
  isLive = false;
  /** Event time of the row's last change; −∞ for the seed. */
  time = 0;
  hasSeed = false;
  seed = 0;
  major = 0;
  minor = 0;
  sub = 0;
  readonly #kinds: Uint8Array;
  #buffer: Buffer = Buffer.alloc(0);
  /** Where the branch of `fields` is in the record that was read, and in the one that was written last. */
  #fieldsAt = 0;
  #end = 0;
  #writtenFieldsAt = 0;
  /** The record that was written last. */
  readonly out = new ByteWriter(256);

  constructor(model: Model) {
    this.#kinds = kindsOf(model);
  }

  /** Reads the head of the record in `buffer[start .. end)`; its fields are read by `readFields`. */
  read(buffer: Buffer, start: number, end: number): void {
    this.#buffer = buffer;
    this.#end = end;
    this.time = doubleAt(buffer, start);
    let p = start + 9;
    this.hasSeed = buffer[start + 8] !== 0;
    if (this.hasSeed) {
      this.seed = doubleAt(buffer, p);
      p += 8;
    }
    this.major = numberAt(buffer, p);
    p = skipVarint(buffer, p);
    this.minor = numberAt(buffer, p);
    p = skipVarint(buffer, p);
    this.sub = numberAt(buffer, p);
    p = skipVarint(buffer, p);
    this.#fieldsAt = p;
    this.isLive = buffer[p] !== 0;
  }

  /** Writes time, seed and position of the record that was read last into a row of a batch of changes. */
  writeHead(change: ChangeColumns, row: number): void {
    change.time.set(row, this.time);
    if (this.hasSeed) change.seed.set(row, this.seed);
    else change.seed.nulls[row] = 1;
    change.major.set(row, this.major);
    change.minor.set(row, this.minor);
    change.sub.set(row, this.sub);
  }

  /** Reads the fields of the record that was read last, of a live row, into a row of a batch of changes. */
  readFields(batch: Batch, row: number): void {
    const { columns } = batch;
    const kinds = this.#kinds;
    const buffer = this.#buffer;
    const end = this.#end;
    let p = this.#fieldsAt + 1;
    for (let c = FIRST_FIELD; c < kinds.length; c++) {
      const kind = kinds[c]!;
      if (kind === WITH_ITS_AMOUNT) continue;
      const column = columns[c]!;
      if (buffer[p++] === 0) {
        column.nulls[row] = 1;
        if (kind === AMOUNT) columns[c + 1]!.nulls[row] = 1;
      } else if (kind === STRING) p = putBytes(column as BytesColumn, row, buffer, p, end);
      else if (kind === LONG) p = putLong(column as Int64Column, row, buffer, p);
      else if (kind === DOUBLE) p = putDouble(column as Float64Column, row, buffer, p);
      else if (kind === BOOLEAN) p = putBoolean(column as Int32Column, row, buffer, p);
      else {
        p = putLong(column as Int64Column, row, buffer, p);
        p = putInt(columns[c + 1] as Int32Column, row, buffer, p);
      }
    }
  }

  /** Writes the record of a row of a batch of changes into `out`; of a deleted row its position only. */
  write(batch: Batch, change: ChangeColumns, row: number, time: number, isLive: boolean): void {
    const { out } = this;
    out.clear();
    out.float64(time);
    const hasSeed = change.seed.nulls[row] === 0;
    out.byte(hasSeed ? 2 : 0);
    if (hasSeed) out.float64(change.seed.values[row]!);
    writeNumber(out, change.major.values[row]!);
    writeNumber(out, change.minor.values[row]!);
    writeNumber(out, change.sub.values[row]!);
    this.#writtenFieldsAt = out.length;
    out.byte(isLive ? 2 : 0);
    if (isLive) this.#writeFields(batch, row);
  }

  /** True when the record that was read last has the same fields as the one that was written last. */
  hasWrittenFields(): boolean {
    const written = this.out.buffer;
    const shift = this.#writtenFieldsAt - this.#fieldsAt;
    if (this.#end + shift !== this.out.length) return false;
    const buffer = this.#buffer;
    for (let p = this.#fieldsAt; p < this.#end; p++) if (buffer[p] !== written[p + shift]) return false;
    return true;
  }

  #writeFields(batch: Batch, row: number): void {
    const { columns } = batch;
    const kinds = this.#kinds;
    const { out } = this;
    for (let c = FIRST_FIELD; c < kinds.length; c++) {
      const kind = kinds[c]!;
      if (kind === WITH_ITS_AMOUNT) continue;
      const column = columns[c]!;
      if (column.nulls[row] === 1) {
        out.byte(0);
        continue;
      }
      out.byte(2);
      if (kind === STRING) writeBytes(out, column as BytesColumn, row);
      else if (kind === LONG) writeLong(out, column as Int64Column, row);
      // A zero has one form, so that equal values are equal bytes.
      else if (kind === DOUBLE) out.float64((column as Float64Column).values[row]! + 0);
      else if (kind === BOOLEAN) out.byte((column as Int32Column).values[row]!);
      else {
        writeLong(out, column as Int64Column, row);
        writeNumber(out, (columns[c + 1] as Int32Column).values[row]!);
      }
    }
  }
}

/**
 * How records under another schema of `rowSchema` become a model's records: fields that are new are null, those that are
 * gone are dropped. Undefined where nothing changes. `incompatible` is called where a field has another type now.
 */
export function rowConversion(
  before: string,
  model: Model,
  incompatible: () => never,
): ((input: ByteReader, out: ByteWriter) => void) | undefined {
  if (before === rowSchema(model)) return undefined;
  const known = fieldsOf(before);
  for (const [name, { kind }] of Object.entries(model.fields)) {
    const former = Object.hasOwn(known, name) ? known[name] : undefined;
    if (former !== undefined && FIELD_TYPES[former.kind] !== FIELD_TYPES[kind]) incompatible();
  }
  const former: Model = { name: model.name, from: model.from, fields: known };
  const [reader, writer] = [new RowRecord(former), new RowRecord(model)];
  const [from, to] = [former, model].map((each) => new Batch(changeLayout(each), 1)) as [Batch, Batch];
  const places = to.layout.map(({ name }) => from.layout.findIndex((column) => column.name === name));
  const head = changeColumns(to);
  return (input, out) => {
    reader.read(input.buffer, input.position, input.end);
    input.position = input.end;
    for (const batch of [from, to]) batch.clear();
    if (reader.isLive) reader.readFields(from, 0);
    reader.writeHead(head, 0);
    for (let c = FIRST_FIELD; c < places.length; c++) {
      const place = places[c]!;
      if (place < 0) to.columns[c]!.nulls[0] = 1;
      else to.columns[c]!.copy(0, from.columns[place]!, 0);
    }
    writer.write(to, head, 0, reader.time, reader.isLive);
    out.raw(writer.out.buffer, 0, writer.out.length);
  };
}

/** Fields of a schema that `rowSchema` gave; of kinds that are kept alike it does not matter which. */
function fieldsOf(schema: string): Fields {
  const { fields } = JSON.parse(schema) as { fields: { name: string; type: unknown }[] };
  const [, record] = fields.find(({ name }) => name === "fields")!.type as [string, { fields: typeof fields }];
  const kinds = record.fields.map(({ name, type }) => {
    const [, own] = type as [string, string | { name: string }];
    const stored = typeof own === "string" ? own : own.name;
    const kind = (Object.keys(FIELD_TYPES) as FieldKind[]).find((candidate) => FIELD_TYPES[candidate] === stored)!;
    return [name, { kind }] as const;
  });
  return Object.fromEntries(kinds);
}

function kindsOf(model: Model): Uint8Array {
  const kinds = new Uint8Array(changeLayout(model).length);
  let c = FIRST_FIELD;
  for (const { kind } of Object.values(model.fields)) {
    kinds[c] = KIND_OF[FIELD_TYPES[kind]];
    c += kind === "money" ? 2 : 1;
  }
  return kinds;
}

/** A whole number as Avro writes it; its magnitude is at most 2^52. */
function writeNumber(out: ByteWriter, value: number): void {
  out.uint(value >= 0 ? 2 * value : -2 * value - 1);
}

function writeLong(out: ByteWriter, column: Int64Column, row: number): void {
  const high = column.words[2 * row + 1]!;
  if (high >= -MOST_HIGH && high < MOST_HIGH) writeNumber(out, column.number(row));
  else out.bigint(column.big[row]!);
}

/** Upper words of integers below 2^52. */
const MOST_HIGH = 2 ** 20;

function writeBytes(out: ByteWriter, column: BytesColumn, row: number): void {
  const start = column.starts[row]!;
  const end = column.ends[row]!;
  out.uint(2 * (end - start));
  out.raw(column.heap, start, end);
}
