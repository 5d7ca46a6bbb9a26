import { readFileSync } from "node:fs";

/** What a query leaves at its end: how often each row is there, by its fields with tabs between them. */
export type ResultRows = ReadonlyMap<string, number>;

/** Gathers the adds and retracts of a result. */
export class RowCounter {
  readonly rows = new Map<string, number>();

  /** Counts a row once more, or `times` more. */
  add(fields: readonly unknown[], times = 1): void {
    const line = fields.join("\t");
    const count = (this.rows.get(line) ?? 0) + times;
    if (count === 0) this.rows.delete(line);
    else this.rows.set(line, count);
  }
}

/** Reads the lines that Flink's side writes: a count and the fields. */
export function readRows(path: string): ResultRows {
  const lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
  return new Map(lines.map((line) => [line.slice(line.indexOf("\t") + 1), Number.parseInt(line, 10)]));
}

/** What of two results differs, in a few words; undefined where they are the same. */
export function differenceOf(found: ResultRows, wanted: ResultRows): string | undefined {
  const missing = [...wanted].filter(([row, count]) => found.get(row) !== count);
  const unasked = [...found].filter(([row]) => !wanted.has(row));
  if (missing.length === 0 && unasked.length === 0) return undefined;
  const shown = (rows: readonly (readonly [string, number])[]) =>
    rows
      .slice(0, 3)
      .map(([row, count]) => `${count} × ${row}`)
      .join("; ");
  return `${missing.length} of ${wanted.size} rows are missing (${shown(missing)}), ${unasked.length} of ${found.size} are too many (${shown(unasked)})`;
}
