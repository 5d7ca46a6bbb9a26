import type { Key } from "../../base/key.ts";
import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../../base/time.ts";
import { EventJoin, type EventJoinPlan, type EventSide, type RowReader } from "./event-join.ts";
import type { JoinWindows } from "./join-windows.ts";
import type { KeptPairs } from "./kept-pairs.ts";

/** One side of a window join. */
export interface WindowSide extends EventSide {
  /** Rows are handed on where the other side has none in their window. */
  readonly isOuter: boolean;
}

/** What a window join is made of. */
export interface WindowJoinPlan extends EventJoinPlan {
  readonly sides: readonly WindowSide[];
  readonly windows: JoinWindows;
}

/** Pairs all rows of two inputs with one key in one window, when the window is over. */
export class WindowJoinOperator extends EventJoin {
  readonly #sides: readonly WindowSide[];
  readonly #windows: JoinWindows;

  constructor(plan: WindowJoinPlan) {
    super(plan);
    this.#sides = plan.sides;
    this.#windows = plan.windows;
  }

  protected override take(
    reader: RowReader,
    row: number,
    time: number,
    key: Key,
    kept: KeptPairs | undefined,
  ): KeptPairs | undefined {
    const end = this.#windows.firstEnd(time, this.reached, kept);
    if (end === AFTER_ALL_TIME) return kept;
    if (end === BEFORE_ALL_TIME) {
      this.late(reader, row);
      return kept;
    }
    const keeping = this.keep(reader, row, time, false, key, kept);
    this.callAt(end, key, keeping);
    return keeping;
  }

  protected override finish(kept: KeptPairs, reached: number): number {
    return this.#windows.finish(kept, reached, (leftFrom, leftTo, rightFrom, rightTo) => {
      const [ofLeft, ofRight] = this.#sides.map(({ isOuter }) => isOuter);
      if (leftFrom < leftTo && rightFrom < rightTo) {
        for (let left = leftFrom; left < leftTo; left++) {
          for (let right = rightFrom; right < rightTo; right++) this.#emit(kept, reached, left, right);
        }
      } else if (ofLeft) {
        for (let left = leftFrom; left < leftTo; left++) this.#emit(kept, reached, left, NONE);
      }
      if (ofRight && leftFrom === leftTo) {
        for (let right = rightFrom; right < rightTo; right++) this.#emit(kept, reached, NONE, right);
      }
    });
  }

  #emit(kept: KeptPairs, time: number, left: number, right: number): void {
    const row = this.output.add(time);
    this.#write(row, kept, 0, left);
    this.#write(row, kept, 1, right);
  }

  #write(row: number, kept: KeptPairs, side: number, at: number): void {
    if (at === NONE) this.output.pad(side, row);
    else this.output.unpack[side]!(kept.heap, kept.sides[side]!.starts[at]! + 1, row);
  }
}

/** The place of no row. */
const NONE = -1;
