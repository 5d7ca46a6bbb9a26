import type { Batch } from "../../base/batch.ts";
import { type ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { Key } from "../../base/key.ts";
import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../../base/time.ts";
import { ADD, RETRACT } from "../change-layout.ts";
import { duesCodec, type Expiring, Expiry } from "../expiry.ts";
import type { Control, Operator, OperatorContext } from "../operator.ts";
import { rowColumns } from "../row-layout.ts";
import { Watermark } from "../watermark.ts";
import { writeTime } from "../write-time.ts";
import { type ChangelogJoinPlan, ChangelogSide } from "./changelog-side.ts";
import { JoinedOutput, keptFields } from "./joined-output.ts";
import { SIDES } from "./late-side.ts";
import { conditionText, PairCondition } from "./pair-condition.ts";
import { RowRun, UNCOUNTED } from "./row-run.ts";
import { runCodec } from "./run-codec.ts";

/** So many rows of a key are looked through whenever one of them is over; */
const FEW = 32;
/** more of them at most so often within a ttl, so that some go a little later. */
const SWEEPS_PER_TTL = 16;

/** The name under which the timer of a key's rows is known. */
const ROWS = "rows";

/**
 * Joins two changelogs: see `Keyed.join`. Without a condition, and while no row has expired, every row's matches are the
 * rows of the other side, so nothing is counted. When some of a side expire, those of the other side get a count of the
 * matches they had, since results of rows that have expired stay. With a condition the rows of outer sides have one always.
 */
export class ChangelogJoinOperator implements Operator {
  readonly #plan: ChangelogJoinPlan;
  readonly #expiring: ReadonlyMap<string, Expiring>;
  readonly #packed = new ByteWriter();
  readonly #expires: boolean;
  #out!: JoinedOutput;
  #left!: ChangelogSide;
  #right!: ChangelogSide;
  #expiry!: Expiry;
  readonly #watermark = new Watermark();
  /** Of the row that has come. */
  #row = 0;
  #time = 0;
  #written = 0;
  #isSeed = false;

  constructor(plan: ChangelogJoinPlan) {
    this.#plan = plan;
    this.#expires = plan.ttlMs.some((ttlMs) => ttlMs !== undefined);
    this.#expiring = new Map([[ROWS, { prune: (key) => this.#prune(key) }]]);
  }

  open(context: OperatorContext): void {
    const { selection, comparisons } = this.#plan;
    const condition = new PairCondition(comparisons);
    const kept = [
      { ...condition.fields[0], ...keptFields(selection, "left") },
      { ...condition.fields[1], ...keptFields(selection, "right") },
    ] as const;
    this.#out = new JoinedOutput(selection, (batch) => context.forward(batch), kept);
    const sideOf = (index: 0 | 1) => {
      const state = context.state(SIDES[index], runCodec(kept[index], conditionText(comparisons)));
      return new ChangelogSide(index, this.#plan, kept[index], state, this.#out, condition);
    };
    this.#left = sideOf(0);
    this.#right = sideOf(1);
    // It is there without any ttl too: a ttl may go, and no state be dropped.
    this.#expiry = new Expiry(context.state("ttl", duesCodec), context.timers("ttl"));
  }

  batch(input: number, batch: Batch): void {
    const mine = input === 0 ? this.#left : this.#right;
    const other = input === 0 ? this.#right : this.#left;
    const { keys } = mine;
    const { kind, time, seed } = rowColumns(batch);
    mine.bind(batch);
    keys.begin(batch);
    for (let row = 0; row < batch.count; row++) {
      if (keys.isNull(row)) continue;
      keys.moveTo(row);
      const { key } = keys;
      this.#row = row;
      const at = time.values[row]!;
      const readAt = seed.nulls[row] === 1 ? null : seed.values[row]!;
      this.#isSeed = readAt !== null && at === BEFORE_ALL_TIME;
      this.#time = this.#isSeed ? readAt! : at;
      this.#written = writeTime(at, readAt, this.#watermark.time);
      if (this.#expires) this.#dropOver(key);
      if (kind.values[row] === ADD) this.#add(key, mine, other);
      else this.#retract(key, mine, other);
    }
    this.#out.flush();
  }

  control(_input: number, element: Control): void {
    if (!this.#watermark.accepts(element) || element.time === BEFORE_ALL_TIME) return;
    this.#watermark.time = element.time;
    this.#expiry.sweep(element.time, this.#expiring);
  }

  /** Rows whose ttl is not over by then are there for a run that is gone on with. */
  end(): void {}

  /** The watermark, and of which sides rows expire. */
  save(out: ByteWriter): void {
    this.#watermark.save(out);
    for (const ttlMs of this.#plan.ttlMs) out.flag(ttlMs !== undefined);
  }

  restore(saved: readonly ByteReader[]): void {
    this.#watermark.restore(saved);
    const before = saved.map((input) => [input.flag(), input.flag()]);
    const begins = (ttlMs: number | undefined, side: number) =>
      ttlMs !== undefined && before.some((expires) => !expires[side]);
    if (!this.#plan.ttlMs.some(begins)) return;
    const keys = new Set<Key>();
    for (const { state } of [this.#left, this.#right]) if (state.size > 0) state.forEach((key) => void keys.add(key));
    for (const key of keys) this.#expiry.expect(key, ROWS, BEFORE_ALL_TIME);
  }

  #add(key: Key, mine: ChangelogSide, other: ChangelogSide): void {
    const { ttlMs } = mine;
    if (ttlMs !== undefined) {
      // Where no time is known yet, the first watermark tells it.
      if (this.#written > BEFORE_ALL_TIME && this.#written + ttlMs <= this.#watermark.time) return;
      this.#expiry.expect(key, ROWS, this.#written + ttlMs);
    }
    const run = mine.state.get(key);
    const others = other.state.get(key);
    const matches = others === undefined ? 0 : this.#emitAdded(mine, other, others, run?.count ?? 0);
    if (matches === 0 && mine.isOuter) this.#emitUnmatched(ADD, mine, other);
    const packed = this.#pack(mine);
    const counted = mine.isCounted ? matches : UNCOUNTED;
    if (run !== undefined) {
      run.add(packed, this.#time, this.#isSeed, counted, this.#written);
      return;
    }
    const first = new RowRun();
    first.add(packed, this.#time, this.#isSeed, counted, this.#written);
    mine.state.set(key, first);
  }

  /** Gives the number of matches. `before`: rows of this side that were there already. */
  #emitAdded(mine: ChangelogSide, other: ChangelogSide, others: RowRun, before: number): number {
    let matches = 0;
    for (let place = others.first; place < others.length; place = others.next(place)) {
      const fields = others.fieldsAt(place);
      if (mine.test !== undefined && !mine.test(this.#row, others.bytes, fields)) continue;
      matches++;
      if (other.isOuter) {
        const counted = others.matchesAt(place);
        if ((counted === UNCOUNTED ? before : counted) === 0) this.#emitOther(RETRACT, mine, other, others, place);
        if (counted !== UNCOUNTED) others.setMatches(place, counted + 1);
      }
      this.#emitPair(ADD, mine, other, others, place);
    }
    return matches;
  }

  #retract(key: Key, mine: ChangelogSide, other: ChangelogSide): void {
    const run = mine.state.get(key);
    const place = run === undefined ? -1 : run.find(this.#pack(mine));
    if (run === undefined || place < 0) return;
    const others = other.state.get(key);
    const counted = run.matchesAt(place);
    const before = run.count;
    run.remove(place);
    if (run.count === 0) mine.state.delete(key);
    const matches = others === undefined ? 0 : this.#emitRetracted(mine, other, others, before);
    // A row whose matches have all expired has not been handed on without one.
    if (matches === 0 && mine.isOuter && counted <= 0) this.#emitUnmatched(RETRACT, mine, other);
  }

  /** Gives the number of matches. `before`: rows of this side that were there, this one included. */
  #emitRetracted(mine: ChangelogSide, other: ChangelogSide, others: RowRun, before: number): number {
    let matches = 0;
    for (let place = others.first; place < others.length; place = others.next(place)) {
      const fields = others.fieldsAt(place);
      if (mine.test !== undefined && !mine.test(this.#row, others.bytes, fields)) continue;
      matches++;
      this.#emitPair(RETRACT, mine, other, others, place);
      if (!other.isOuter) continue;
      const counted = others.matchesAt(place);
      if ((counted === UNCOUNTED ? before : counted) === 1) this.#emitOther(ADD, mine, other, others, place);
      if (counted !== UNCOUNTED) others.setMatches(place, counted - 1);
    }
    return matches;
  }

  #emitPair(kind: number, mine: ChangelogSide, other: ChangelogSide, matches: RowRun, place: number): void {
    const row = this.#begin(kind, matches.timeAt(place), matches.isSeedAt(place));
    mine.copy(row, this.#row);
    other.unpack(matches.bytes, matches.fieldsAt(place), row);
  }

  /** A row of the other side that has no match yet, or none any more. */
  #emitOther(kind: number, mine: ChangelogSide, other: ChangelogSide, matches: RowRun, place: number): void {
    const row = this.#begin(kind, matches.timeAt(place), matches.isSeedAt(place));
    mine.blank(row);
    other.unpack(matches.bytes, matches.fieldsAt(place), row);
  }

  /** The row that has come, without a match. */
  #emitUnmatched(kind: number, mine: ChangelogSide, other: ChangelogSide): void {
    const row = this.#begin(kind, this.#time, this.#isSeed);
    mine.copy(row, this.#row);
    other.blank(row);
  }

  /** Begins a result of the row that has come and another: at the later time, and of the seed if both are. */
  #begin(kind: number, otherTime: number, isOtherSeed: boolean): number {
    const time = this.#time;
    if (!this.#isSeed && !isOtherSeed) return this.#out.add(Math.max(time, otherTime), kind);
    if (this.#isSeed !== isOtherSeed) return this.#out.add(isOtherSeed ? time : otherTime, kind);
    const row = this.#out.add(BEFORE_ALL_TIME, kind);
    this.#out.seeded(row, Math.max(time, otherTime));
    return row;
  }

  /** The row that has come, as it is kept; valid until the next call. */
  #pack(mine: ChangelogSide): ByteWriter {
    this.#packed.clear();
    mine.pack(this.#row, this.#packed);
    return this.#packed;
  }

  /** Drops the key's rows that are over by now; gives when to come again. */
  #prune(key: Key): number | undefined {
    if (!this.#expires) return undefined;
    this.#dropOver(key);
    const now = this.#watermark.time;
    const due = Math.min(this.#left.firstEnd(key, now), this.#right.firstEnd(key, now));
    if (due === AFTER_ALL_TIME) return undefined;
    if (this.#left.count(key) + this.#right.count(key) <= FEW) return due;
    const [left, right] = this.#plan.ttlMs;
    return Math.max(due, now + Math.min(left ?? AFTER_ALL_TIME, right ?? AFTER_ALL_TIME) / SWEEPS_PER_TTL);
  }

  #dropOver(key: Key): void {
    const now = this.#watermark.time;
    if (now === BEFORE_ALL_TIME) return;
    const isLeftOver = this.#left.firstEnd(key, now) <= now;
    const isRightOver = this.#right.firstEnd(key, now) <= now;
    if (!isLeftOver && !isRightOver) return;
    const lefts = this.#left.count(key);
    const rights = this.#right.count(key);
    this.#left.dropUntil(key, now, isRightOver ? rights : UNCOUNTED);
    this.#right.dropUntil(key, now, isLeftOver ? lefts : UNCOUNTED);
  }
}
