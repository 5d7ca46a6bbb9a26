import type { Batch } from "../../base/batch.ts";
import type { Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import { type ChangeColumns, EPOCH_UNIT } from "../../dataflow/change-layout.ts";
import type { DatabaseKind } from "./config.ts";

/** Paths of an envelope that say where in the source's log a change stands. */
export const positionPaths: Readonly<Record<DatabaseKind, readonly string[]>> = {
  mariadb: ["source.file", "source.pos", "source.row"],
  postgresql: ["source.lsn"],
};

/** Writes the position of row `row` into the same row of `head`; false where the record does not name one. */
export type PositionReader = (row: number, head: ChangeColumns) => boolean;

/** Reads positions from columns that were decoded from `positionPaths`. */
export function positionReader(kind: DatabaseKind, raw: Batch): PositionReader {
  return kind === "mariadb" ? binlogReader(raw) : lsnReader(raw);
}

function binlogReader(raw: Batch): PositionReader {
  const file = raw.column("source.file") as TextColumn;
  const pos = raw.column("source.pos") as Int64Column;
  const rowOf = raw.column("source.row") as Int32Column;
  return (row, head) => {
    const number = file.nulls[row] === 1 ? -1 : numberAtEnd(file.heap, file.starts[row]!, file.ends[row]!);
    head.major.values[row] = number;
    head.minor.values[row] = pos.number(row);
    head.sub.values[row] = rowOf.values[row]!;
    return number >= 0 && pos.nulls[row] === 0 && rowOf.nulls[row] === 0;
  };
}

function lsnReader(raw: Batch): PositionReader {
  const lsn = raw.column("source.lsn") as Int64Column;
  return (row, head) => {
    head.major.values[row] = lsn.words[2 * row + 1]! >>> 0;
    head.minor.values[row] = lsn.words[2 * row]! >>> 0;
    head.sub.values[row] = 0;
    return lsn.nulls[row] === 0;
  };
}

/** The number that a binlog file's name ends with, or −1. */
export function numberAtEnd(bytes: Uint8Array, start: number, end: number): number {
  let number = 0;
  let unit = 1;
  let at = end;
  for (; at > start; at--, unit *= 10) {
    const digit = bytes[at - 1]! - 48;
    if (digit < 0 || digit > 9) break;
    number += digit * unit;
  }
  return at === end ? -1 : number;
}

/** A position as people know it from the database: `binlog 000001:4280 row 0`, `0/19A6D40`, `epoch 1, 0/19A6D40`. */
export function formatPosition(kind: DatabaseKind, fullMajor: number, minor: number, sub: number): string {
  const epoch = Math.floor(fullMajor / EPOCH_UNIT);
  const major = fullMajor - epoch * EPOCH_UNIT;
  const prefix = epoch === 0 ? "" : `epoch ${epoch}, `;
  return prefix + formatInEpoch(kind, major, minor, sub);
}

function formatInEpoch(kind: DatabaseKind, major: number, minor: number, sub: number): string {
  if (kind === "postgresql") return `${hex(major)}/${hex(minor)}`;
  return `binlog ${String(major).padStart(6, "0")}:${minor} row ${sub}`;
}

function hex(value: number): string {
  return value.toString(16).toUpperCase();
}
