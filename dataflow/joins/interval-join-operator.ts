import type { Batch } from "../../base/batch.ts";
import { type ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { Float64Column, TextColumn } from "../../base/columns.ts";
import type { Key } from "../../base/key.ts";
import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../../base/time.ts";
import { LateRows } from "../late-rows.ts";
import type { Fields } from "../model.ts";
import type { Control, KeyedState, Operator, OperatorContext, Timers } from "../operator.ts";
import { rowColumns } from "../row-layout.ts";
import { JoinedOutput, keptFields } from "./joined-output.ts";
import { KeptPairs, keptPairsCodec } from "./kept-pairs.ts";
import { lateTag, SIDES } from "./late-side.ts";
import { type PackRow, packedRows } from "./packed-rows.ts";
import type { Selection } from "./selection.ts";

/** One side of an interval join. */
export interface IntervalSide {
  readonly fields: Fields;
  readonly keyColumn: string;
  /** Partners of a row have times from its own + `from` to its own + `to`. */
  readonly from: number;
  readonly to: number;
  /** Rows without a partner are handed on. */
  readonly isOuter: boolean;
}

/** What is looked up once of each batch object. */
interface RowReader {
  readonly batch: Batch;
  readonly keys: TextColumn;
  readonly times: Float64Column;
  readonly copy: CopyRow;
  readonly pack: PackRow;
}

type CopyRow = (row: number, fromRow: number) => void;

/**
 * Pairs rows of two inputs with one key whose times are close. A row's interval is open until the watermark reaches its end,
 * `time + to`; it is kept that long, and forgotten by a timer of its key: the end of the first interval whose row has to be
 * handed on then, or else that of the last one, so that rows without more to do cost no timers.
 */
export class IntervalJoinOperator implements Operator {
  readonly #selection: Selection;
  readonly #sides: readonly [IntervalSide, IntervalSide];
  readonly #keepsLateOut: boolean;
  readonly #packed = new ByteWriter();
  readonly #readers: [RowReader | undefined, RowReader | undefined] = [undefined, undefined];
  #output!: JoinedOutput;
  #late!: readonly [LateRows, LateRows];
  #kept!: KeyedState<KeptPairs>;
  #timers!: Timers;
  #watermark = BEFORE_ALL_TIME;

  constructor(selection: Selection, sides: readonly [IntervalSide, IntervalSide], late: "join" | "aside") {
    this.#selection = selection;
    this.#sides = sides;
    this.#keepsLateOut = late === "aside";
  }

  open(context: OperatorContext): void {
    this.#output = new JoinedOutput(this.#selection, context.forward);
    const lateRows = (side: number) =>
      new LateRows(this.#sides[side]!.fields, lateTag(SIDES[side]!), (tag, batch) => context.forwardTo(tag, batch));
    this.#late = [lateRows(0), lateRows(1)];
    const [left, right] = SIDES.map((side) => keptFields(this.#selection, side));
    this.#kept = context.state("pairs", keptPairsCodec(left!, right!));
    this.#timers = context.timers("ends");
  }

  batch(input: number, batch: Batch): void {
    const { keys, times, copy, pack } = this.#reader(input, batch);
    const late = this.#late[input]!;
    const atLeast = this.#keepsLateOut ? this.#watermark : BEFORE_ALL_TIME;
    let key: Key = "";
    let keyRow = -1;
    let kept: KeptPairs | undefined;
    for (let row = 0; row < batch.count; row++) {
      if (keys.nulls[row] === 1) continue;
      const time = times.values[row]!;
      if (time <= atLeast) {
        late.add(batch, row);
        continue;
      }
      if (keyRow < 0 || !keys.equals(row, keys, keyRow)) {
        key = keys.text(row);
        kept = this.#kept.get(key);
        keyRow = row;
      }
      const hasPartner = kept !== undefined && this.#pair(input, kept, time, copy, row);
      if (time + this.#sides[input]!.to > this.#watermark) {
        kept ??= this.#begin(key);
        this.#keep(input, kept, key, time, hasPartner, pack, row);
      } else if (!hasPartner) this.#tooLate(input, batch, row, time, copy);
    }
    this.#output.flush();
    late.flush();
  }

  control(_input: number, element: Control): void {
    if (element.type === "watermark") this.#advance(element.time);
  }

  end(): void {
    this.#advance(AFTER_ALL_TIME);
  }

  save(out: ByteWriter): void {
    out.float64(this.#watermark);
  }

  restore(saved: readonly ByteReader[]): void {
    this.#watermark = saved.length === 0 ? BEFORE_ALL_TIME : Math.min(...saved.map((input) => input.float64()));
  }

  /** Emits a row with each of its partners whose interval is open; false if there is none. */
  #pair(input: number, kept: KeptPairs, time: number, copy: CopyRow, row: number): boolean {
    const { from, to } = this.#sides[input]!;
    const other = 1 - input;
    const rows = kept.sides[other]!;
    const { times, starts } = rows;
    const unpack = this.#output.unpack[other]!;
    // Rows whose interval is over may still be there, until their key's timer: when that is must not matter.
    const begin = rows.from(Math.max(time + from, this.#watermark - this.#sides[other]!.to + 1));
    let at = begin;
    for (; at < times.length && times[at]! <= time + to; at++) {
      const partner = starts[at]!;
      const pair = this.#output.add(Math.max(time, times[at]!));
      copy(pair, row);
      unpack(kept.heap, partner + 1, pair);
      kept.heap[partner] = 1;
    }
    return at > begin;
  }

  #begin(key: Key): KeptPairs {
    const kept = new KeptPairs();
    this.#kept.set(key, kept);
    return kept;
  }

  #keep(input: number, kept: KeptPairs, key: Key, time: number, hasPartner: boolean, pack: PackRow, row: number): void {
    const { to, isOuter } = this.#sides[input]!;
    const packed = this.#packed;
    packed.clear();
    packed.byte(hasPartner ? 1 : 0);
    pack(row, packed);
    kept.add(input, time, packed.buffer, packed.length);
    if (kept.timer === AFTER_ALL_TIME || (isOuter && !hasPartner && time + to < kept.timer)) {
      this.#setTimer(key, kept, time + to);
    }
  }

  #setTimer(key: Key, kept: KeptPairs, time: number): void {
    kept.timer = time;
    this.#timers.register(key, time);
  }

  /** A row whose interval is over, without a partner. */
  #tooLate(input: number, batch: Batch, row: number, time: number, copy: CopyRow): void {
    if (!this.#sides[input]!.isOuter) {
      this.#late[input]!.add(batch, row);
      return;
    }
    const padded = this.#output.add(time);
    copy(padded, row);
    this.#output.pad(1 - input, padded);
  }

  #advance(time: number): void {
    for (let due = this.#timers.next(time); due !== undefined; due = this.#timers.next(time)) {
      const kept = this.#kept.get(due.key);
      if (kept !== undefined) this.#endIntervals(due.key, kept, due.time);
    }
    this.#watermark = time;
    this.#output.flush();
  }

  /** Forgets the rows whose intervals are over at a time; those without a partner are handed on where they should. */
  #endIntervals(key: Key, kept: KeptPairs, reached: number): void {
    let next = AFTER_ALL_TIME;
    let last = BEFORE_ALL_TIME;
    for (const [side, { to, isOuter }] of this.#sides.entries()) {
      const rows = kept.sides[side]!;
      while (!rows.isEmpty && rows.times[rows.first]! + to <= reached) {
        if (isOuter && !kept.hasPartner(rows, rows.first)) this.#emitLonely(side, kept, rows.first);
        kept.dropFirst(side);
      }
      if (rows.isEmpty) continue;
      last = Math.max(last, rows.times[rows.end - 1]! + to);
      if (!isOuter) continue;
      while (rows.lonely < rows.end && kept.hasPartner(rows, rows.lonely)) rows.lonely++;
      if (rows.lonely < rows.end) next = Math.min(next, rows.times[rows.lonely]! + to);
    }
    if (kept.isEmpty) this.#kept.delete(key);
    else this.#setTimer(key, kept, Math.min(next, last));
  }

  #emitLonely(side: number, kept: KeptPairs, at: number): void {
    const rows = kept.sides[side]!;
    const padded = this.#output.add(rows.times[at]!);
    this.#output.unpack[side]!(kept.heap, rows.starts[at]! + 1, padded);
    this.#output.pad(1 - side, padded);
  }

  /** Batches are refilled, so their columns are looked up once each. */
  #reader(input: number, batch: Batch): RowReader {
    let reader = this.#readers[input];
    if (reader?.batch !== batch) {
      const side = this.#sides[input]!;
      reader = {
        batch,
        keys: batch.column(side.keyColumn) as TextColumn,
        times: rowColumns(batch).time,
        copy: this.#output.copier(input, batch),
        pack: packedRows.packer(batch, keptFields(this.#selection, SIDES[input]!)),
      };
      this.#readers[input] = reader;
    }
    return reader;
  }
}
