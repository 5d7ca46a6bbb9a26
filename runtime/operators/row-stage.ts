import { Batch } from "../../base/batch.ts";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import {
  type ChangeColumns,
  changeColumns,
  changeLayout,
  FIRST_FIELD,
  isCurrencyColumn,
  isRead,
  OP,
} from "../../dataflow/change-layout.ts";
import type { Model } from "../../dataflow/model.ts";
import { TRANSACTIONS } from "../../dataflow/source.ts";
import { keptModel } from "../../dataflow/writes.ts";
import { hashBytes } from "../../state/key-groups.ts";
import type { StoreTable } from "../../state/store-table.ts";
import { RowRecord, rowConversion, rowSchema } from "./row-record.ts";
import { goesBack, notePosition, type SourcePosition, timeOf } from "./source-position.ts";
import { ComingAndGoing, Ends, type StageOutput } from "./stage-output.ts";
import { WriteOutput } from "./write-output.ts";

/** What the row stage tells besides its rows. Row numbers are those of the batch it was given. */
export interface RowStageEvents {
  /** Adds and retracts, or writes; valid only during the call. */
  rows(batch: Batch): void;
  /** The row's left-out values are not known from earlier. */
  incomplete(batch: Batch, row: number): void;
  /** A row read by a later snapshot differs from what is known: changes were missed. */
  seedDiffers(batch: Batch, row: number): void;
  /** A position that goes back while time goes on: the source was failed over or restored. Nothing behind it is taken. */
  positionWentBack(batch: Batch, row: number): void;
}

/** How far a database's clock may have been set back between two commits on one row. */
const CLOCK_STEP_MS = 2_000;

/** Deleted rows by the time of their deletion: timers, which may be kept on disk. */
export interface Graves {
  register(key: string, time: number): void;
  next(through: number): { readonly key: string; readonly time: number } | undefined;
}

/** How long deleted rows keep their positions. */
export interface Retention {
  /** In event time. */
  readonly ms: number;
  /** None is forgotten while the table has no more rows than that, however long ago it was deleted. */
  readonly rows: number;
}

/** Where row stages keep their rows. */
export interface RowBackend {
  readonly store: { table(name: string): StoreTable };
  timerQueue(name: string): Graves;
}

/**
 * The row stage of one table: state by primary key that keeps each row's last position and the model's fields, drops
 * repeats, fills in what Debezium left out, and turns changes into retract(old) and add(new), or into writes. See "Row stage" and
 * "Identity of a change" in the semantics. Rows are kept apart by group, the number of the partition that they are in.
 */
export class RowStage {
  /** Name of the table that its rows are in. */
  readonly table: string;
  readonly #model: Model;
  readonly #events: RowStageEvents;
  readonly #retention: Retention;
  readonly #rows: StoreTable;
  readonly #graves: Graves;
  /** The record that is looked at. */
  readonly #stored: RowRecord;
  /** For one stored row. */
  readonly #scratch: Batch;
  readonly #out: StageOutput;
  /** Of the rows that the changes at hand are of. */
  #hashes = new Int32Array(0);
  /** Changes that were not newer than their row's last. */
  repeats = 0;

  /** `name`: that of its table in the backend. */
  constructor(name: string, model: Model, retention: Retention, backend: RowBackend, events: RowStageEvents) {
    this.table = name;
    this.#model = keptModel(model);
    this.#events = events;
    this.#retention = retention;
    this.#rows = backend.store.table(name);
    this.#graves = backend.timerQueue(name);
    this.#stored = new RowRecord(this.#model);
    this.#scratch = new Batch(changeLayout(this.#model), 1);
    this.#out = outputOf(model);
  }

  /** Rows that are known, deleted ones included. */
  get size(): number {
    return this.#rows.size;
  }

