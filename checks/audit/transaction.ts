import type { Key } from "../../base/key.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import { tableCountsOf } from "../../dataflow/transactions.ts";
import { WRITE_COLUMNS, type WriteOperation } from "../../dataflow/writes.ts";
import type { Entry, RowEvidence } from "../row-set.ts";

/** The legs of an audit, in order. */
export const LEGS = ["writes", "ends", "context"] as const;

/** What a transaction did to one row. */
export interface Write {
  readonly operation: WriteOperation;
  readonly row: Key;
  /** Event time of the write. */
  readonly time: number;
  /** False where nothing is known of the row before an update or a deletion. */
  readonly isBeforeKnown: boolean;
  /** Values of the model's fields in order; null where there is no row. */
  readonly before: readonly unknown[] | null;
  readonly after: readonly unknown[] | null;
}

/** A transaction as far as it was read. */
export interface Transaction {
  /** In the order of the source's log. */
  readonly writes: readonly Write[];
  /** How many writes its END counts; null before it. */
  readonly counted: number | null;
  /** Time of the END, or of the newest write. */
  readonly time: number;
  /** Rows of the context that it inserted and left there, as they are at its end. */
  readonly context: readonly RowEvidence[];
}

/** Gathers a transaction from its rows. `fields`: how many the model has; `tables`: those that are audited. */
export function transactionOf(entries: readonly Entry[], fields: number, tables: readonly string[]): Transaction {
  const of = (leg: (typeof LEGS)[number]) => entries.flatMap(({ leg: own, from }) => (LEGS[own] === leg ? [from] : []));
  const rows = of("writes").sort(byPosition);
  const [end] = of("ends");
  const counts = end && tableCountsOf(end.fields[2] as string);
  const counted = counts === undefined ? null : tables.reduce((sum, table) => sum + (counts.get(table) ?? 0), 0);
  const time = end?.time ?? rows.reduce((newest, row) => Math.max(newest, row.time), BEFORE_ALL_TIME);
  return {
    writes: rows.map((row) => writeOf(row, fields)),
    counted,
    time,
    context: insertedOf(of("context").sort(byPosition)),
  };
}

/** What a transaction did to each row when all its writes are taken together; what it inserted and deleted was never there. */
export function netWrites(writes: readonly Write[]): Write[] {
  const byRow = new Map<Key, Write>();
  for (const write of writes) {
    const first = byRow.get(write.row);
    if (first === undefined) byRow.set(write.row, write);
    else if (first.operation === "insert" && write.operation === "delete") byRow.delete(write.row);
    else byRow.set(write.row, { ...write, ...netOf(first, write) });
  }
  return [...byRow.values()];
}

/** Of each row that was inserted and is still there, the last write. */
function insertedOf(writes: readonly RowEvidence[]): RowEvidence[] {
  const byRow = new Map<Key, RowEvidence>();
  for (const write of writes) {
    const [operation, , row] = write.fields as [WriteOperation, Key, Key];
    if (operation === "delete") byRow.delete(row);
    else if (operation === "insert" || byRow.has(row)) byRow.set(row, write);
  }
  return [...byRow.values()];
}

/** What two writes of a row come to, of which the first is no insert that the second takes back. */
function netOf(first: Write, last: Write): Pick<Write, "operation" | "before" | "isBeforeKnown"> {
  const { before, isBeforeKnown } = first;
  const wasThere = first.operation !== "insert";
  return {
    before,
    isBeforeKnown,
    operation: !wasThere || last.operation === "delete" ? (wasThere ? "delete" : "insert") : "update",
  };
}

function writeOf({ fields: values, time }: RowEvidence, fields: number): Write {
  const [operation, , row, isBeforeKnown] = values as [WriteOperation, Key, Key, boolean];
  const isKnown = isBeforeKnown && operation !== "insert";
  return {
    operation,
    row,
    time,
    isBeforeKnown,
    before: isKnown ? values.slice(WRITE_COLUMNS + fields) : null,
    after: operation === "delete" ? null : values.slice(WRITE_COLUMNS, WRITE_COLUMNS + fields),
  };
}

function byPosition(left: RowEvidence, right: RowEvidence): number {
  return (
    left.major - right.major || left.minor - right.minor || left.sub - right.sub || (left.row < right.row ? -1 : 1)
  );
}
