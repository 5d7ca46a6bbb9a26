import { Batch } from "../../base/batch.ts";
import { BytesColumn, type Column } from "../../base/columns.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import {
  ADD,
  type ChangeColumns,
  changeColumns,
  changeLayout,
  FIRST_FIELD,
  isCurrencyColumn,
  OP,
  RETRACT,
} from "../../dataflow/change-layout.ts";
import type { Model } from "../../dataflow/model.ts";

/** What the row stage tells besides its rows. Row numbers are those of the batch it was given. */
export interface RowStageEvents {
  /** Adds and retracts; valid only during the call. */
  rows(batch: Batch): void;
  /** The row's left-out values are not known from earlier. */
  incomplete(batch: Batch, row: number): void;
  /** A row read by a later snapshot differs from what is known: changes were missed. */
  seedDiffers(batch: Batch, row: number): void;
  /** A position that goes back while time goes on: the source was failed over or restored. Nothing behind it is taken. */
  positionWentBack(batch: Batch, row: number): void;
}

/** The newest position that was seen of a source; shared by all its row stages. */
export interface SourcePosition {
  major: number;
  minor: number;
  sub: number;
  time: number;
  readonly longestTransactionMs: number;
}

/** How far a database's clock may have been set back between two commits on one row. */
const CLOCK_STEP_MS = 2_000;

const LIVE = 1;
const DELETED = 0;

/**
 * The row stage: state by (table, primary key) that keeps each row's last position and the model's fields, drops
 * repeats, fills in what Debezium left out, and turns changes into retract(old) and add(new). See "Row stage" and
 * "Identity of a change" in the semantics.
 *
 * Rows live in one batch that is used as a table: a map from key to slot, slots reused.
 */
export class RowStage {
  readonly #events: RowStageEvents;
  readonly #retainMs: number;
  readonly #slots = new Map<string, number>();
  readonly #table: Batch;
  readonly #stored: ChangeColumns;
  readonly #out: Batch;
  readonly #outMeta: ChangeColumns;
  readonly #free: number[] = [];
  /** Deleted rows in the order of their deletion, to be forgotten after `retainMs`. */
  #graves: { readonly key: string; readonly time: number }[] = [];
  #gravesBuried = 0;
  /** Changes that were not newer than their row's last. */
  repeats = 0;

  constructor(model: Model, retainMs: number, events: RowStageEvents) {
    this.#events = events;
    this.#retainMs = retainMs;
    this.#table = new Batch(changeLayout(model));
    this.#stored = changeColumns(this.#table);
    this.#out = new Batch(changeLayout(model));
    this.#outMeta = changeColumns(this.#out);
  }

  /** Rows that are known, deleted ones included. */
  get size(): number {
    return this.#slots.size;
  }

  /** Takes changes of one table of one source, in log order. */
  process(batch: Batch, source: SourcePosition): void {
    const change = changeColumns(batch);
    for (let row = 0; row < batch.count && this.#change(batch, change, row, source); row++);
    if (this.#out.count === 0) return;
    this.#events.rows(this.#out);
    this.#out.clear();
  }

  /** The stored fields of a live row, as a batch and a row in it; undefined for a row that is not known. */
  lookUp(table: number, row: string): { readonly batch: Batch; readonly row: number } | undefined {
    const slot = this.#slots.get(`${table}|${row}`);
    return slot === undefined || this.#stored.kind.values[slot] !== LIVE
      ? undefined
      : { batch: this.#table, row: slot };
  }

  /** Forgets rows that were deleted longer ago than they are to be kept. */
  forgetBefore(frontier: number): void {
    while (this.#gravesBuried < this.#graves.length) {
      const grave = this.#graves[this.#gravesBuried]!;
      if (grave.time + this.#retainMs >= frontier) break;
      this.#gravesBuried++;
      this.#forget(grave.key, grave.time);
    }
    if (this.#gravesBuried > 1024 && this.#gravesBuried * 2 > this.#graves.length) {
      this.#graves = this.#graves.slice(this.#gravesBuried);
      this.#gravesBuried = 0;
    }
  }

  /** False when the change's position went back. */
  #change(batch: Batch, change: ChangeColumns, row: number, source: SourcePosition): boolean {
    const key = `${change.table.values[row]}|${change.row.text(row)}`;
    const slot = this.#slots.get(key);
    const time = timeOf(change, row);
    const order = slot === undefined ? 1 : this.#compare(change, row, slot);
    if (goesBack(change, row, time, source) || (order <= 0 && this.#isYounger(slot!, time, source))) {
      this.#events.positionWentBack(batch, row);
      return false;
    }
    notePosition(change, row, time, source);
    if (order <= 0) this.repeats++;
    else if (slot === undefined) this.#first(batch, change, row, key);
    else this.#next(batch, change, row, key, slot);
    return true;
  }

  /** The first change of a row that is seen. */
  #first(batch: Batch, change: ChangeColumns, row: number, key: string): void {
    const deleted = change.kind.values[row] === OP.delete;
    if (!deleted && change.absent.values[row] !== 0) return this.#events.incomplete(batch, row);
    const slot = this.#allocate(key);
    this.#store(slot, batch, row, deleted ? DELETED : LIVE);
    const time = change.time.values[row]!;
    this.#stored.time.values[slot] = time;
    if (deleted) this.#bury(key, time);
    else this.#emit(ADD, slot, time);
  }

  /** A change of a known row, newer than its last. */
  #next(batch: Batch, change: ChangeColumns, row: number, key: string, slot: number): void {
    const live = this.#stored.kind.values[slot] === LIVE;
    const deleted = change.kind.values[row] === OP.delete;
    if (!deleted && change.absent.values[row] !== 0) {
      if (!live) return this.#events.incomplete(batch, row);
      this.#fill(batch, change.absent.values[row]!, row, slot);
    }
    // A row's own changes are in log order, but a statement's time may lie before that of an earlier commit.
    const time = Math.max(change.time.values[row]!, this.#stored.time.values[slot]!);
    const same = live && !deleted && this.#equal(batch, row, slot);
    if (live && !same) this.#emit(RETRACT, slot, time);
    if (live && !same && change.kind.values[row] === OP.read) this.#events.seedDiffers(batch, row);
    this.#store(slot, batch, row, deleted ? DELETED : LIVE);
    this.#stored.time.values[slot] = time;
    if (deleted) this.#bury(key, time);
    else if (!same) this.#emit(ADD, slot, time);
  }

  #emit(kind: number, slot: number, time: number): void {
    const row = this.#out.append(this.#table, slot);
    this.#outMeta.kind.values[row] = kind;
    this.#outMeta.time.values[row] = time;
  }

  #store(slot: number, batch: Batch, row: number, kind: number): void {
    const deleted = kind === DELETED;
    const columns = this.#table.columns;
    const length = deleted ? FIRST_FIELD : columns.length;
    for (let c = 0; c < length; c++) overwrite(columns[c]!, slot, batch.columns[c]!, row);
    this.#stored.kind.values[slot] = kind;
    this.#stored.absent.values[slot] = 0;
  }

  /** Puts the stored values where Debezium left them out; money has its currency in a column of its own. */
  #fill(batch: Batch, absent: number, row: number, slot: number): void {
    let field = -1;
    for (let c = FIRST_FIELD; c < batch.columns.length; c++) {
      if (!isCurrencyColumn(batch.layout[c]!.name)) field++;
      if ((absent & (1 << field)) !== 0) batch.columns[c]!.copy(row, this.#table.columns[c]!, slot);
    }
  }

  #equal(batch: Batch, row: number, slot: number): boolean {
    for (let c = FIRST_FIELD; c < batch.columns.length; c++) {
      if (!equal(batch.columns[c]!, row, this.#table.columns[c]!, slot)) return false;
    }
    return true;
  }

  /** Positive when the change is newer than the row's last one. */
  #compare(change: ChangeColumns, row: number, slot: number): number {
    return (
      change.major.values[row]! - this.#stored.major.values[slot]! ||
      change.minor.values[row]! - this.#stored.minor.values[slot]! ||
      change.sub.values[row]! - this.#stored.sub.values[slot]!
    );
  }

  /** True when a change that is not newer by position is clearly newer by time: no repeat. */
  #isYounger(slot: number, time: number, source: SourcePosition): boolean {
    return time > timeOf(this.#stored, slot) + Math.max(source.longestTransactionMs, CLOCK_STEP_MS);
  }

  #allocate(key: string): number {
    const slot = this.#free.pop() ?? this.#table.count++;
    this.#table.grow(this.#table.count);
    this.#slots.set(key, slot);
    return slot;
  }

