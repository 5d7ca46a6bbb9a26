import type { Batch } from "../base/batch.ts";
import { displayKey, type Key } from "../base/key.ts";
import { formatTime } from "../base/time.ts";
import { changeColumns } from "./change-layout.ts";
import { modelOf, type Node } from "./graph.ts";
import { rowColumns } from "./row-layout.ts";

/** What a function of a job was called for when it failed, for people. */
export interface CallPlace {
  /** Such as `row 11 of shop.payments`. */
  readonly of: string;
  /** Offset of the record, where it is known. */
  readonly offset?: number;
}

/** A row that comes into a node: that of its table, and once it is no change any more, that of its event time. */
export function rowPlace(node: Node, batch: Batch, row: number): CallPlace {
  if (batch.layout[ROW]?.name !== "$row") return timePlace(rowColumns(batch).time.values[row]!);
  const change = changeColumns(batch);
  const { source, table } = modelOf(node).from[change.table.values[row]!]!;
  return { of: `row ${change.row.text(row)} of ${source}.${table}`, offset: change.offset.values[row]! };
}

/** The column that only changes have. */
const ROW = 3;

/** A row of which no more is known than its event time. */
export function timePlace(time: number): CallPlace {
  return { of: `the row ${when(time)}` };
}

/** A row or timer of a key. */
export function keyPlace(what: string, key: Key, time: number): CallPlace {
  return { of: `the ${what} ${when(time)} of key ${displayKey(key)}` };
}

function when(time: number): string {
  return Number.isFinite(time) ? `at ${formatTime(time)}` : "without a time";
}
