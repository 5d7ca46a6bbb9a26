import { formatTime } from "../base/time.ts";

/** How a column is shown. */
export interface TableColumn {
  readonly title: string;
  readonly align?: "left" | "right";
}

/**
 * A table as text: a line of titles and one for each row, columns apart by two blanks, as wide as their content.
 * Control characters in cells are shown as escapes, so that data cannot move a terminal's cursor.
 */
export function table(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map((column) => column.title), ...rows.map((row) => row.map(printable))];
  const widths = columns.map((_, c) => Math.max(...lines.map((line) => width(line[c]!))));
  return lines
    .map((line) =>
      line
        .map((cell, c) => padded(cell, widths[c]!, columns[c]!.align))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Text from outside, safe to print on one line: what moves a terminal's cursor or turns text around is shown as escapes. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, escaped);
}

/** The same for a text that may have several lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

function escaped(char: string): string {
  const code = char.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
}

/** `1234567` as `1,234,567`. */
export function grouped(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** A point in time as ISO 8601 in UTC, without its milliseconds where there are none. */
export function shortTime(ms: number): string {
  return formatTime(ms).replace(".000Z", "Z");
}

/** A text of `most` characters at most; what is too much in its middle becomes `…`. */
export function shortened(text: string, most: number): string {
  const chars = [...text];
  if (chars.length <= most) return text;
  const end = Math.floor((most - 1) / 2);
  return `${chars.slice(0, most - 1 - end).join("")}…${chars.slice(chars.length - end).join("")}`;
}

/** Parts on as many lines as it takes to keep them, each whole, within the terminal, or 120 columns where there is none. */
export function flowed(parts: readonly string[], indent: string): string[] {
  const most = Math.max(80, process.stdout.columns ?? 120);
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last === undefined || width(last) + 2 + width(part) > most) lines.push(indent + part);
    else lines[lines.length - 1] = `${last}  ${part}`;
  }
  return lines;
}

function padded(cell: string, to: number, align: TableColumn["align"]): string {
  const blanks = " ".repeat(to - width(cell));
  return align === "right" ? blanks + cell : cell + blanks;
}

function width(text: string): number {
  return [...text].length;
}
