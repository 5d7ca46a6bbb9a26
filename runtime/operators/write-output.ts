import { Batch } from "../../base/batch.ts";
import type { Column, Int32Column, TextColumn } from "../../base/columns.ts";
import {
  ADD,
  type ChangeColumns,
  changeColumns,
  changeLayout,
  FIRST_FIELD,
  fieldLayout,
  isRead,
  OP,
} from "../../dataflow/change-layout.ts";
import { WRITE_COLUMNS, type Writes } from "../../dataflow/writes.ts";
import type { RowRecord } from "./row-record.ts";
import type { StageOutput } from "./stage-output.ts";

/** Each write as a row of its own, an add that never goes; what a snapshot reads is no write. */
export class WriteOutput implements StageOutput {
  readonly #batch: Batch;
  readonly #meta: ChangeColumns;
  readonly #operation: TextColumn;
  readonly #transaction: TextColumn;
  readonly #row: TextColumn;
  readonly #isBeforeKnown: Int32Column;
  /** Columns of the model's fields, after the write and before it. */
  readonly #after: readonly Column[];
  readonly #before: readonly Column[];
  /** For the former row. */
  readonly #former: Batch;

  constructor({ of, rows }: Writes) {
    const batch = new Batch(changeLayout(rows));
    this.#batch = batch;
    this.#meta = changeColumns(batch);
    this.#operation = batch.column("operation") as TextColumn;
    this.#transaction = batch.column("transactionId") as TextColumn;
    this.#row = batch.column("rowId") as TextColumn;
    this.#isBeforeKnown = batch.column("isBeforeKnown") as Int32Column;
    const first = FIRST_FIELD + WRITE_COLUMNS;
    const count = fieldLayout(of.fields).length;
    this.#after = batch.columns.slice(first, first + count);
    this.#before = batch.columns.slice(first + count);
    this.#former = new Batch(changeLayout(of), 1);
  }

  first(from: Batch, change: ChangeColumns, row: number): void {
    const op = change.kind.values[row]!;
    if (isRead(op)) return;
    const to = this.#write(from, change, row, change.time.values[row]!);
    setNull(this.#before, to);
    this.#isBeforeKnown.set(to, op === OP.create ? 1 : 0);
  }

  next(from: Batch, change: ChangeColumns, row: number, time: number, stored: RowRecord): void {
    const op = change.kind.values[row]!;
    if (isRead(op)) return;
    const to = this.#write(from, change, row, time);
    this.#isBeforeKnown.set(to, stored.isLive || op === OP.create ? 1 : 0);
    if (stored.isLive) this.#writeBefore(to, stored);
    else setNull(this.#before, to);
  }

  rows(): Batch {
    return this.#batch;
  }

  clear(): void {
    this.#batch.clear();
  }

  /** Appends a write but for the row before it. */
  #write(from: Batch, change: ChangeColumns, row: number, time: number): number {
    const batch = this.#batch;
    const meta = this.#meta;
    const to = batch.count++;
    batch.grow(batch.count);
    for (let c = 0; c < FIRST_FIELD; c++) batch.columns[c]!.copy(to, from.columns[c]!, row);
    const op = change.kind.values[row]!;
    meta.kind.values[to] = ADD;
    meta.time.values[to] = time;
    meta.absent.values[to] = 0;
    this.#row.copy(to, change.row, row);
    // A row is written many times: each write is told from others by its place in the source's log.
    const place = `${change.major.values[row]}/${change.minor.values[row]}/${change.sub.values[row]}`;
    meta.row.set(to, `${change.row.text(row)}|'${place}`);
    this.#operation.set(to, OPERATIONS[op]!);
    const after = this.#after;
    if (op === OP.delete) setNull(after, to);
    else for (let c = 0; c < after.length; c++) after[c]!.copy(to, from.columns[FIRST_FIELD + c]!, row);
    this.#transaction.copy(to, from.columns[FIRST_FIELD + after.length]!, row);
    return to;
  }

  #writeBefore(to: number, stored: RowRecord): void {
    const former = this.#former;
    former.clear();
    stored.readFields(former, 0);
    const before = this.#before;
    for (let c = 0; c < before.length; c++) before[c]!.copy(to, former.columns[FIRST_FIELD + c]!, 0);
  }
}

const OPERATIONS: Readonly<Record<number, string>> = {
  [OP.create]: "insert",
  [OP.update]: "update",
  [OP.delete]: "delete",
};

function setNull(columns: readonly Column[], row: number): void {
  for (const column of columns) column.nulls[row] = 1;
}
