import type { Key } from "../../base/key.ts";
import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../../base/time.ts";
import { EventJoin, type EventJoinPlan, type EventSide, type RowReader } from "./event-join.ts";
import type { KeptPairs } from "./kept-pairs.ts";

/** One side of an interval join. */
export interface IntervalSide extends EventSide {
  /** Partners of a row have times from its own + `from` to its own + `to`. */
  readonly from: number;
  readonly to: number;
  /** Rows without a partner are handed on. */
  readonly isOuter: boolean;
}

/** What an interval join is made of. */
export interface IntervalJoinPlan extends EventJoinPlan {
  readonly sides: readonly IntervalSide[];
  readonly late: "join" | "aside";
}

/**
 * Pairs rows of two inputs with one key whose times are close. A row's interval is open until the watermark reaches its end,
 * `time + to`; it is kept that long, and forgotten by a timer of its key: the end of the first interval whose row has to be
 * handed on then, or else that of the last one, so that rows without more to do cost no timers.
 */
export class IntervalJoinOperator extends EventJoin {
  readonly #sides: readonly IntervalSide[];
  readonly #late: "join" | "aside";

  constructor(plan: IntervalJoinPlan) {
    super(plan);
    this.#sides = plan.sides;
    this.#late = plan.late;
  }

  protected override get lateThrough(): number {
    return this.#late === "aside" ? this.reached : BEFORE_ALL_TIME;
  }

  protected override take(
    reader: RowReader,
    row: number,
    time: number,
    key: Key,
    kept: KeptPairs | undefined,
  ): KeptPairs | undefined {
    const { to, isOuter } = this.#sides[reader.side]!;
    const hasPartner = kept !== undefined && this.#pair(reader, row, time, kept);
    if (time + to > this.reached) {
      const keeping = this.keep(reader, row, time, hasPartner, key, kept);
      if (keeping.timer === AFTER_ALL_TIME || (isOuter && !hasPartner)) this.callAt(time + to, key, keeping);
      return keeping;
    }
    if (hasPartner) return kept;
    if (isOuter) this.#emitAlone(reader, row, time);
    else this.late(reader, row);
    return kept;
  }

  protected override finish(kept: KeptPairs, reached: number): number {
    let next = AFTER_ALL_TIME;
    let last = BEFORE_ALL_TIME;
    for (let side = 0; side < this.#sides.length; side++) {
      const { to, isOuter } = this.#sides[side]!;
      const rows = kept.sides[side]!;
      while (!rows.isEmpty && rows.times[rows.first]! + to <= reached) {
        if (isOuter && !kept.hasPartner(rows, rows.first)) this.#emitKept(side, kept, rows.first);
        kept.dropFirst(side);
      }
      if (rows.isEmpty) continue;
      last = Math.max(last, rows.times[rows.end - 1]! + to);
      if (!isOuter) continue;
      while (rows.lonely < rows.end && kept.hasPartner(rows, rows.lonely)) rows.lonely++;
      if (rows.lonely < rows.end) next = Math.min(next, rows.times[rows.lonely]! + to);
    }
    return Math.min(next, last);
  }

  /** Emits a row with each of its partners whose interval is open; false if there is none. */
  #pair({ side, copy }: RowReader, row: number, time: number, kept: KeptPairs): boolean {
    const { from, to } = this.#sides[side]!;
    const other = 1 - side;
    const rows = kept.sides[other]!;
    const { times, starts } = rows;
    const unpack = this.output.unpack[other]!;
    // Rows whose interval is over may still be there, until their key's timer: when that is must not matter.
    const begin = rows.from(Math.max(time + from, this.reached - this.#sides[other]!.to + 1));
    let at = begin;
    for (; at < times.length && times[at]! <= time + to; at++) {
      const partner = starts[at]!;
      const pair = this.output.add(Math.max(time, times[at]!));
      copy(pair, row);
      unpack(kept.heap, partner + 1, pair);
      kept.heap[partner] = 1;
    }
    return at > begin;
  }

  #emitAlone({ side, copy }: RowReader, row: number, time: number): void {
    const padded = this.output.add(time);
    copy(padded, row);
    this.output.pad(1 - side, padded);
  }

  #emitKept(side: number, kept: KeptPairs, at: number): void {
    const rows = kept.sides[side]!;
    const padded = this.output.add(rows.times[at]!);
    this.output.unpack[side]!(kept.heap, rows.starts[at]! + 1, padded);
    this.output.pad(1 - side, padded);
  }
}
