import type { Batch } from "../../base/batch.ts";
import type { ByteWriter } from "../../base/bytes.ts";
import type { Column, Float64Column, Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import { currencyColumn } from "../change-layout.ts";
import type { FieldKind, Fields } from "../model.ts";

/** Appends a row of the batch that it was made for. */
export type PackRow = (row: number, out: ByteWriter) => void;

/** Reads a packed row that begins at `at` into a row of the batch that it was made for, and gives where it ends. */
export type UnpackRow = (bytes: Uint8Array, at: number, row: number) => number;

/**
 * Rows as bytes, from columns and into columns, with no object or string in between. The bytes are those that the codec
 * of `fieldsCodec` writes for the same fields, so that what other versions of a job kept can be read by it.
 */
export const packedRows = {
  /** Makes what packs rows of a batch that has columns for all of the fields. */
  packer(batch: Batch, fields: Fields): PackRow {
    const packs = Object.entries(fields).map(([name, { kind }]) =>
      packField(kind, batch.column(name), kind === "money" ? batch.column(currencyColumn(name)) : undefined),
    );
    return (row, out) => {
      for (let i = 0; i < packs.length; i++) packs[i]!(row, out);
    };
  },

  /** Makes what unpacks rows of the fields; `namesOf` says into which fields of the batch one is written: none skips it. */
  unpacker(batch: Batch, fields: Fields, namesOf: (field: string) => readonly string[]): UnpackRow {
    const unpacks = Object.entries(fields).flatMap(([name, { kind }]) => unpackInto(batch, kind, namesOf(name)));
    return (bytes, at, row) => {
      let position = at;
      for (let i = 0; i < unpacks.length; i++) position = unpacks[i]!(bytes, position, row);
      return position;
    };
  },

  /** Makes what finds the end of a packed row of the fields. */
  skipper(fields: Fields): (bytes: Uint8Array, at: number) => number {
    const kinds = Object.values(fields).map(({ kind }) => kind);
    return (bytes, at) => {
      let position = at;
      for (let i = 0; i < kinds.length; i++) {
        position = skipField(kinds[i]!, bytes, position);
      }
      return position;
    };
  },
};

function packField(kind: FieldKind, column: Column, currency: Column | undefined): PackRow {
  const pack = valuePacker(kind, column, currency as Int32Column);
  return (row, out) => {
    if (column.nulls[row] === 1) {
      out.byte(0);
      return;
    }
    out.byte(1);
    pack(row, out);
  };
}

function valuePacker(kind: FieldKind, column: Column, currency: Int32Column): PackRow {
  switch (kind) {
    case "id":
    case "text": {
      const texts = column as TextColumn;
      return (row, out) => {
        const start = texts.starts[row]!;
        const end = texts.ends[row]!;
        out.uint(end - start);
        out.raw(texts.heap, start, end);
      };
    }
    case "integer":
      return (row, out) => packInteger(column as Int64Column, row, out);
    case "number":
    case "instant":
      return (row, out) => out.float64((column as Float64Column).values[row]!);
    case "flag":
      return (row, out) => out.byte((column as Int32Column).values[row] === 0 ? 0 : 1);
    case "money":
      return (row, out) => {
        packInteger(column as Int64Column, row, out);
        const letters = currency.values[row]!;
        out.byte(CURRENCY_LETTERS);
        for (let shift = 0; shift < 8 * CURRENCY_LETTERS; shift += 8) out.byte((letters >> shift) & 0xff);
      };
  }
}

const CURRENCY_LETTERS = 3;

/** Twice a number below this is exact. */
const HALF_EXACT = 2 ** 52;

function packInteger(column: Int64Column, row: number, out: ByteWriter): void {
  const value = column.number(row);
  if (value < HALF_EXACT && value > -HALF_EXACT) out.uint(value < 0 ? -2 * value - 1 : 2 * value);
  else out.bigint(column.big[row]!);
}

/** A field's value is read into the first of its columns, and copied into others. */
function unpackInto(batch: Batch, kind: FieldKind, [first, ...others]: readonly string[]): UnpackRow[] {
  if (first === undefined) return [(bytes, at) => skipField(kind, bytes, at)];
  const columnsOf = (name: string) =>
    [name, ...(kind === "money" ? [currencyColumn(name)] : [])].map((each) => batch.column(each));
  const columns = columnsOf(first);
  const copies = others.map(columnsOf);
  const unpack = unpackField(kind, columns);
  if (copies.length === 0) return [unpack];
  return [
    (bytes, at, row) => {
      const end = unpack(bytes, at, row);
      for (const copy of copies) for (let c = 0; c < copy.length; c++) copy[c]!.copy(row, columns[c]!, row);
      return end;
    },
  ];
}

function unpackField(kind: FieldKind, columns: readonly Column[]): UnpackRow {
  const unpack = valueUnpacker(kind, columns);
  const [column, beside] = columns;
  return (bytes, at, row) => {
    if (bytes[at] === 1) return unpack(bytes, at + 1, row);
    column!.nulls[row] = 1;
    if (beside !== undefined) beside.nulls[row] = 1;
    return at + 1;
  };
}

function valueUnpacker(kind: FieldKind, [column, beside]: readonly Column[]): UnpackRow {
  switch (kind) {
    case "id":
    case "text":
      return (bytes, at, row) => {
        const start = endOfVarint(bytes, at);
        const end = start + smallVarint(bytes, at);
        (column as TextColumn).put(row, bytes, start, end);
        return end;
      };
    case "integer":
      return (bytes, at, row) => unpackInteger(bytes, at, column as Int64Column, row);
    case "number":
    case "instant":
      return (bytes, at, row) => {
        for (let i = 0; i < 8; i++) scratch[i] = bytes[at + i]!;
        (column as Float64Column).set(row, scratchDouble[0]!);
        return at + 8;
      };
    case "flag":
      return (bytes, at, row) => {
        (column as Int32Column).set(row, bytes[at]!);
        return at + 1;
      };
    case "money":
      return (bytes, at, row) => {
        const letters = unpackInteger(bytes, at, column as Int64Column, row) + 1;
        (beside as Int32Column).set(row, bytes[letters]! | (bytes[letters + 1]! << 8) | (bytes[letters + 2]! << 16));
        return letters + CURRENCY_LETTERS;
      };
  }
}

const scratch = new Uint8Array(8);
const scratchDouble = new Float64Array(scratch.buffer);

function skipField(kind: FieldKind, bytes: Uint8Array, at: number): number {
  return bytes[at] === 0 ? at + 1 : skipValue(kind, bytes, at + 1);
}

function skipValue(kind: FieldKind, bytes: Uint8Array, at: number): number {
  switch (kind) {
    case "id":
    case "text":
      return endOfVarint(bytes, at) + smallVarint(bytes, at);
    case "integer":
      return endOfVarint(bytes, at);
    case "number":
    case "instant":
      return at + 8;
    case "flag":
      return at + 1;
    case "money":
      return endOfVarint(bytes, at) + 1 + CURRENCY_LETTERS;
  }
}

function endOfVarint(bytes: Uint8Array, at: number): number {
  let end = at;
  while (bytes[end]! > 127) end++;
  return end + 1;
}

/** A number that is exact as one: seven bytes at most, or a length. */
function smallVarint(bytes: Uint8Array, at: number): number {
  let value = bytes[at]! & 127;
  let unit = 128;
  for (let i = at; bytes[i]! > 127; unit *= 128) value += (bytes[++i]! & 127) * unit;
  return value;
}

/** Bytes whose 7 bits each are exact as a number together, sign and all. */
const EXACT_BYTES = 7;

function unpackInteger(bytes: Uint8Array, at: number, column: Int64Column, row: number): number {
  const end = endOfVarint(bytes, at);
  if (end - at <= EXACT_BYTES) {
    const twice = smallVarint(bytes, at);
    column.setNumber(row, twice % 2 === 0 ? twice / 2 : -(twice + 1) / 2);
    return end;
  }
  let twice = 0n;
  for (let i = end - 1; i >= at; i--) twice = (twice << 7n) | BigInt(bytes[i]! & 127);
  column.setBig(row, (twice & 1n) === 0n ? twice >> 1n : -((twice + 1n) >> 1n));
  return end;
}