  #bury(key: string, time: number): void {
    this.#graves.push({ key, time });
  }

  #forget(key: string, deletedAt: number): void {
    const slot = this.#slots.get(key);
    if (slot === undefined || this.#stored.kind.values[slot] === LIVE) return;
    if (this.#stored.time.values[slot] !== deletedAt) return;
    this.#slots.delete(key);
    this.#free.push(slot);
  }
}

/** Event time of a change, or the time of the seed for a row of the seed. */
function timeOf(change: ChangeColumns, row: number): number {
  const time = change.time.values[row]!;
  return time === BEFORE_ALL_TIME ? change.seed.values[row]! : time;
}

/**
 * True when the position lies far behind the source's newest (by more than a whole binlog file, or 4 GiB of WAL)
 * although its time lies beyond what any transaction that was open then could have: no order of reading explains that.
 * Less than that is left to the row's own position: PostgreSQL's changes carry the place where they were written but
 * the time at which they were committed, so near positions prove nothing across rows.
 */
function goesBack(change: ChangeColumns, row: number, time: number, source: SourcePosition): boolean {
  const majors = source.major - change.major.values[row]!;
  const far = majors > 1 || (majors === 1 && change.minor.values[row]! < source.minor);
  return far && time > source.time + source.longestTransactionMs;
}

function notePosition(change: ChangeColumns, row: number, time: number, source: SourcePosition): void {
  if (compareToSource(change, row, source) <= 0) return;
  source.major = change.major.values[row]!;
  source.minor = change.minor.values[row]!;
  source.sub = change.sub.values[row]!;
  source.time = Math.max(source.time, time);
}

function compareToSource(change: ChangeColumns, row: number, source: SourcePosition): number {
  return (
    change.major.values[row]! - source.major ||
    change.minor.values[row]! - source.minor ||
    change.sub.values[row]! - source.sub
  );
}

/** Copies a value over an old one and reuses the old one's bytes where the new one fits. */
function overwrite(column: Column, row: number, from: Column, fromRow: number): void {
  if (column instanceof BytesColumn) column.replace(row, from as BytesColumn, fromRow);
  else column.copy(row, from, fromRow);
}

function equal(left: Column, leftRow: number, right: Column, rightRow: number): boolean {
  const absent = left.nulls[leftRow] === 1;
  if (absent || right.nulls[rightRow] === 1) return absent === (right.nulls[rightRow] === 1);
  if (left instanceof BytesColumn) return left.equals(leftRow, right as BytesColumn, rightRow);
  if (left.type === "int64" && right.type === "int64") {
    return (
      left.words[2 * leftRow] === right.words[2 * rightRow] &&
      left.words[2 * leftRow + 1] === right.words[2 * rightRow + 1]
    );
  }
  return left.get(leftRow) === right.get(rightRow);
}
