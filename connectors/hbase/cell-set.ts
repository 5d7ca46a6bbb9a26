import type { Cell } from "./row-value.ts";

/*
 * HBase's CellSet in protobuf, as far as it is used: of CellSet field 1 is a Row; of Row field 1 is the key and field 2 a
 * Cell; of Cell field 2 is the column, field 3 the timestamp and field 4 the data.
 */

/** A CellSet with one cell to a row. */
export function encodeCellSet(cells: readonly Cell[]): Uint8Array {
  const parts = cells.map(sized);
  const message = Buffer.allocUnsafe(parts.reduce((sum, { row }) => sum + field(row), 0));
  let at = 0;
  const varint = (value: number) => {
    for (; value >= 0x80; value = Math.floor(value / 0x80)) message[at++] = (value % 0x80) | 0x80;
    message[at++] = value;
  };
  const bytes = (tag: number, value: Uint8Array) => {
    message[at++] = tag;
    varint(value.length);
    message.set(value, at);
    at += value.length;
  };
  for (const { key, column, timestamp, value, cell, row } of parts) {
    message[at++] = ROWS;
    varint(row);
    bytes(KEY, key);
    message[at++] = VALUES;
    varint(cell);
    bytes(COLUMN, column);
    message[at++] = TIMESTAMP;
    varint(timestamp);
    bytes(DATA, value);
  }
  return message;
}

/** The cells of a CellSet, whose values are parts of the message. RangeError for what is none. */
export function decodeCellSet(message: Uint8Array): Cell[] {
  const cells: Cell[] = [];
  for (const [tag, row] of fieldsOf(message)) {
    if (tag !== ROWS) continue;
    let key: string | undefined;
    for (const [inner, value] of fieldsOf(bytesOf(row))) {
      if (inner === KEY) key = textOf(value);
      if (inner === VALUES && key !== undefined) cells.push(cellOf(key, bytesOf(value)));
    }
  }
  return cells;
}

// Field number and wire type: 2 is bytes with their length in front, 0 a varint.
const ROWS = (1 << 3) | 2;
const KEY = (1 << 3) | 2;
const VALUES = (2 << 3) | 2;
const COLUMN = (2 << 3) | 2;
const TIMESTAMP = 3 << 3;
const DATA = (4 << 3) | 2;

/** A cell as bytes, and the lengths of the messages around it. */
function sized({ row: rowKey, column: name, timestamp, value }: Cell) {
  const key = Buffer.from(rowKey);
  const column = Buffer.from(name);
  const cell = field(column.length) + 1 + varintLength(timestamp) + field(value.length);
  return { key, column, timestamp, value, cell, row: field(key.length) + field(cell) };
}

/** Bytes that a field with its tag and length takes. */
function field(length: number): number {
  return 1 + varintLength(length) + length;
}

function varintLength(value: number): number {
  let length = 1;
  for (; value >= 0x80; value = Math.floor(value / 0x80)) length++;
  return length;
}

function cellOf(row: string, message: Uint8Array): Cell {
  let column = "";
  let timestamp = 0;
  let data: Uint8Array = new Uint8Array();
  for (const [tag, value] of fieldsOf(message)) {
    if (tag === COLUMN) column = textOf(value);
    else if (tag === TIMESTAMP) timestamp = Number(value);
    else if (tag === DATA) data = bytesOf(value);
  }
  return { row, column, timestamp, value: data };
}

/** The fields of a message: tags, and numbers or bytes. */
function* fieldsOf(message: Uint8Array): Generator<[tag: number, value: number | Uint8Array]> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = message[at++];
      if (byte === undefined || factor > 2 ** 63) throw new RangeError("a varint has no end");
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if ((tag & 7) === 0) {
      yield [tag, varint()];
      continue;
    }
    if ((tag & 7) !== 2) throw new RangeError(`the wire type of ${tag} is not expected`);
    const length = varint();
    if (at + length > message.length) throw new RangeError("a field is longer than its message");
    yield [tag, message.subarray(at, at + length)];
    at += length;
  }
}

function bytesOf(value: number | Uint8Array): Uint8Array {
  if (typeof value === "number") throw new RangeError("a number stands in the place of bytes");
  return value;
}

function textOf(value: number | Uint8Array): string {
  const bytes = bytesOf(value);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
