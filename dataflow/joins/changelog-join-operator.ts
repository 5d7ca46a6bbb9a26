import type { Batch } from "../../base/batch.ts";
import { type ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { TextColumn } from "../../base/columns.ts";
import type { Key } from "../../base/key.ts";
import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../../base/time.ts";
import { ADD, RETRACT } from "../change-layout.ts";
import type { Fields } from "../model.ts";
import type { Control, KeyedState, Operator, OperatorContext } from "../operator.ts";
import { duesCodec, type Expiring, Expiry } from "../process/state-expiry.ts";
import { rowColumns } from "../row-layout.ts";
import { JoinedOutput, keptFields } from "./joined-output.ts";
import { type PackRow, packedRows, type UnpackRow } from "./packed-rows.ts";
import { RowRun, UNCOUNTED } from "./row-run.ts";
import { runCodec } from "./run-codec.ts";
import type { Selection } from "./selection.ts";

/** What a join of changelogs does; pairs are of the left side and the right one. */
export interface ChangelogJoinPlan {
  readonly selection: Selection;
  /** The key's column of each input. */
  readonly keys: readonly [string, string];
  /** Whether rows of the side without a match are handed on, with nulls. */
  readonly outer: readonly [boolean, boolean];
  readonly ttlMs: number | undefined;
}

/** What is left of a key is looked through at most so often within a ttl. */
const SWEEPS_PER_TTL = 16;

/** The name under which the timer of a key's rows is known. */
const ROWS = "rows";

/**
 * Joins two changelogs: see `Keyed.join`. While no row has expired, every row's matches are the rows of the other side,
 * so nothing is counted. When some of a side expire, those of the other side get a count of the matches they had, since
 * results of rows that have expired stay.
 */
export class ChangelogJoinOperator implements Operator {
  readonly #plan: ChangelogJoinPlan;
  readonly #expiring: ReadonlyMap<string, Expiring>;
  readonly #packed = new ByteWriter();
  #out!: JoinedOutput;
  #left!: Side;
  #right!: Side;
  #expiry!: Expiry;
  #watermark = BEFORE_ALL_TIME;
  /** Of the row that has come. */
  #row = 0;
  #time = 0;
  #isSeed = false;

  constructor(plan: ChangelogJoinPlan) {
    this.#plan = plan;
    this.#expiring = new Map([[ROWS, { prune: (key) => this.#prune(key) }]]);
  }

  open(context: OperatorContext): void {
    this.#out = new JoinedOutput(this.#plan.selection, (batch) => context.forward(batch));
    this.#left = new Side("left", this.#plan, this.#out, context);
    this.#right = new Side("right", this.#plan, this.#out, context);
    // It is there without any ttl too: a ttl may go, and no state be dropped.
    this.#expiry = new Expiry(context.state("ttl", duesCodec), context.timers("ttl"));
  }

  batch(input: number, batch: Batch): void {
    const mine = input === 0 ? this.#left : this.#right;
    const other = input === 0 ? this.#right : this.#left;
    const keys = batch.column(mine.key) as TextColumn;
    const { kind, time, seed } = rowColumns(batch);
    mine.bind(batch);
    for (let row = 0; row < batch.count; row++) {
      if (keys.nulls[row] === 1) continue;
      const key = keys.text(row);
      this.#row = row;
      this.#isSeed = seed.nulls[row] === 0;
      this.#time = this.#isSeed ? seed.values[row]! : time.values[row]!;
      if (this.#plan.ttlMs !== undefined) this.#dropOver(key);
      if (kind.values[row] === ADD) this.#add(key, mine, other);
      else this.#retract(key, mine, other);
    }
    this.#out.flush();
  }

  control(_input: number, element: Control): void {
    if (element.type !== "watermark" || element.time < this.#watermark) return;
    this.#watermark = element.time;
    this.#expiry.sweep(element.time, this.#expiring);
  }

  end(): void {
    this.#watermark = AFTER_ALL_TIME;
    this.#expiry.sweep(AFTER_ALL_TIME, this.#expiring);
  }

  /** The watermark, and whether rows expire. */
  save(out: ByteWriter): void {
    out.float64(this.#watermark);
    out.flag(this.#plan.ttlMs !== undefined);
  }

  restore(saved: readonly ByteReader[]): void {
    const before = saved.map((input) => ({ watermark: input.float64(), expires: input.flag() }));
    this.#watermark = before.length === 0 ? BEFORE_ALL_TIME : Math.min(...before.map(({ watermark }) => watermark));
    if (this.#plan.ttlMs === undefined || before.every(({ expires }) => expires)) return;
    const keys = new Set<Key>();
    for (const { state } of [this.#left, this.#right]) if (state.size > 0) state.forEach((key) => void keys.add(key));
    for (const key of keys) this.#expiry.expect(key, ROWS, BEFORE_ALL_TIME);
  }

  #add(key: Key, mine: Side, other: Side): void {
    const ttlMs = this.#plan.ttlMs;
    if (ttlMs !== undefined) {
      if (this.#time + ttlMs <= this.#watermark) return;
      this.#expiry.expect(key, ROWS, this.#time + ttlMs);
    }
    const matches = other.state.get(key);
    const run = mine.state.get(key);
    if (matches === undefined) {
      if (mine.isOuter) this.#emitUnmatched(ADD, mine, other);
    } else this.#emitAdded(mine, other, matches, run?.count ?? 0);
    const packed = this.#pack(mine);
    if (run !== undefined) {
      run.add(packed, this.#time, this.#isSeed);
      return;
    }
    const first = new RowRun();
    first.add(packed, this.#time, this.#isSeed);
    mine.state.set(key, first);
  }

  /** `before`: rows of this side that were there already. */
  #emitAdded(mine: Side, other: Side, matches: RowRun, before: number): void {
    for (let place = 0; place < matches.length; place = matches.next(place)) {
      if (other.isOuter) {
        const counted = matches.matchesAt(place);
        if ((counted === UNCOUNTED ? before : counted) === 0) this.#emitOther(RETRACT, mine, other, matches, place);
        if (counted !== UNCOUNTED) matches.setMatches(place, counted + 1);
      }
      this.#emitPair(ADD, mine, other, matches, place);
    }
  }

  #retract(key: Key, mine: Side, other: Side): void {
    const run = mine.state.get(key);
    const place = run === undefined ? -1 : run.find(this.#pack(mine));
    if (run === undefined || place < 0) return;
    const matches = other.state.get(key);
    const counted = run.matchesAt(place);
    const before = run.count;
    run.remove(place);
    if (run.count === 0) mine.state.delete(key);
    if (matches !== undefined) this.#emitRetracted(mine, other, matches, before);
    // A row whose matches have all expired has not been handed on without one.
    else if (mine.isOuter && counted <= 0) this.#emitUnmatched(RETRACT, mine, other);
  }

  #emitRetracted(mine: Side, other: Side, matches: RowRun, before: number): void {
    for (let place = 0; place < matches.length; place = matches.next(place)) {
      this.#emitPair(RETRACT, mine, other, matches, place);
      if (!other.isOuter) continue;
      const counted = matches.matchesAt(place);
      if ((counted === UNCOUNTED ? before : counted) === 1) this.#emitOther(ADD, mine, other, matches, place);
      if (counted !== UNCOUNTED) matches.setMatches(place, counted - 1);
    }
  }

  #emitPair(kind: number, mine: Side, other: Side, matches: RowRun, place: number): void {
    const row = this.#begin(kind, matches.timeAt(place), matches.isSeedAt(place));
    mine.copy(row, this.#row);
    other.unpack(matches.bytes, matches.fieldsAt(place), row);
  }

  /** A row of the other side that has no match yet, or none any more. */
  #emitOther(kind: number, mine: Side, other: Side, matches: RowRun, place: number): void {
    const row = this.#begin(kind, matches.timeAt(place), matches.isSeedAt(place));
    mine.blank(row);
    other.unpack(matches.bytes, matches.fieldsAt(place), row);
  }

  /** The row that has come, without a match. */
  #emitUnmatched(kind: number, mine: Side, other: Side): void {
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
  #pack(mine: Side): ByteWriter {
    this.#packed.clear();
    mine.pack(this.#row, this.#packed);
    return this.#packed;
  }

  /** Drops the key's rows that are over by now; gives when to come again. */
  #prune(key: Key): number | undefined {
    const ttlMs = this.#plan.ttlMs;
    if (ttlMs === undefined) return undefined;
    this.#dropOver(key);
    const oldest = Math.min(oldestOf(this.#left, key), oldestOf(this.#right, key));
    if (oldest === AFTER_ALL_TIME) return undefined;
    return Math.max(oldest + ttlMs, this.#watermark + ttlMs / SWEEPS_PER_TTL);
  }

  #dropOver(key: Key): void {
    const over = this.#watermark - this.#plan.ttlMs!;
    const isLeftOver = oldestOf(this.#left, key) <= over;
    const isRightOver = oldestOf(this.#right, key) <= over;
    if (!isLeftOver && !isRightOver) return;
    const lefts = this.#left.state.get(key)?.count ?? 0;
    const rights = this.#right.state.get(key)?.count ?? 0;
    this.#left.keepAfter(key, over, isRightOver ? rights : UNCOUNTED);
    this.#right.keepAfter(key, over, isLeftOver ? lefts : UNCOUNTED);
  }
}

/** One side of the join: what is kept of it, and its part of results. */
class Side {
  readonly key: string;
  readonly isOuter: boolean;
  readonly state: KeyedState<RowRun>;
  /** Writes a packed row into a result. */
  readonly unpack: UnpackRow;
  /** Packs a row of the batch that is bound. */
  pack!: PackRow;
  /** Writes a row of the batch that is bound into a result. */
  copy!: (row: number, fromRow: number) => void;
  readonly #index: 0 | 1;
  readonly #fields: Fields;
  readonly #out: JoinedOutput;
  #bound: Batch | undefined;

  constructor(name: "left" | "right", plan: ChangelogJoinPlan, out: JoinedOutput, context: OperatorContext) {
    this.#index = name === "left" ? 0 : 1;
    this.#fields = keptFields(plan.selection, name);
    this.#out = out;
    this.key = plan.keys[this.#index];
    this.isOuter = plan.outer[this.#index];
    this.state = context.state(name, runCodec(this.#fields));
    this.unpack = out.unpack[this.#index]!;
  }

  /** Says whose rows are meant. */
  bind(batch: Batch): void {
    if (this.#bound === batch) return;
    this.#bound = batch;
    this.pack = packedRows.packer(batch, this.#fields);
    this.copy = this.#out.copier(this.#index, batch);
  }

  /** Writes nulls into a result. */
  blank(row: number): void {
    this.#out.pad(this.#index, row);
  }

  /** Keeps the rows later than a time. `matches`: how many those had that are not counted yet. */
  keepAfter(key: Key, time: number, matches: number): void {
    const kept = this.state.get(key)?.after(time, this.isOuter ? matches : UNCOUNTED);
    if (kept === undefined) return;
    if (kept.count === 0) this.state.delete(key);
    else this.state.set(key, kept);
  }
}

function oldestOf({ state }: Side, key: Key): number {
  return state.get(key)?.oldest() ?? AFTER_ALL_TIME;
}
