import { isUtf8 } from "node:buffer";
import type { Batch } from "../../base/batch.ts";
import type { TextColumn } from "../../base/columns.ts";
import { hashBytes } from "../../base/hash.ts";
import type { Key } from "../../base/key.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import { type Alarms, MOST_RECORD_BYTES, MOST_RECORD_KEY_BYTES, type Records } from "../../dataflow/records.ts";
import type { Ledger } from "../ledger.ts";
import type { CheckInput, CheckRule, CurrencyScale } from "../rule.ts";
import type { KeyState } from "../verdict-log.ts";
import { MEMORY, MOST, memoryOf, RECORD, rowsOf, STATUS, stateOf, statusOf } from "./plain-layout.ts";
import { PlainPoints } from "./plain-points.ts";
import type { PlainReader } from "./plain-reader.ts";
import { PlainRetention } from "./plain-retention.ts";
import { PlainRows } from "./plain-rows.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** What plain keys need of the operator that they are keys of. */
export interface PlainSurroundings {
  readonly records: Records;
  /** Of points that rows bring, of those that are left when some were judged, and of retention. */
  readonly points: Alarms;
  readonly deadlines: Alarms;
  readonly retirements: Alarms;
  readonly reader: PlainReader;
  scaleOf(currency: number): CurrencyScale;
  /** Whether a key that has no record is kept otherwise, or something is hidden of it. */
  isOther(key: Key): boolean;
  /** False where no key of the hash is one. */
  mayBeOther(hash: number): boolean;
  /** A point was judged, and nothing is to be told. */
  count(point: number, status: "pass" | "pending"): void;
  /** A key is plain no more: this is its state, and when its retention was to look at it, +∞ for not at all. */
  expanded(key: Key, state: KeyState, retireAt: number): void;
  /** How long behind its last point a quiet key takes a step of its retention, by what is left of it. */
  stepsAfter(memory: Ledger["memory"]): number;
}

/**
 * The keys of a check that are plain, as nearly all are: see plain-layout.ts. They are judged on the bytes of their
 * records, and as soon as more is to be known or said of one it is expanded into what others are, for good.
 */
export class PlainKeys {
  readonly #rule: CheckRule;
  readonly #around: PlainSurroundings;
  readonly #records: Records;
  readonly #rows: readonly PlainRows[];
  readonly #points: PlainPoints;
  readonly #retention: PlainRetention;
  /** Hashes of keys with a point that has come. */
  readonly #due = new Int32Array(512);
  #dueCount = 0;
  /** Records to be expanded when all have been visited. */
  readonly #leaving: Key[] = [];
  readonly #keepsRowsMs: number;
  #through = BEFORE_ALL_TIME;
  #floor = BEFORE_ALL_TIME;
  #reading!: PlainRows;
  #keys!: TextColumn;
  /** By row: the hash of its key. */
  #hashes = new Int32Array(0);
  /** By table: rows at or before it are late. */
  #late: readonly number[] = [];

