import { assert } from "../base/errors.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import { Dues } from "./dues.ts";
import type { OrderedEntries } from "./ordered-entries.ts";
import type { KeptRow, RowReader, RowWriter } from "./row-codec.ts";
import { RowMarks } from "./row-marks.ts";
import { type Entry, type RowEvidence, RowSet } from "./row-set.ts";
import { KeyTotals, type Totals } from "./totals.ts";
import { type Change, WaitingChanges } from "./waiting-changes.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** What is left of a key. `closed`: only totals of the rows so far; `forgotten`: not even those. */
export const MEMORIES = ["rows", "closed", "forgotten"] as const;
export type Memory = (typeof MEMORIES)[number];
/** Flags of a written ledger, behind the two bits of its memory. */
const JUDGED = 4;
const OWED = 8;
const CHANGED = 16;
const WAKES = 32;
const MARKED = 64;
const PACKED = 128;

/** Rows up to which they are written one by one, and read again as objects. */
const FEW = 16;

/** Told of the entries of a row that is over, by a change or a deletion, and when. */
export type RowEnded = (entries: readonly Entry[], time: number) => void;

/**
 * What is known of one key: the rows that count at the last point that was visited, their totals, and the changes behind
 * it that wait, because a verdict at a point is computed from exactly the changes at or before it. Totals are kept up as
 * rows come and go and deadlines pass, so a key may have many rows.
 */
export class Ledger {
  /** The last point that was visited; nothing at or before it is judged again. */
  lastPoint = BEFORE_ALL_TIME;
  /** Time of the newest change that counts or counted; undefined before the first. */
  lastChange: number | undefined = undefined;
  /** Times of the newest rows that were added to each side; −∞ before the first. */
  readonly lastAdded = { expect: BEFORE_ALL_TIME, actual: BEFORE_ALL_TIME };
  /** Time that a timer is registered for; +∞ for none. */
  timer = NEVER;
  /** Time that a step of its retention is planned for; +∞ for none. */
  retireAt = NEVER;
  memory: Memory = "rows";
  /** The last point before the key was closed. */
  closedAt = BEFORE_ALL_TIME;
  /** False until the first judgement. */
  judged = false;
  /** A point that the rule asked for besides; +∞ for none. */
  wakeAt = NEVER;
  /** The last point that was visited lies in the band before a deadline, where the rule warns, for the first time. */
  entersBand = false;
  /** A point before the floor is still to be judged, at the floor. */
  #owed = false;
  readonly #skewMs: number;
  readonly #bandMs: number;
  readonly #rows = new RowSet();
  /** The last change of each row, where repeats of some are told here. */
  #marks: RowMarks | undefined;
  /** What of the rows that count is not due. */
  readonly #dues = new Dues();
  #totals = new KeyTotals();
  readonly #waiting: WaitingChanges;
  readonly #isKnown = (row: string) => this.#rows.has(row);

  /** `skewMs` is added to every deadline and to the time of every change; the band before deadlines is `bandMs` long. */
  constructor(skewMs: number, bandMs = 0) {
    this.#skewMs = skewMs;
    this.#bandMs = bandMs;
    this.#waiting = new WaitingChanges(skewMs);
  }

