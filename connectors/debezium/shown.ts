import type { TextColumn } from "../../base/columns.ts";

/** Characters of a value that a message shows: a record may hold megabytes, which no message should repeat. */
const MOST_SHOWN = 100;

/** A text as messages show it: its first 100 characters, with an ellipsis where there are more. */
export function cut(text: string): string {
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}…`;
}

/** A row of a text column as messages show it; `null` where there is none. Only what is shown is decoded. */
export function shownText(column: TextColumn, row: number): string {
  if (column.nulls[row] === 1) return "null";
  const start = column.starts[row]!;
  // No character takes more than four bytes, so what is left over at the end is never shown.
  const end = Math.min(column.ends[row]!, start + 4 * MOST_SHOWN + 4);
  return cut(column.heap.toString("utf8", start, end));
}

/** Bytes as messages show them, in hexadecimal. */
export function shownBytes(bytes: Uint8Array, start: number, end: number): string {
  return cut(`0x${Buffer.from(bytes.subarray(start, Math.min(end, start + MOST_SHOWN))).toString("hex")}`);
}
