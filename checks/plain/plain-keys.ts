import { isUtf8 } from "node:buffer";
import type { Batch } from "../../base/batch.ts";
import type { TextColumn } from "../../base/columns.ts";
import { hashBytes } from "../../base/hash.ts";
import type { Key } from "../../base/key.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import { ADD } from "../../dataflow/change-layout.ts";
import { type Alarms, MOST_RECORD_BYTES, MOST_RECORD_KEY_BYTES, type Records } from "../../dataflow/records.ts";
import type { Memory } from "../ledger.ts";
import type { CheckInput, CheckRule, CurrencyScale } from "../rule.ts";
import type { KeyState } from "../verdict-log.ts";
import { PlainForesight } from "./plain-foresight.ts";
import {
  MEMORY,
  MOST,
  memoryOf,
  PAST,
  POSTPONED,
  RECORD,
  ROW,
  rowsOf,
  STATUS,
  stateOf,
  statusOf,
} from "./plain-layout.ts";
import { PlainPast } from "./plain-past.ts";
import { type Found, PlainPoints } from "./plain-points.ts";
import type { PlainReader } from "./plain-reader.ts";
import { PlainRetention } from "./plain-retention.ts";
import { NOWHERE, PlainRows } from "./plain-rows.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** What a record grows by at most where a row of it ends. */
const MOST_END_BYTES = (PAST.doubles + 1) << 3;

/** What plain keys need of the operator that they are keys of. */
export interface PlainSurroundings {
  readonly records: Records;
  readonly retirements: Alarms;
  readonly reader: PlainReader;
  /** Alarms of their own, by name. */
  alarms(name: string): Alarms;
  scaleOf(currency: number): CurrencyScale;
  /** Whether a key that has no record is kept otherwise, or something is hidden of it. */
  isOther(key: Key): boolean;
  /** False where no key of the hash is one. */
  mayBeOther(hash: number): boolean;
  /** A point was judged, and nothing is to be told; with `times` −1: it was told of by mistake. */
  count(point: number, found: Found, times: 1 | -1): void;
  /** A key has a point that has been reached, at which more is to be said than is known of plain ones: it is to be expanded. */
  due(key: Key, point: number): void;
  /** A key is plain no more: this is its state, and when its retention was to look at it, +∞ for not at all. */
  expanded(key: Key, state: KeyState, retireAt: number): void;
  /** How long behind its last point a quiet key takes a step of its retention, by what is left of it. */
  stepsAfter(memory: Memory): number;
}

/**
 * The keys of a check that are plain, as nearly all are: see plain-layout.ts. They are judged on the bytes of their
 * records, ahead of time (plain-foresight.ts), and as soon as more is to be known or said of one it is expanded into what
 * others are, for good.
 */
export class PlainKeys {
  readonly #around: PlainSurroundings;
  readonly #records: Records;
  readonly #rows: readonly PlainRows[];
  readonly #foresight: PlainForesight;
  readonly #retention: PlainRetention;
  readonly #past: PlainPast;
  /** Records to be expanded when all have been visited. */
  readonly #leaving: Key[] = [];
  /** All points through it have been judged. */
  #through = BEFORE_ALL_TIME;
  /** Nothing is judged before it, as the history of some source begins there; −∞ while that is not known. */
  #floor = BEFORE_ALL_TIME;
  /** Keys with a point through it are hidden, while they are visited; and perhaps those that were postponed. */
  #hiddenThrough = BEFORE_ALL_TIME;
  #hidesPostponed = false;
  #reading!: PlainRows;
  #keys!: TextColumn;
  /** Rows that are read. */
  #count = 0;
  /** By row: the hash of its key. */
  #hashes = new Int32Array(0);
  /** By table: rows at or before it are late. */
  #late: readonly number[] = [];

