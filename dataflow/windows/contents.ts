import type { Batch } from "../../base/batch.ts";
import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { Key } from "../../base/key.ts";
import type { Accumulator, CompiledAggregates } from "../aggregates/compiled.ts";
import { ADD } from "../change-layout.ts";
import { type KeptRow, rowTaker } from "../kept-rows.ts";
import type { Fields } from "../model.ts";
import type { StateCodec } from "../operator.ts";
import type { RowOutput } from "../row-layout.ts";
import { fieldsCodec } from "../state-codec.ts";

/** What windows keep of their rows, and what they make of it. One subtask's. */
export interface Contents<A> {
  readonly codec: StateCodec<A>;
  create(): A;
  /** Says of which batch the rows are that follow. */
  bind(batch: Batch): void;
  /** Takes a row of the bound batch in; `arrival` numbers the rows of a key. */
  add(into: A, row: number, arrival: number): void;
  /** Takes all of `from` in, which stays as it is. */
  merge(into: A, from: A): void;
  /** Writes the results of a window, with its time. */
  emit(of: A, output: RowOutput, time: number, key: Key, start: number, end: number): void;
}

/** Aggregates, computed row by row. */
export function aggregateContents(aggregates: CompiledAggregates): Contents<Accumulator> {
  return {
    codec: aggregates.codec,
    create: aggregates.create,
    bind: aggregates.bind,
    add: aggregates.add,
    merge: aggregates.merge,
    emit(of, output, time, key, start, end) {
      const row = output.add(ADD, time);
      aggregates.write(of, output.batch, row, key, start, end);
    },
  };
}

/** The rows themselves, in the order in which they came. */
export interface RowList {
  /** Ascending. */
  arrivals: number[];
  rows: KeptRow[];
}

/** Takes the rows of a window, in the order in which they came. */
export type WindowFunction = (
  rows: readonly KeptRow[],
  output: RowOutput,
  time: number,
  key: Key,
  start: number,
  end: number,
) => void;

/** Copies of the rows, for a function of all of them. */
export function rowContents(fields: Fields, onWindow: WindowFunction): Contents<RowList> {
  let bound: Batch | undefined;
  let take: (row: number) => KeptRow;
  return {
    codec: rowListCodec(fields),
    create: () => ({ arrivals: [], rows: [] }),
    bind(batch) {
      if (batch === bound) return;
      bound = batch;
      take = rowTaker(batch, fields);
    },
    add(into, row, arrival) {
      into.arrivals.push(arrival);
      into.rows.push(take(row));
    },
    merge: mergeRows,
    emit: (of, output, time, key, start, end) => onWindow(of.rows, output, time, key, start, end),
  };
}

function mergeRows(into: RowList, from: RowList): void {
  const [last, next] = [into.arrivals.at(-1), from.arrivals[0]];
  if (next === undefined) return;
  if (last === undefined || last < next) {
    for (let i = 0; i < from.rows.length; i++) {
      into.arrivals.push(from.arrivals[i]!);
      into.rows.push(from.rows[i]!);
    }
    return;
  }
  const [left, right] = [{ ...into }, from];
  into.arrivals = [];
  into.rows = [];
  for (let l = 0, r = 0; l < left.rows.length || r < right.rows.length; ) {
    const isLeft = r === right.rows.length || left.arrivals[l]! < right.arrivals[r]!;
    const at = isLeft ? l++ : r++;
    const side = isLeft ? left : right;
    into.arrivals.push(side.arrivals[at]!);
    into.rows.push(side.rows[at]!);
  }
}

/** Arrivals are told apart as doubles, in the codec of the rows. */
function rowListCodec(fields: Fields): StateCodec<RowList> {
  const row = fieldsCodec(fields);
  const schemaOf = (rows: string) => `{"type":"array","items":${rows}}`;
  const reader = (readRow: (input: ByteReader) => KeptRow) => (input: ByteReader) => {
    const list: RowList = { arrivals: [], rows: [] };
    for (let left = input.uint(); left > 0; left--) {
      list.arrivals.push(input.uint());
      list.rows.push(readRow(input));
    }
    return list;
  };
  return {
    schema: schemaOf(row.schema),
    write({ arrivals, rows }: RowList, out: ByteWriter) {
      out.uint(rows.length);
      for (let i = 0; i < rows.length; i++) {
        out.uint(arrivals[i]!);
        row.write(rows[i]!, out);
      }
    },
    read: reader(row.read),
    readsFrom(schema) {
      const { type, items } = JSON.parse(schema) as { type: unknown; items: unknown };
      const read = type === "array" && row.readsFrom(JSON.stringify(items));
      return read ? reader(read) : undefined;
    },
  };
}