  constructor(rule: CheckRule, inputs: readonly CheckInput[], around: PlainSurroundings) {
    this.#rule = rule;
    this.#around = around;
    this.#records = around.records;
    this.#rows = inputs.map(
      (input, index) => new PlainRows(rule, index, input, around.records, (currency) => around.scaleOf(currency)),
    );
    this.#points = new PlainPoints(rule, around.records);
    this.#retention = new PlainRetention(rule, around);
    this.#keepsRowsMs = around.stepsAfter("rows");
  }

  /** Rows of an input; `late`: by table, the time at or before which a row comes too late. `keys`: their keys. */
  read(input: number, batch: Batch, keys: TextColumn, late: readonly number[]): void {
    this.#reading = this.#rows[input]!;
    this.#reading.read(batch);
    this.#keys = keys;
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
    if (this.#isPlain(row) && this.#add(row, address)) return true;
    this.#expand(this.#records.find(hash, heap, start, end));
    return false;
  }

  /** Judges all points through a frontier; those before `floor` are left to others. */
  judgeThrough(through: number, floor: number): void {
    this.#through = through;
    this.#floor = floor;
    this.#around.points.take(through, this.#gatherDue);
    this.#around.deadlines.take(through, this.#gatherDue);
    this.#judgeGathered();
    this.#expandLeaving();
    this.#around.retirements.take(through, this.#visitRetired);
  }

  /** Keys with a point at or before a time are plain no more. */
  expandDue(through: number): void {
    this.#through = through;
    this.#around.points.take(through, this.#visitHidden);
    this.#around.deadlines.take(through, this.#visitHidden);
    this.#expandLeaving();
  }

  /** A key is plain no more; nothing happens where it was not. */
  expand(key: Key): void {
    const address = this.#addressOf(key);
    if (address >= 0) this.#expand(address);
  }

  /** All plain keys, as if they were expanded; to be looked at only. */
  forEach(visit: (key: Key, state: KeyState) => void): void {
    this.#records.forEach((address) => {
      visit(this.#records.keyAt(address), this.#around.reader.read(address));
    });
  }

  /** Sets the alarms of all keys, which are no part of checkpoints. */
  recover(): void {
    const { doubles } = this.#records;
    this.#records.forEach((address) => {
      const hash = this.#records.hashAt(address);
      const point = doubles[(address >> 3) + RECORD.nextPoint]!;
      const later = doubles[(address >> 3) + RECORD.laterPoint]!;
      const retireAt = doubles[(address >> 3) + RECORD.retireAt]!;
      if (later < NEVER) this.#around.deadlines.set(later, hash);
      if (point < NEVER) this.#around.deadlines.set(point, hash);
      if (retireAt < NEVER) this.#around.retirements.set(retireAt, hash);
    });
  }

  #isPlain(row: number): boolean {
    const { change } = this.#reading;
    return change.time.values[row]! > this.#late[change.table.values[row]!]! && this.#reading.look(row);
  }

  #takeFirst(row: number, hash: number, start: number, end: number): boolean {
    const rows = this.#reading;
    if (!this.#isPlain(row) || end - start > MOST_RECORD_KEY_BYTES) return false;
    if (!isText(this.#keys.heap, start, end)) return false;
    const length = (RECORD.rows + rows.length) << 3;
    if (length > MOST_RECORD_BYTES || this.#isOther(hash, row)) return false;
    const records = this.#records;
    const address = records.add(hash, this.#keys.heap, start, end, length);
    const at = address >> 3;
    records.doubles[at + RECORD.lastPoint] = BEFORE_ALL_TIME;
    records.doubles[at + RECORD.nextPoint] = NEVER;
    records.doubles[at + RECORD.retireAt] = NEVER;
    records.doubles[at + RECORD.laterPoint] = NEVER;
    records.words[(address >> 2) + RECORD.currency] = rows.currency;
    records.words[(address >> 2) + RECORD.state] = stateOf(1, STATUS.unjudged);
    rows.write(row, at + RECORD.rows);
    this.#schedule(address, this.#points.next(address), this.#around.points);
    return true;
  }

  #isOther(hash: number, row: number): boolean {
    return this.#around.mayBeOther(hash) && this.#around.isOther(this.#keys.text(row));
  }

  /** Adds a row to a record that has some; false where the key is plain no more. */
  #add(row: number, address: number): boolean {
    const rows = this.#reading;
    const records = this.#records;
    const state = records.words[(address >> 2) + RECORD.state]!;
    const bytes = records.lengthAt(address);
    if (memoryOf(state) !== MEMORY.rows || rowsOf(state) === MOST.rows) return false;
    if (bytes + (rows.length << 3) > MOST_RECORD_BYTES || rows.isThere(row, address)) return false;
    if (records.words[(address >> 2) + RECORD.currency] !== rows.currency) return false;
    if (rows.change.time.values[row]! >= this.#retention.stepOf(address)) return false;
    const to = records.resize(address, bytes + (rows.length << 3));
    rows.write(row, (to + bytes) >> 3);
    records.words[(to >> 2) + RECORD.state] = stateOf(rowsOf(state) + 1, statusOf(state));
    this.#schedule(to, this.#points.next(to), this.#around.points);
    return true;
  }

  /** A record's next point, where that is another than before. */
  #schedule(address: number, point: number, alarms: Alarms): void {
    const { doubles } = this.#records;
    const at = address >> 3;
    const before = doubles[at + RECORD.nextPoint]!;
    if (before === point) return;
    doubles[at + RECORD.nextPoint] = point;
    const later = doubles[at + RECORD.laterPoint]!;
    // It is behind the next point, so that its alarm is still to come.
    if (point >= later) doubles[at + RECORD.laterPoint] = NEVER;
    else if (point < before && before < later) doubles[at + RECORD.laterPoint] = before;
    if (point === later || point === NEVER) return;
    alarms.set(point, this.#records.hashAt(address));
  }

  // Every record has an alarm of its own for what it waits for, so one is answered by the first record that is due.
  readonly #judgeDue = (address: number): boolean => this.#judge(address);
  readonly #gatherDue = (_time: number, hash: number): void => {
    this.#due[this.#dueCount++] = hash;
    if (this.#dueCount === this.#due.length) this.#judgeGathered();
  };

  readonly #hideDue = (address: number): boolean => {
    return this.#records.doubles[(address >> 3) + RECORD.nextPoint]! <= this.#through && this.#leave(address);
  };
  readonly #visitHidden = (_time: number, hash: number): void => this.#records.withHash(hash, this.#hideDue);

  readonly #retireDue = (address: number): boolean => this.#retention.retire(address, this.#through);
  readonly #visitRetired = (_time: number, hash: number): void => this.#records.withHash(hash, this.#retireDue);

  #judgeGathered(): void {
    this.#records.touch(this.#due, this.#dueCount);
    for (let at = 0; at < this.#dueCount; at++) this.#records.withHash(this.#due[at]!, this.#judgeDue);
    this.#dueCount = 0;
  }

  /** All points of a key that have come; false where none has. */
  #judge(address: number): boolean {
    const { doubles, words } = this.#records;
    let point = doubles[(address >> 3) + RECORD.nextPoint]!;
    if (point > this.#through) return false;
    this.#records.changed(address);
    const points = this.#points;
    const state = (address >> 2) + RECORD.state;
    const rows = rowsOf(words[state]!);
    while (point <= this.#through) {
      const next = points.sumUp(address, point);
      const found = point < this.#floor ? null : this.#rule.quick!(points.totals);
      // What waits for long may come behind a step of its retention.
      const waitsLong = points.firstWaiting < NEVER && points.firstWaiting >= point + this.#keepsRowsMs;
      if (found === null || waitsLong) return this.#leave(address);
      words[state] = stateOf(rows, STATUS[found]);
      doubles[(address >> 3) + RECORD.lastPoint] = point;
      this.#around.count(point, found);
      point = next;
    }
    this.#schedule(address, point, this.#around.deadlines);
    if (point === NEVER) this.#retention.plan(address);
    return true;
  }

  /** It is expanded when those beside it have been visited, and not visited any more. */
  #leave(address: number): true {
    // Beside those that are visited until then its page may be needed for others.
    this.#records.changed(address);
    this.#records.doubles[(address >> 3) + RECORD.nextPoint] = NEVER;
    this.#leaving.push(this.#records.keyAt(address));
    return true;
  }

  #expandLeaving(): void {
    for (const key of this.#leaving) this.expand(key);
    this.#leaving.length = 0;
  }

  #expand(address: number): void {
    const records = this.#records;
    const key = records.keyAt(address);
    const retireAt = records.doubles[(address >> 3) + RECORD.retireAt]!;
    const state = this.#around.reader.read(address);
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