  constructor(rule: CheckRule, inputs: readonly CheckInput[], around: PlainSurroundings) {
    this.#around = around;
    this.#records = around.records;
    this.#rows = inputs.map(
      (input, index) => new PlainRows(rule, index, input, around.records, (currency) => around.scaleOf(currency)),
    );
    this.#retention = new PlainRetention(rule, around);
    this.#past = new PlainPast(rule.legs, around.records);
    this.#foresight = new PlainForesight({
      ...{ records: around.records, retention: this.#retention },
      points: new PlainPoints({ ...rule, quick: rule.quick! }, around.records),
      alarms: (name) => around.alarms(name),
      count: (point, found, times) => around.count(point, found, times),
      keepsRowsMs: around.stepsAfter("rows"),
    });
  }

  /** Rows of an input; `late`: by table, the time at or before which a row comes too late. `keys`: their keys. */
  read(input: number, batch: Batch, keys: TextColumn, late: readonly number[]): void {
    this.#reading = this.#rows[input]!;
    this.#reading.read(batch);
    this.#keys = keys;
    this.#count = batch.count;
    this.#late = late;
    if (this.#hashes.length < batch.count) this.#hashes = new Int32Array(2 * batch.count);
    const { heap, nulls, starts, ends } = keys;
    const hashes = this.#hashes;
    for (let row = 0; row < batch.count; row++) {
      hashes[row] = nulls[row] === 1 ? 0 : hashBytes(heap, starts[row]!, ends[row]!);
    }
    this.#records.touch(hashes, batch.count);
  }

  /** Takes a row, whose key is not null; false where the key is not plain, or is not any more. */
  take(row: number): boolean {
    const { heap, starts, ends } = this.#keys;
    const start = starts[row]!;
    const end = ends[row]!;
    const hash = this.#hashes[row]!;
    const address = this.#records.find(hash, heap, start, end);
    if (address < 0) return this.#takeFirst(row, hash, start, end);
    if (this.#reading.isRepeat(row, address)) return true;
    if (this.#isInTime(row) && this.#takeNext(row, address)) return true;
    this.#expand(this.#records.find(hash, heap, start, end));
    return false;
  }

  /** Judges all points through a frontier, none before `floor`: there, once it is reached, all are judged together. */
  judgeThrough(through: number, floor: number): void {
    while (!this.judgeMore());
    if (floor > this.#through) this.#expandPlanned(Math.min(through, floor));
    this.#through = through;
    this.#floor = floor;
    this.judgeMore();
  }

  /** Goes on with the keys that wait for the first point of all, of which there may be very many; false where some are left. */
  judgeMore(): boolean {
    const isDone = this.#isEarly || this.#foresight.planPostponed(this.#floor, this.#lookAtFloor);
    this.#foresight.take(this.#through, this.#visitDue);
    this.#around.retirements.take(this.#through, this.#visitRetired);
    return isDone;
  }

  /** Keys with a point at or before a time that was not judged are plain no more. */
  expandDue(through: number): void {
    this.#hidesPostponed = true;
    this.#foresight.takePostponed(this.#visitHidden);
    this.#expandPlanned(through);
    this.#hidesPostponed = false;
  }

  /** A key is plain no more; false where it was not. */
  expand(key: Key): boolean {
    const address = this.#addressOf(key);
    if (address < 0) return false;
    this.#expand(address);
    return true;
  }

  /** All plain keys, as if they were expanded; to be looked at only. */
  forEach(visit: (key: Key, state: KeyState) => void): void {
    this.#records.forEach((address) => {
      visit(this.#records.keyAt(address), this.#around.reader.read(address, this.#through));
    });
  }

  /** Sets the alarms of all keys, which are no part of checkpoints; all points through a time have been judged, none before `floor`. */
  recover(through: number, floor: number): void {
    this.#through = through;
    this.#floor = floor;
    this.#records.forEach((address) => {
      this.#foresight.recover(address, through);
    });
  }

  #isInTime(row: number): boolean {
    const { change } = this.#reading;
    const time = change.time.values[row]!;
    if (time === BEFORE_ALL_TIME) return this.#through === BEFORE_ALL_TIME;
    return time > this.#late[change.table.values[row]!]! && time > this.#through;
  }

  /** Whether the history of some source has not begun, so that nothing is judged, nor known of when that will be. */
  get #isEarly(): boolean {
    return this.#through === BEFORE_ALL_TIME || this.#through < this.#floor;
  }

  /** Takes a row of a key that has a record; false where the key is plain no more. */
  #takeNext(row: number, address: number): boolean {
    const { change } = this.#reading;
    if (change.kind.values[row] !== ADD) return this.#end(row, address);
    return this.#reading.look(row) && this.#add(row, address);
  }

  #takeFirst(row: number, hash: number, start: number, end: number): boolean {
    const rows = this.#reading;
    if (!this.#isInTime(row) || !rows.look(row) || end - start > MOST_RECORD_KEY_BYTES) return false;
    if (!isText(this.#keys.heap, start, end)) return false;
    const isEarly = this.#isEarly;
    const first = RECORD.rows + (isEarly ? PAST.doubles : 0);
    const length = (first + rows.length) << 3;
    if (length > MOST_RECORD_BYTES || this.#isOther(hash, row)) return false;
    const records = this.#records;
    const address = records.add(hash, this.#keys.heap, start, end, length);
    const at = address >> 3;
    records.doubles[at + RECORD.lastPoint] = BEFORE_ALL_TIME;
    records.doubles[at + RECORD.nextPoint] = NEVER;
    records.doubles[at + RECORD.retireAt] = NEVER;
    records.words[(address >> 2) + RECORD.currency] = rows.currency;
    records.words[(address >> 2) + RECORD.state] = stateOf(isEarly ? 2 : 1, STATUS.unjudged);
    rows.write(row, at + first);
    if (isEarly) {
      this.#past.write(at + RECORD.rows);
      this.#foresight.postpone(address);
    } else this.#foresight.plan(address);
    return true;
  }

  #isOther(hash: number, row: number): boolean {
    return this.#around.mayBeOther(hash) && this.#around.isOther(this.#keys.text(row));
  }

  /** Adds a row to a record; false where the key is plain no more. */
  #add(row: number, former: number): boolean {
    const rows = this.#reading;
    const records = this.#records;
    if (records.words[(former >> 2) + RECORD.currency] !== rows.currency) return false;
    if (!this.#isOpen(row, former) || rows.placeOf(row, former) !== NOWHERE) return false;
    if (records.lengthAt(former) + (PAST.doubles << 3) > MOST_RECORD_BYTES) return false;
    const address = this.#past.begin(former, false);
    const bytes = this.#past.tidy(address, this.#through);
    const state = records.words[(address >> 2) + RECORD.state]!;
    if (rowsOf(state) === MOST.rows || bytes + (rows.length << 3) > MOST_RECORD_BYTES) return false;
    const to = records.resize(address, bytes + (rows.length << 3));
    rows.write(row, (to + bytes) >> 3);
    records.words[(to >> 2) + RECORD.state] = stateOf(rowsOf(state) + 1, statusOf(state));
    this.#foresight.plan(to);
    return true;
  }

  /** Ends a row of a record; false where the key is plain no more, as where more is to be known of a row that went. */
  #end(row: number, former: number): boolean {
    const rows = this.#reading;
    const records = this.#records;
    if (rows.isStageless(row)) return false;
    if (!this.#isOpen(row, former) || records.lengthAt(former) + MOST_END_BYTES > MOST_RECORD_BYTES) return false;
    if (rowsOf(records.words[(former >> 2) + RECORD.state]!) === MOST.rows) return false;
    const address = this.#past.begin(former, true);
    const bytes = this.#past.tidy(address, this.#through);
    const place = rows.placeOf(row, address);
    const time = rows.change.time.values[row]!;
    // What goes with the seed, as where a snapshot was begun anew, has been there at no point.
    if (time === BEFORE_ALL_TIME) return false;
    if (place < 0 || records.doubles[(address >> 3) + place + ROW.time]! > time) return false;
    const to = this.#past.end(address, bytes, place, time);
    if (!this.#comesAnew(row)) this.#foresight.plan(to);
    return true;
  }

  /** Whether a record takes a change at the time of a row; nothing is known then of points that it has a part in. */
  #isOpen(row: number, address: number): boolean {
    if (memoryOf(this.#records.words[(address >> 2) + RECORD.state]!) !== MEMORY.rows) return false;
    const time = this.#reading.change.time.values[row]!;
    this.#foresight.forgetFrom(address, time);
    return time < this.#retention.stepOf(address);
  }

  /** Whether the next row, which is taken next, is an add to the same key at the same time, as of an update: it plans for both. */
  #comesAnew(row: number): boolean {
    const { kind, time, table } = this.#reading.change;
    const next = row + 1;
    if (next >= this.#count || kind.values[next] !== ADD || time.values[next] !== time.values[row]) return false;
    if (table.values[next] !== table.values[row]) return false;
    const { heap, nulls, starts, ends } = this.#keys;
    if (nulls[next] === 1 || this.#hashes[next] !== this.#hashes[row]) return false;
    return heap.compare(heap, starts[row], ends[row], starts[next], ends[next]) === 0;
  }

  // Every record has an alarm of its own for what it waits for, so one is answered by the first record that is due.
  readonly #leaveDue = (address: number): boolean => {
    const point = this.#records.doubles[(address >> 3) + RECORD.nextPoint]!;
    if (point > this.#through || point === POSTPONED) return false;
    this.#leave(address);
    this.#around.due(this.#records.keyAt(address), point);
    return true;
  };
  readonly #lookAtFloor = (address: number): void => {
    this.#leave(address);
    this.#around.due(this.#records.keyAt(address), this.#floor);
  };
  readonly #visitDue = (hash: number): void => this.#records.withHash(hash, this.#leaveDue);

  readonly #hideDue = (address: number): boolean => {
    const first = this.#foresight.firstBehind(address, this.#through);
    const next = this.#records.doubles[(address >> 3) + RECORD.nextPoint]!;
    if (next === POSTPONED ? !this.#hidesPostponed : Math.min(first, next) > this.#hiddenThrough) return false;
    this.#leave(address);
    this.#leaving.push(this.#records.keyAt(address));
    return true;
  };
  readonly #visitHidden = (hash: number): void => this.#records.withHash(hash, this.#hideDue);

  readonly #retireDue = (address: number): boolean => this.#retention.retire(address, this.#through);
  readonly #visitRetired = (_time: number, hash: number): void => this.#records.withHash(hash, this.#retireDue);

  /** It is expanded when those beside it have been visited, or later, and not visited any more. */
  #leave(address: number): void {
    const records = this.#records;
    // Beside those that are visited until then its page may be needed for others.
    records.changed(address);
    this.#foresight.forgetBehind(address, this.#through);
    records.doubles[(address >> 3) + RECORD.nextPoint] = NEVER;
    records.doubles[(address >> 3) + RECORD.retireAt] = NEVER;
  }

  #expandPlanned(through: number): void {
    this.#hiddenThrough = through;
    this.#foresight.takeUncounted(through, this.#visitHidden);
    for (const key of this.#leaving) this.expand(key);
    this.#leaving.length = 0;
  }

  #expand(address: number): void {
    const records = this.#records;
    const { reader } = this.#around;
    const key = records.keyAt(address);
    const retireAt = reader.retireAt(address, this.#through);
    this.#foresight.forgetBehind(address, this.#through);
    const state = reader.read(address, this.#through);
    records.remove(address);
    this.#around.expanded(key, state, retireAt);
  }

  #addressOf(key: Key): number {
    const bytes = Buffer.from(key, "utf8");
    return this.#records.find(hashBytes(bytes, 0, bytes.length), bytes, 0, bytes.length);
  }
}

/** What is no UTF-8 is told as another text than it is, by which it would not be found again. */
function isText(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! > 127) return isUtf8(bytes.subarray(start, end));
  return true;
}
