import type { Batch } from "../../base/batch.ts";
import { type ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { Float64Column } from "../../base/columns.ts";
import type { Key } from "../../base/key.ts";
import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../../base/time.ts";
import { KeyCursor } from "../key-cursor.ts";
import { LateRows } from "../late-rows.ts";
import type { Fields } from "../model.ts";
import type { Control, KeyedState, Operator, OperatorContext, Timers } from "../operator.ts";
import { rowColumns } from "../row-layout.ts";
import { Watermark } from "../watermark.ts";
import type { TimeDomain } from "../windows/assigners.ts";
import { JoinedOutput, keptFields } from "./joined-output.ts";
import { KeptPairs, keptPairsCodec } from "./kept-pairs.ts";
import { lateTag, SIDES } from "./late-side.ts";
import { type PackRow, packedRows } from "./packed-rows.ts";
import type { Selection } from "./selection.ts";

/** One input of a join of events. */
export interface EventSide {
  readonly fields: Fields;
  readonly keyColumn: string;
}

/** What joins of events have in common. */
export interface EventJoinPlan {
  readonly selection: Selection;
  /** The left and the right one. */
  readonly sides: readonly EventSide[];
  /** What a row's time is: its event time, or the processing time at which it comes. */
  readonly domain: TimeDomain;
  /** Which join it is, as an Avro name: state of another is not taken for its own. */
  readonly kind: string;
}

/** What is looked up once of each batch object, and how a row of it is copied and packed. */
export interface RowReader {
  readonly batch: Batch;
  /** 0 for the left side, 1 for the right one. */
  readonly side: number;
  readonly times: Float64Column;
  readonly copy: (row: number, fromRow: number) => void;
  readonly pack: PackRow;
}

/**
 * What joins of two streams of events share: rows of both sides are kept by key and time, and a timer of the key, at most
 * the earliest time at which one of them has something to do, ends what is over.
 */
export abstract class EventJoin implements Operator {
  protected output!: JoinedOutput;
  readonly #watermark = new Watermark();
  readonly #plan: EventJoinPlan;
  readonly #byClock: boolean;
  #clock = BEFORE_ALL_TIME;
  readonly #packed = new ByteWriter();
  readonly #keys: readonly KeyCursor[];
  readonly #readers: (RowReader | undefined)[] = [undefined, undefined];
  #late!: readonly LateRows[];
  #kept!: KeyedState<KeptPairs>;
  #timers!: Timers;

  constructor(plan: EventJoinPlan) {
    this.#plan = plan;
    this.#byClock = plan.domain === "processing";
    this.#keys = plan.sides.map(({ keyColumn }) => new KeyCursor(keyColumn));
  }

  /** No row comes any more at or before this time. */
  protected get reached(): number {
    return this.#watermark.time;
  }

  /**
   * Takes in a row that has a time; `kept` is what is kept of its key, if anything. Gives what is kept of it now.
   */
  protected abstract take(
    reader: RowReader,
    row: number,
    time: number,
    key: Key,
    kept: KeptPairs | undefined,
  ): KeptPairs | undefined;

  /** Emits and forgets what is over at a time; gives when there is something to do next. */
  protected abstract finish(kept: KeptPairs, reached: number): number;

  /** Rows at or before this time are late without a look at their key. */
  protected get lateThrough(): number {
    return BEFORE_ALL_TIME;
  }

  open(context: OperatorContext): void {
    this.output = new JoinedOutput(this.#plan.selection, context.forward);
    this.#late = SIDES.map(
      (side, at) =>
        new LateRows(this.#plan.sides[at]!.fields, lateTag(side), (tag, batch) => context.forwardTo(tag, batch)),
    );
    const [left, right] = SIDES.map((side) => keptFields(this.#plan.selection, side));
    this.#kept = context.state("pairs", keptPairsCodec(this.#plan.kind, left!, right!));
    this.#timers = context.timers(this.#plan.domain);
  }

  batch(input: number, batch: Batch): void {
    const reader = this.#reader(input, batch);
    const { times } = reader;
    const { lateThrough } = this;
    const keys = this.#keys[input]!;
    keys.begin(batch);
    let kept: KeptPairs | undefined;
    for (let row = 0; row < batch.count; row++) {
      if (keys.isNull(row)) continue;
      const time = this.#byClock ? this.#clock : times.values[row]!;
      // No watermark reaches what has no time, such as results of a global window.
      if (time <= lateThrough || time === AFTER_ALL_TIME) {
        this.late(reader, row);
        continue;
      }
      if (keys.moveTo(row)) kept = this.#kept.get(keys.key);
      kept = this.take(reader, row, time, keys.key, kept);
    }
    this.output.flush();
    this.#late[input]!.flush();
  }

  control(_input: number, element: Control): void {
    if (element.type === "watermark" && !this.#byClock) this.#advance(element.time);
  }

  /** Rows may still come at the time that it is now. */
  processingTime(time: number): void {
    if (!this.#byClock || time <= this.#clock) return;
    this.#clock = time;
    this.#advance(time - 1);
  }

  /** What goes by the clock waits for it in vain. */
  end(): void {
    if (!this.#byClock) this.#watermark.atEnd(() => this.#advance(AFTER_ALL_TIME));
  }

  save(out: ByteWriter): void {
    this.#watermark.save(out);
  }

  restore(saved: readonly ByteReader[]): void {
    this.#watermark.restore(saved);
    if (this.#byClock) this.#clock = this.reached + 1;
  }

  /** Hands a row to the side output of late ones. */
  protected late({ side, batch }: RowReader, row: number): void {
    this.#late[side]!.add(batch, row);
  }

  /** Keeps a row. */
  protected keep(
    { side, pack }: RowReader,
    row: number,
    time: number,
    hasPartner: boolean,
    key: Key,
    kept: KeptPairs | undefined,
  ): KeptPairs {
    const keeping = kept ?? new KeptPairs();
    if (kept === undefined) this.#kept.set(key, keeping);
    const packed = this.#packed;
    packed.clear();
    packed.byte(hasPartner ? 1 : 0);
    pack(row, packed);
    keeping.add(side, time, packed.buffer, packed.length);
    return keeping;
  }

  /** Sees to it that `finish` is called for the key at this time, or before. */
  protected callAt(time: number, key: Key, kept: KeptPairs): void {
    if (time >= kept.timer) return;
    kept.timer = time;
    this.#timers.register(key, time);
  }

  /** A watermark that goes back, because a run begins again with a longer transaction, takes nothing back. */
  #advance(time: number): void {
    if (time <= this.reached) return;
    for (let due = this.#timers.next(time); due !== undefined; due = this.#timers.next(time)) {
      const kept = this.#kept.get(due.key);
      if (kept === undefined) continue;
      const next = this.finish(kept, due.time);
      kept.timer = AFTER_ALL_TIME;
      if (kept.isEmpty) this.#kept.delete(due.key);
      else this.callAt(next, due.key, kept);
    }
    this.#watermark.time = time;
    this.output.flush();
  }

  /** Batches are refilled, so their columns are looked up once each. */
  #reader(side: number, batch: Batch): RowReader {
    const known = this.#readers[side];
    if (known?.batch === batch) return known;
    const reader = {
      batch,
      side,
      times: rowColumns(batch).time,
      copy: this.output.copier(side, batch),
      pack: packedRows.packer(batch, keptFields(this.#plan.selection, SIDES[side]!)),
    };
    this.#readers[side] = reader;
    return reader;
  }
}
