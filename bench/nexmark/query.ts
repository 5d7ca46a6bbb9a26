import {
  type Changelog,
  type Fields,
  type JobEnvironment,
  type Model,
  model,
  type Stream,
  table,
} from "../../index.ts";
import type { ResultRows } from "./result-rows.ts";

/** The source that the file of events is, for all jobs. */
export const SOURCE = "nexmark";

/** Rows of a result by name, as a sink gets them. */
export type ResultRow = Readonly<Record<string, unknown>>;

/** What a query results in, whatever its fields. */
export type Result = Pick<Stream<Fields> | Changelog<Fields>, "to">;

/** A query as a job. */
export interface Query {
  /** As in Nexmark: `q0`. */
  readonly name: string;
  /** What it asks, in Nexmark's words. */
  readonly title: string;
  /** How many events it takes until the slower side has a steady part of some seconds; default: two million. */
  readonly events?: number;
  /** Builds its graph, and gives what it results in. */
  build(env: JobEnvironment): Result;
  /** The fields of a row in the order of the SQL, as text; default: the row's own, in their order. */
  readonly show?: (row: ResultRow) => readonly unknown[];
  /** Part of its result comes only when the clock has gone on for a while behind the last event. */
  readonly lingers?: true;
  /** What of a whole result can be compared with the reference, on both sides; default: all of it. */
  readonly compared?: (rows: ResultRows) => ResultRows;
}

/** A model of events of one type, with the fields that a query reads; their names are those of Flink's table. */
export function events<const F extends Fields>(type: "person" | "auction" | "bid", fields: F): Model<F> {
  return model(type, { from: table(SOURCE, type), fields, insertsOnly: true });
}