  /** The schema of its records. */
  get schema(): string {
    return rowSchema(this.#model);
  }

  /** Takes changes of one partition of its table, in log order. Rows that are not its own may be in other groups yet. */
  process(batch: Batch, group: number, source: SourcePosition, otherGroups: readonly number[] = []): void {
    const change = changeColumns(batch);
    this.#hash(batch.count, change);
    this.#rows.prefetch(group, this.#hashes, batch.count);
    if (otherGroups.length > 0) this.#gather(batch.count, change, group, otherGroups);
    for (let row = 0; row < batch.count && this.#change(batch, change, row, group, source); row++);
    const rows = this.#out.rows(batch, change);
    if (rows.count > 0) this.#events.rows(rows);
    this.#out.clear();
  }

  /** The stored fields of a live row, as row 0 of a batch that the next call overwrites; undefined for a row not known. */
  lookUp(group: number, row: string): Batch | undefined {
    const key = Buffer.from(row, "utf8");
    if (!this.#find(group, key, 0, key.length) || !this.#stored.isLive) return undefined;
    this.#readScratch();
    return this.#scratch;
  }

  /** Forgets rows that were deleted longer ago than they are to be kept. */
  forgetBefore(frontier: number): void {
    const { ms, rows } = this.#retention;
    while (this.#rows.size > rows) {
      const grave = this.#graves.next(frontier - ms);
      if (grave === undefined) return;
      if (grave.time + ms >= frontier) return this.#graves.register(grave.key, grave.time);
      const bar = grave.key.indexOf("|");
      const group = Number(grave.key.slice(0, bar));
      const key = Buffer.from(grave.key.slice(bar + 1), "utf8");
      const isThere = this.#find(group, key, 0, key.length) && !this.#stored.isLive;
      if (isThere && this.#stored.time === grave.time) this.#rows.remove(group, key, 0, key.length);
    }
  }

  /** Puts the record of a row, as it is in the store, before `restore`. */
  put(group: number, key: Uint8Array, record: Uint8Array): void {
    this.#rows.put(group, key, 0, key.length, record, 0, record.length);
  }

  /**
   * Before any change: takes in the rows that are in its table by now, as records of the schema given. `incompatible` is
   * called where they cannot be the model's.
   */
  restore(schema: string, incompatible: () => never): void {
    const convert = rowConversion(schema, this.#model, incompatible);
    if (convert !== undefined) this.#convert(convert);
    this.#rows.forEach((group, key, value) => {
      this.#stored.read(value, 0, value.length);
      if (!this.#stored.isLive) this.#bury(group, key.toString("utf8"), this.#stored.time);
    });
  }

  /** Hashes the rows that changes are of. */
  #hash(count: number, { row: { heap, starts, ends } }: ChangeColumns): void {
    if (this.#hashes.length < count) this.#hashes = new Int32Array(2 * count);
    const hashes = this.#hashes;
    for (let row = 0; row < count; row++) hashes[row] = hashBytes(heap, starts[row]!, ends[row]!);
  }

  /** Takes rows that changes are of out of other groups. */
  #gather(
    count: number,
    { row: { heap, starts, ends } }: ChangeColumns,
    group: number,
    others: readonly number[],
  ): void {
    const rows = this.#rows;
    for (const other of others) rows.prefetch(other, this.#hashes, count);
    for (let row = 0; row < count; row++) {
      const [start, end, hash] = [starts[row]!, ends[row]!, this.#hashes[row]!];
      if (rows.find(group, heap, start, end, hash)) continue;
      const from = others.find((other) => rows.find(other, heap, start, end, hash));
      if (from === undefined) continue;
      const record = Buffer.from(rows.buffer.subarray(rows.start, rows.end));
      rows.put(group, heap, start, end, record, 0, record.length);
      rows.remove(from, heap, start, end);
      this.#stored.read(record, 0, record.length);
      if (!this.#stored.isLive)
        this.#bury(group, Buffer.from(heap.subarray(start, end)).toString("utf8"), this.#stored.time);
    }
  }

  /** False when the change's position went back. */
  #change(batch: Batch, change: ChangeColumns, row: number, group: number, source: SourcePosition): boolean {
    // What the row was is known here.
    if (change.kind.values[row] === OP.before) return true;
    const stored = this.#stored;
    const { heap, starts, ends } = change.row;
    const isKnown = this.#find(group, heap, starts[row]!, ends[row]!, this.#hashes[row]);
    const time = timeOf(change, row);
    const order = isKnown ? compare(change, row, stored) : 1;
    if (goesBack(change, row, time, source) || (order <= 0 && isYounger(stored, time, source))) {
      this.#events.positionWentBack(batch, row);
      return false;
    }
    notePosition(change, row, time, source);
    if (order <= 0) this.repeats++;
    else if (isKnown) this.#next(batch, change, row, group);
    else this.#first(batch, change, row, group);
    return true;
  }

  /** The first change of a row that is seen. */
  #first(batch: Batch, change: ChangeColumns, row: number, group: number): void {
    const deleted = change.kind.values[row] === OP.delete;
    if (!deleted && change.absent.values[row] !== 0) return this.#events.incomplete(batch, row);
    const time = change.time.values[row]!;
    this.#stored.write(batch, change, row, time, !deleted);
    const { heap, starts, ends } = change.row;
    const { buffer, length } = this.#stored.out;
    this.#rows.putNew(group, heap, starts[row]!, ends[row]!, buffer, 0, length, this.#hashes[row]);
    if (deleted) this.#bury(group, change.row.text(row), time);
    this.#out.first(batch, change, row);
  }

  /** A change of the row that was read, newer than its last. */
  #next(batch: Batch, change: ChangeColumns, row: number, group: number): void {
    const stored = this.#stored;
    const live = stored.isLive;
    const deleted = change.kind.values[row] === OP.delete;
    if (!deleted && change.absent.values[row] !== 0) {
      if (!live) return this.#events.incomplete(batch, row);
      this.#fill(batch, change.absent.values[row]!, row);
    }
    // A row's own changes are in log order, but a statement's time may lie before that of an earlier commit.
    const time = Math.max(change.time.values[row]!, stored.time);
    stored.write(batch, change, row, time, !deleted);
    const same = live && !deleted && stored.hasWrittenFields();
    this.#out.next(batch, change, row, time, stored, same);
    if (live && !same && isRead(change.kind.values[row]!)) this.#events.seedDiffers(batch, row);
    const { heap, starts, ends } = change.row;
    const { buffer, length } = stored.out;
    this.#rows.put(group, heap, starts[row]!, ends[row]!, buffer, 0, length, this.#hashes[row]);
    if (deleted) this.#bury(group, change.row.text(row), time);
  }

  /** Reads the head of a row's record. */
  #find(group: number, key: Uint8Array, start: number, end: number, hash?: number): boolean {
    const rows = this.#rows;
    if (!rows.find(group, key, start, end, hash)) return false;
    this.#stored.read(rows.buffer, rows.start, rows.end);
    return true;
  }

  /** Puts the stored values where Debezium left them out; money has its currency in a column of its own. */
  #fill(batch: Batch, absent: number, row: number): void {
    this.#readScratch();
    let field = -1;
    for (let c = FIRST_FIELD; c < this.#scratch.columns.length; c++) {
      if (!isCurrencyColumn(batch.layout[c]!.name)) field++;
      if ((absent & (1 << field)) !== 0) batch.columns[c]!.copy(row, this.#scratch.columns[c]!, 0);
    }
  }

  #readScratch(): void {
    this.#scratch.clear();
    this.#stored.readFields(this.#scratch, 0);
  }

  #bury(group: number, key: string, time: number): void {
    this.#graves.register(`${group}|${key}`, time);
  }

