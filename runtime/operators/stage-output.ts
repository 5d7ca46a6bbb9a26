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

/** What a row stage makes of the changes that it takes, in `batch`. */
export interface StageOutput {
  readonly batch: Batch;
  /** The first change of a row that is seen; `time` is its event time. */
  first(from: Batch, change: ChangeColumns, row: number, time: number): void;
  /** A later change of a row, whose record was read. `isSame`: it leaves the row as it was. */
  next(from: Batch, change: ChangeColumns, row: number, time: number, stored: RowRecord, isSame: boolean): void;
}

/** Rows as they come and go: retract(old) and add(new), nothing where a row stays as it is. */
export class ComingAndGoing implements StageOutput {
  readonly batch: Batch;
  readonly #meta: ChangeColumns;

  constructor(model: Model) {
    this.batch = new Batch(changeLayout(model));
    this.#meta = changeColumns(this.batch);
  }

  first(from: Batch, change: ChangeColumns, row: number, time: number): void {
    if (change.kind.values[row] !== OP.delete) this.#add(from, row, time);
  }

  next(from: Batch, change: ChangeColumns, row: number, time: number, stored: RowRecord, isSame: boolean): void {
    if (isSame) return;
    if (stored.isLive) this.#retract(from, row, time, stored);
    if (change.kind.values[row] !== OP.delete) this.#add(from, row, time);
  }

  #add(from: Batch, row: number, time: number): void {
    const to = this.batch.append(from, row);
    this.#finish(to, ADD, time);
  }

  /** Hands on the row as it was read, for a change of it. */
  #retract(from: Batch, row: number, time: number, stored: RowRecord): void {
    const out = this.batch;
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
  readonly batch: Batch;
  readonly #meta: ChangeColumns;

  constructor(model: Model) {
    this.batch = new Batch(changeLayout(model));
    this.#meta = changeColumns(this.batch);
  }

  first(from: Batch, _change: ChangeColumns, row: number, time: number): void {
    const to = this.batch.append(from, row);
    this.#meta.kind.values[to] = ADD;
    this.#meta.time.values[to] = time;
  }

  next(): void {}
}
