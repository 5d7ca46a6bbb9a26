import type { JoinType } from "./join-type.ts";
import { SIDES, type Side } from "./late-side.ts";

/** An interval join as its documentation reads: all rows in a list, all pairs looked at. */
export class NaiveIntervalJoin {
  /** Results, as `key left right @time`, and late rows, as `side name`. */
  readonly results: NaiveResult[] = [];
  readonly late: Record<Side, string[]> = { left: [], right: [] };
  readonly #bounds: { readonly from: number; readonly to: number };
  readonly #type: JoinType;
  readonly #keepsLateOut: boolean;
  readonly #rows: NaiveRow[] = [];
  readonly #watermarks = { left: Number.NEGATIVE_INFINITY, right: Number.NEGATIVE_INFINITY };

  constructor(bounds: { readonly from: number; readonly to: number }, type: JoinType, late: "join" | "aside") {
    this.#bounds = bounds;
    this.#type = type;
    this.#keepsLateOut = late === "aside";
  }

  get watermark(): number {
    return Math.min(this.#watermarks.left, this.#watermarks.right);
  }

  row({ side, key, name, time }: NaiveInput): void {
    if (this.#keepsLateOut && time <= this.watermark) {
      this.late[side].push(name);
      return;
    }
    const row: NaiveRow = { side, key, name, time, end: time + this.#reach(side), met: false };
    const others = this.#rows.filter((other) => other.end > this.watermark && this.#matches(row, other));
    for (const other of byTime(others)) {
      const [left, right] = side === "left" ? [row, other] : [other, row];
      this.results.push({ key, left: left.name, right: right.name, time: Math.max(left.time, right.time) });
      row.met = other.met = true;
    }
    if (row.end > this.watermark) this.#rows.push(row);
    else if (!row.met && this.#isOuter(side)) this.#pad(row);
    else if (!row.met) this.late[side].push(name);
  }

  mark(time: number, ...sides: readonly Side[]): void {
    const before = this.watermark;
    for (const side of sides) this.#watermarks[side] = time;
    const over = this.#rows.filter(({ end }) => end > before && end <= this.watermark);
    const lonely = byTime(over).filter(({ side, met }) => !met && this.#isOuter(side));
    lonely.sort((a, b) => a.end - b.end || compare(a.key, b.key) || SIDES.indexOf(a.side) - SIDES.indexOf(b.side));
    for (const row of lonely) this.#pad(row);
  }

  #pad({ side, key, name, time }: NaiveRow): void {
    this.results.push({ key, left: side === "left" ? name : null, right: side === "right" ? name : null, time });
  }

  #matches(row: NaiveRow, other: NaiveRow): boolean {
    if (row.side === other.side || row.key !== other.key) return false;
    const [left, right] = row.side === "left" ? [row, other] : [other, row];
    return right.time >= left.time + this.#bounds.from && right.time <= left.time + this.#bounds.to;
  }

  #reach(side: Side): number {
    return side === "left" ? this.#bounds.to : -this.#bounds.from;
  }

  #isOuter(side: Side): boolean {
    return this.#type === "fullOuter" || this.#type === `${side}Outer`;
  }
}

/** A row that comes in; names are unique. */
export interface NaiveInput {
  readonly side: Side;
  readonly key: string;
  readonly name: string;
  readonly time: number;
}

/** A row that comes out. */
export interface NaiveResult {
  readonly key: string;
  readonly left: string | null;
  readonly right: string | null;
  readonly time: number;
}

interface NaiveRow extends NaiveInput {
  readonly end: number;
  met: boolean;
}

/** Sorting keeps the order of those with one time. */
const byTime = (rows: readonly NaiveRow[]): NaiveRow[] => [...rows].sort((a, b) => a.time - b.time);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
