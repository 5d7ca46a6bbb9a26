import type { Row } from "../../shop/decoded-log.test-helper.ts";
import type { Recording } from "./recording.ts";

/** What can happen to one side of what a check compares. */
export const KINDS = [
  "dropped",
  "doubled",
  "one unit off",
  "another currency",
  "late",
  "out of order",
  "of another transaction",
] as const;
export type Kind = (typeof KINDS)[number];

/** One thing that is done to recorded traffic, and what the check must make of it. */
export interface Mutation {
  readonly check: string;
  readonly kind: Kind;
  /** What is done, for people. */
  readonly what: string;
  /** The class that it must give, or `unobservable`; null where the rule lets it pass. */
  readonly gives: string | null;
  /** Does it to one of the objects that nobody has touched yet, and gives the check's key and how many records it changed. */
  apply(recording: Recording, chosen: Chosen): { readonly key: string; readonly changed: number };
}

/** Objects of the traffic, each of which is used once. */
export class Chosen {
  readonly #left = new Map<string, Row[][]>();

  /** The next object of a kind that `find` gives, once for all. */
  next(kind: string, find: () => Row[][]): Row[] {
    const left = this.#left.get(kind) ?? find();
    this.#left.set(kind, left);
    const object = left.shift();
    if (object === undefined) throw new Error(`the traffic has too little of ${kind}`);
    return object;
  }
}

/** What rows of a table say last, of those that came live in the first days, were told once, and are still there. */
export function lastRows(recording: Recording, table: string, untilMs: number): Row[] {
  const rows = new Map<string, { row: Row | null; told: number; positions: Set<string>; first: number; op: string }>();
  for (const { key, value } of recording.of(table)) {
    const name = Object.values(key).join("/");
    const { lsn, file, pos, row: place } = value.source;
    const known = rows.get(name) ?? {
      row: null,
      told: 0,
      positions: new Set(),
      first: Number(value.source.ts_ms),
      op: value.op,
    };
    known.row = value.after;
    known.told++;
    known.positions.add(String(lsn ?? [file, pos, place]));
    rows.set(name, known);
  }
  return [...rows.values()].flatMap(({ row, told, positions, first, op }) =>
    row !== null && op === "c" && told === positions.size && first < untilMs ? [row] : [],
  );
}

/** How many rows a table ever had with each value of a column. */
export function countsOf(recording: Recording, table: string, column: string): Map<unknown, number> {
  const rows = new Map<unknown, Set<string>>();
  for (const { key, value } of recording.of(table)) {
    const of = (value.after ?? value.before)?.[column];
    rows.set(of, (rows.get(of) ?? new Set()).add(Object.values(key).join("/")));
  }
  return new Map([...rows].map(([of, keys]) => [of, keys.size]));
}

/** Rows by a column. */
export function by(rows: readonly Row[], column: string): Map<unknown, Row[]> {
  return Map.groupBy(rows, (row) => row[column]);
}
