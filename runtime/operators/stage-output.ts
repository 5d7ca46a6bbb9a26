import { Batch } from "../../base/batch.ts";
import {
  ADD,
  type ChangeColumns,
  changeColumns,
  changeLayout,
  FIRST_FIELD,
  OP,
  RETRACT,
} from "../../dataflow/change-layout.ts";
import type { Model } from "../../dataflow/model.ts";
import type { RowRecord } from "./row-record.ts";

/** What a row stage makes of the changes of a batch, which it is told in their order. */
export interface StageOutput {
  /** The first change of a row that is seen, at its own event time. */
  first(from: Batch, change: ChangeColumns, row: number): void;
  /** A later change of a row, whose record was read; `time` is its event time. `isSame`: it leaves the row as it was. */
  next(from: Batch, change: ChangeColumns, row: number, time: number, stored: RowRecord, isSame: boolean): void;
  /** All that came of the changes of `from`, until `clear`. It may be `from` itself, whose operations are overwritten then. */
  rows(from: Batch, change: ChangeColumns): Batch;
  clear(): void;
}

/** Rows as they come and go: retract(old) and add(new), nothing where a row stays as it is. */
export class ComingAndGoing implements StageOutput {
  readonly #batch: Batch;
  readonly #meta: ChangeColumns;
  /** So many changes at the beginning of the batch are the first of their rows, which come, and were not copied. */
  #coming = 0;

  constructor(model: Model) {
    this.#batch = new Batch(changeLayout(model));
    this.#meta = changeColumns(this.#batch);
  }

  first(from: Batch, change: ChangeColumns, row: number): void {
    if (change.kind.values[row] === OP.delete) return;
    if (row === this.#coming) this.#coming++;
    else this.#add(from, row, change.time.values[row]!);
  }

  next(from: Batch, change: ChangeColumns, row: number, time: number, stored: RowRecord, isSame: boolean): void {
    if (isSame) return;
    if (stored.isLive) this.#retract(from, row, time, stored);
    if (change.kind.values[row] !== OP.delete) this.#add(from, row, time);
  }

  rows(from: Batch, { kind }: ChangeColumns): Batch {
    if (this.#coming < from.count) {
      this.#copyComing(from);
      return this.#batch;
    }
    // Most batches bring new rows only, and go on as they are.
    kind.values.fill(ADD, 0, from.count);
    return from;
  }

  clear(): void {
    this.#batch.clear();
    this.#coming = 0;
  }

  #add(from: Batch, row: number, time: number): void {
    this.#copyComing(from);
    const to = this.#batch.append(from, row);
    this.#finish(to, ADD, time);
  }

  #copyComing(from: Batch): void {
    const coming = this.#coming;
    this.#coming = 0;
    for (let row = 0; row < coming; row++) this.#add(from, row, changeColumns(from).time.values[row]!);
  }

  /** Hands on the row as it was read, for a change of it. */
  #retract(from: Batch, row: number, time: number, stored: RowRecord): void {
    this.#copyComing(from);
    const out = this.#batch;
    const to = out.count;
    out.grow(to + 1);
    for (let c = 0; c < FIRST_FIELD; c++) out.columns[c]!.copy(to, from.columns[c]!, row);
    stored.writeHead(this.#meta, to);
    stored.readFields(out, to);
    this.#finish(to, RETRACT, time);
    out.count = to + 1;
  }

  #finish(to: number, kind: number, time: number): void {
    this.#meta.kind.values[to] = kind;
    this.#meta.time.values[to] = time;
    this.#meta.absent.values[to] = 0;
  }
}

/** Ends of transactions: the first time that one is told. They count as deleted at once, so that little is kept of them. */
export class Ends implements StageOutput {
  readonly #batch: Batch;
  readonly #meta: ChangeColumns;

  constructor(model: Model) {
    this.#batch = new Batch(changeLayout(model));
    this.#meta = changeColumns(this.#batch);
  }

  first(from: Batch, _change: ChangeColumns, row: number): void {
    const to = this.#batch.append(from, row);
    this.#meta.kind.values[to] = ADD;
  }

  next(): void {}

  rows(): Batch {
    return this.#batch;
  }

  clear(): void {
    this.#batch.clear();
  }
}