  /** Writes every record anew. */
  #convert(convert: NonNullable<ReturnType<typeof rowConversion>>): void {
    const keys: { readonly group: number; readonly key: Buffer }[] = [];
    this.#rows.forEach((group, key) => {
      keys.push({ group, key: Buffer.from(key) });
    });
    const input = new ByteReader();
    const out = new ByteWriter();
    for (const { group, key } of keys) {
      this.#rows.find(group, key, 0, key.length);
      out.clear();
      convert(input.reset(this.#rows.buffer, this.#rows.start, this.#rows.end), out);
      this.#rows.put(group, key, 0, key.length, out.buffer, 0, out.length);
    }
  }
}

function outputOf(model: Model): StageOutput {
  if (model.writes !== undefined) return new WriteOutput(model.writes);
  return model.from[0]?.table === TRANSACTIONS ? new Ends(model) : new ComingAndGoing(model);
}

/** Positive when a change is newer than its row's last one. */
function compare(change: ChangeColumns, row: number, stored: RowRecord): number {
  return (
    change.major.values[row]! - stored.major ||
    change.minor.values[row]! - stored.minor ||
    change.sub.values[row]! - stored.sub
  );
}

/** True when a change that is not newer by position is clearly newer by time: no repeat. */
function isYounger(stored: RowRecord, time: number, source: SourcePosition): boolean {
  const last = stored.time === BEFORE_ALL_TIME ? stored.seed : stored.time;
  return time > last + Math.max(source.longestTransactionMs, CLOCK_STEP_MS);
}