  /** Writes all that later behaviour depends on, for `read`. */
  write(rows: RowWriter): void {
    const { out } = rows;
    const { lastChange, lastAdded, memory } = this;
    const flags = (this.judged ? JUDGED : 0) | (this.#owed ? OWED : 0) | (lastChange === undefined ? 0 : CHANGED);
    const marked = this.#marks?.told ?? [];
    const isPacked = rows.packs !== undefined && memory === "rows" && this.#rows.size > FEW;
    const more = (this.wakeAt === NEVER ? 0 : WAKES) | (marked.length === 0 ? 0 : MARKED) | (isPacked ? PACKED : 0);
    out.byte(MEMORIES.indexOf(memory) | flags | more);
    out.time(this.lastPoint);
    if (this.wakeAt !== NEVER) out.time(this.wakeAt);
    if (lastChange !== undefined) out.time(lastChange);
    out.time(lastAdded.expect);
    out.time(lastAdded.actual);
    out.time(this.timer);
    out.time(this.retireAt);
    if (memory === "closed") {
      out.time(this.closedAt);
      out.uint(this.#skewMs);
      this.#totals.write(out);
    }
    if (isPacked) this.#writePacked(rows);
    else this.#rows.write(rows);
    out.uint(this.#waiting.size);
    for (const { time, isAdd, row, entries } of this.#waiting) {
      out.byte(isAdd ? 1 : 0);
      rows.write(row, entries);
      out.time(time);
    }
    if (marked.length > 0) this.#marks!.write(rows, marked);
  }

  /** A ledger that was written. `skewMs` may be another one than then: what is due is told by the one now. */
  static read(rows: RowReader, skewMs: number, bandMs = 0): Ledger {
    const { input } = rows;
    const ledger = new Ledger(skewMs, bandMs);
    const flags = input.byte();
    ledger.memory = MEMORIES[flags & 3]!;
    ledger.judged = (flags & JUDGED) !== 0;
    ledger.#owed = (flags & OWED) !== 0;
    ledger.lastPoint = input.time();
    if ((flags & WAKES) !== 0) ledger.wakeAt = input.time();
    if ((flags & CHANGED) !== 0) ledger.lastChange = input.time();
    ledger.lastAdded.expect = input.time();
    ledger.lastAdded.actual = input.time();
    ledger.timer = input.time();
    ledger.retireAt = input.time();
    if ((flags & PACKED) !== 0) ledger.#readPacked(rows);
    else ledger.#readRows(rows);
    for (let left = input.uint(); left > 0; left--) {
      const isAdd = input.byte() === 1;
      const { id, entries } = rows.read();
      ledger.add({ time: input.time(), isAdd, row: id, entries });
    }
    if ((flags & MARKED) !== 0) ledger.#marks = RowMarks.read(rows);
    return ledger;
  }

  /** Totals at the last point, by currency in order of code. */
  get totals(): readonly Totals[] {
    return this.#totals.all;
  }

  /** What totals are once the band is over which the last point lies in, if nothing else comes. */
  get totalsBehindBand(): readonly Totals[] {
    const totals = this.#totals.copy();
    for (const due of this.#dues) {
      if (due.dueAt - this.#bandMs + this.#skewMs > this.lastPoint) break;
      totals.fallDue(due);
    }
    return totals.all;
  }

  /** Entries that count at the last point, in no order; of a closed key, those that came since. */
  get entries(): readonly Entry[] {
    return this.#rows.entries();
  }

  /** Entries that count, in order, where there are more rows than a verdict shows and none was let go of. */
  get orderedEntries(): OrderedEntries | undefined {
    return this.memory === "rows" ? this.#rows.ordered : undefined;
  }

  /** How much of what `write` writes is left as bytes. */
  get bytesLeft(): number {
    return this.#rows.bytesLeft;
  }

  /** True while rows count, of a closed key those that came since. */
  get hasRows(): boolean {
    return this.#rows.size > 0;
  }

  /** Changes that wait. */
  get waiting(): Pick<WaitingChanges, "size" | "first" | typeof Symbol.iterator> {
    return this.#waiting;
  }

  /** True where no row counts or counted since the key began, and no change waits. */
  get isEmpty(): boolean {
    return this.lastChange === undefined && this.#waiting.size === 0;
  }

  /** True where repeats of some row are told here. */
  get hasMarks(): boolean {
    return this.#marks?.isEmpty === false;
  }

  /** The last change of each row for which `isOf` holds, whose repeats are to be told here. */
  marksOf(isOf: (from: RowEvidence) => boolean): RowMarks {
    this.#marks ??= new RowMarks();
    return this.#marks.complete(this, isOf);
  }

  /** Forgets the last changes of all rows but those of changes that wait. */
  forgetMarks(): void {
    this.#marks?.forgetAllBut(this.#waiting);
  }

  /** Takes a change that has not been judged. */
  add(change: Change): void {
    this.#waiting.add(change, this.#isKnown);
  }

  /**
   * The next point after the last one, +∞ if there is none: the least of the deadlines, plus skew, of what counts or
   * waits, and where their bands begin, of the newest change of each run of changes that lie within the skew of one
   * another, plus skew, and the one that the rule asked for. Points before `floor`, where the history of all sources begins, are judged there together.
   */
  nextPoint(floor: number): number {
    return Math.min(this.nextJudgement(floor), this.#nextBand());
  }

  /** The next point at which something is judged: a band that begins is none. */
  nextJudgement(floor: number): number {
    const point = Math.min(this.#nextDeadline(), this.#nextSettled(), this.wakeAt);
    return this.#owed ? Math.min(point, floor) : point;
  }

  /**
   * Moves to a point: changes at or before it count from now on; `ended` is told of each row that they end. False when
   * nothing is to be judged there.
   */
  advance(point: number, floor: number, ended?: RowEnded): boolean {
    assert(point >= this.lastPoint, "points are taken in order");
    let real = this.#owed || this.#nextSettled() === point || this.wakeAt <= point;
    if (this.wakeAt <= point) this.wakeAt = NEVER;
    const waiting = this.#waiting;
    for (let next = waiting.take(point); next !== undefined; next = waiting.take(point)) this.#apply(next, ended);
    this.entersBand = this.#nextBand() <= point && point >= floor;
    while (this.#dues.first() + this.#skewMs <= point) {
      const due = this.#dues.takeFirst();
      this.#totals.fallDue(due);
      real ||= due.dueAt + this.#skewMs === point;
    }
    this.lastPoint = point;
    this.#owed = real && point < floor;
    this.judged ||= real && !this.#owed;
    return real && !this.#owed;
  }

  /** The first deadline ahead, where its band has begun and no change is too new to be judged; else null. */
  get warnsOf(): number | null {
    const isSettled = (this.lastChange ?? BEFORE_ALL_TIME) + this.#skewMs <= this.lastPoint;
    const first = this.#dues.first();
    return isSettled && first - this.#bandMs + this.#skewMs <= this.lastPoint ? first : null;
  }

  /** True when nothing of what counts has a point ahead. */
  isIdle(): boolean {
    if (this.#owed || (this.lastChange ?? BEFORE_ALL_TIME) + this.#skewMs > this.lastPoint) return false;
    return this.#dues.first() === NEVER && this.wakeAt === NEVER;
  }

  /** Currencies of all that counts once the changes that wait have been taken. */
  currencies(): Set<number> {
    if (this.#waiting.size === 0) return new Set(this.totals.map((totals) => totals.currency));
    const last = new Map(Array.from(this.#waiting, (change) => [change.row, change]));
    const staying = this.entries.filter((entry) => !last.has(entry.from.id));
    const coming = [...last.values()].flatMap((change) => (change.isAdd ? change.entries : []));
    const closed = this.memory === "closed" ? this.totals : [];
    return new Set([...staying, ...coming, ...closed].map(({ currency }) => currency));
  }

  /** Drops changes that wait and take away rows that are not known: what was forgotten says nothing by going. */
  dropUnknownRetracts(): void {
    this.#waiting.dropUnknown(this.#isKnown);
  }

  /** Lets go of the rows and keeps their totals. Everything is due by then, so judgements stay as they are. */
  close(): void {
    this.#rows.clear();
    this.#waiting.rowsEnded();
    this.#dues.clear();
    this.forgetMarks();
    this.memory = "closed";
    this.closedAt = this.lastPoint;
  }

  /** Takes what the rows of a key came to that was closed at its last point. */
  closeWith(totals: Totals): void {
    this.#totals = KeyTotals.with(totals);
    this.close();
  }

  /** Drops the totals too: what comes now has no history to be judged by. */
  forget(): void {
    this.#clear();
    this.memory = "forgotten";
  }

  /** Begins anew, but for the changes that wait. */
  reset(): void {
    this.#clear();
    this.lastPoint = BEFORE_ALL_TIME;
    this.lastChange = undefined;
    this.lastAdded.expect = BEFORE_ALL_TIME;
    this.lastAdded.actual = BEFORE_ALL_TIME;
    this.retireAt = NEVER;
    this.wakeAt = NEVER;
    this.memory = "rows";
    this.judged = false;
  }

  #apply(change: Change, ended: RowEnded | undefined): void {
    this.lastChange = change.time;
    if (change.isAdd) {
      this.#count({ id: change.row, entries: change.entries });
      for (const { side } of change.entries) this.lastAdded[side] = Math.max(this.lastAdded[side], change.time);
    } else if (!this.#remove(change.row, change.time, ended) && this.memory === "closed") {
      for (const entry of change.entries) this.#totals.remove(entry, true);
    }
  }

  #count({ id, entries }: KeptRow): void {
    this.#rows.add(id, entries);
    for (const entry of entries) {
      const isDue = this.#isDue(entry);
      this.#totals.add(entry, isDue);
      if (!isDue) this.#dues.count(entry, 1);
    }
  }

  /** Rows that were written as bytes stay bytes; so what follows from them is written too. */
  #writePacked(rows: RowWriter): void {
    rows.out.uint(this.#skewMs);
    this.#totals.write(rows.out);
    this.#dues.write(rows.out);
    this.#rows.writePacked(rows);
  }

  /** Where another skew tells what is due, or the layout is another, the rows are read after all. */
  #readPacked(rows: RowReader): void {
    const { input } = rows;
    const formerSkewMs = input.uint();
    const totals = KeyTotals.read(rows);
    this.#dues.read(input);
    const packs = rows.packs!.packs(input);
    if (formerSkewMs === this.#skewMs && rows.packs!.isOfNow) {
      this.#totals = totals;
      this.#rows.takePacks(packs);
      return;
    }
    this.#dues.clear();
    for (const { rows: packed } of packs) for (const row of packed) this.#count(row);
  }

  /** Reads the rows that count. Totals follow from them, but for those of a closed key. */
  #readRows(rows: RowReader): void {
    const { input } = rows;
    if (this.memory !== "closed") {
      for (let left = input.uint(); left > 0; left--) this.#count(rows.read());
      return;
    }
    this.closedAt = input.time();
    const formerSkewMs = input.uint();
    this.#totals = KeyTotals.read(rows);
    for (let left = input.uint(); left > 0; left--) this.#readClosed(rows.read(), formerSkewMs);
  }

  /** Takes in a row that came since the key was closed. It is in the totals, as due by the skew of that time. */
  #readClosed({ id, entries }: KeptRow, formerSkewMs: number): void {
    this.#rows.add(id, entries);
    for (const entry of entries) {
      const isDue = this.#isDue(entry);
      const wasDue = entry.dueAt + formerSkewMs <= this.lastPoint;
      if (isDue !== wasDue) {
        this.#totals.remove(entry, wasDue);
        this.#totals.add(entry, isDue);
      }
      if (!isDue) this.#dues.count(entry, 1);
    }
  }

  #remove(id: string, time: number, ended: RowEnded | undefined): boolean {
    const row = this.#rows.remove(id);
    if (row === undefined) return false;
    this.#waiting.rowEnded(id);
    ended?.(row.entries, time);
    for (const entry of row.entries) {
      const isDue = this.#isDue(entry);
      this.#totals.remove(entry, isDue);
      if (!isDue) this.#dues.count(entry, -1);
    }
    return true;
  }

  /** True for an entry whose deadline was over at the last point. */
  #isDue(entry: Entry): boolean {
    return entry.dueAt + this.#skewMs <= this.lastPoint;
  }

  #nextDeadline(): number {
    return Math.min(this.#dues.first(), this.#waiting.nextDeadline(this.lastPoint)) + this.#skewMs;
  }

  /** Where the next band begins. A change that waits is judged by itself, and its band looked at there. */
  #nextBand(): number {
    if (this.#bandMs === 0) return NEVER;
    const next = this.#dues.firstBehind((dueAt) => dueAt - this.#bandMs + this.#skewMs <= this.lastPoint);
    return next - this.#bandMs + this.#skewMs;
  }

  /** The end of the first run of changes that has not been judged, plus skew. */
  #nextSettled(): number {
    const judged = this.lastChange === undefined || this.lastChange + this.#skewMs <= this.lastPoint;
    const end = this.#waiting.endOfRun(judged ? undefined : this.lastChange);
    return end === undefined ? NEVER : end + this.#skewMs;
  }

  #clear(): void {
    this.#rows.clear();
    this.#waiting.rowsEnded();
    this.#dues.clear();
    this.#totals.clear();
    this.forgetMarks();
  }
}
