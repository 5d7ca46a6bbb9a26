import type { JoinType } from "./join-type.ts";
import { SIDES, type Side } from "./late-side.ts";
import type { NaiveInput, NaiveResult } from "./naive-interval-join.test-helper.ts";

/** Windows as people draw them. */
export type NaiveWindows =
  | { readonly type: "sliding"; readonly size: number; readonly slide: number; readonly offset: number }
  | { readonly type: "session"; readonly gap: number };

/** A window join as its documentation reads: each watermark looks at all rows and all windows. */
export class NaiveWindowJoin {
  readonly results: NaiveResult[] = [];
  readonly late: Record<Side, string[]> = { left: [], right: [] };
  readonly #windows: NaiveWindows;
  readonly #type: JoinType;
  #rows: NaiveInput[] = [];
  readonly #watermarks = { left: Number.NEGATIVE_INFINITY, right: Number.NEGATIVE_INFINITY };

  constructor(windows: NaiveWindows, type: JoinType) {
    this.#windows = windows;
    this.#type = type;
  }

  get watermark(): number {
    return Math.min(this.#watermarks.left, this.#watermarks.right);
  }

  row(row: NaiveInput): void {
    const windows = this.#windowsAround([...this.#rows, row].filter(({ key }) => key === row.key));
    const own = windows.filter(({ rows }) => rows.includes(row));
    if (own.length === 0) return;
    if (own.every(({ end }) => end - 1 <= this.watermark)) this.late[row.side].push(row.name);
    else this.#rows.push(row);
  }

  mark(time: number, ...sides: readonly Side[]): void {
    const before = this.watermark;
    for (const side of sides) this.#watermarks[side] = time;
    const keys = [...new Set(this.#rows.map(({ key }) => key))].sort();
    const windows = keys.flatMap((key) => this.#windowsAround(this.#rows.filter((row) => row.key === key)));
    const over = windows.filter(({ end }) => end - 1 > before && end - 1 <= this.watermark);
    for (const window of over.sort((a, b) => a.end - b.end)) this.#give(window);
    if (this.#windows.type !== "session") return;
    const given = new Set(over.flatMap(({ rows }) => rows));
    this.#rows = this.#rows.filter((row) => !given.has(row));
  }

  /** Windows of rows of one key. */
  #windowsAround(rows: readonly NaiveInput[]): Window[] {
    const windows = this.#windows;
    const sorted = [...rows].sort((a, b) => a.time - b.time);
    if (windows.type === "session") return sessions(sorted, windows.gap);
    const { size, slide, offset } = windows;
    const found: Window[] = [];
    const last = Math.max(...sorted.map(({ time }) => time));
    for (let start = offset - 100 * slide; start <= last; start += slide) {
      const inside = sorted.filter(({ time }) => time >= start && time < start + size);
      if (inside.length > 0) found.push({ end: start + size, rows: inside });
    }
    return found;
  }

  #give({ end, rows }: Window): void {
    const [lefts, rights] = SIDES.map((side) => rows.filter((row) => row.side === side));
    const time = end - 1;
    const { key } = rows[0]!;
    for (const { name: left } of lefts!) {
      for (const { name: right } of rights!) this.results.push({ key, left, right, time });
      if (rights!.length === 0 && this.#isOuter("left")) this.results.push({ key, left, right: null, time });
    }
    if (lefts!.length > 0 || !this.#isOuter("right")) return;
    for (const { name: right } of rights!) this.results.push({ key, left: null, right, time });
  }

  #isOuter(side: Side): boolean {
    return this.#type === "fullOuter" || this.#type === `${side}Outer`;
  }
}

interface Window {
  readonly end: number;
  readonly rows: readonly NaiveInput[];
}

function sessions(sorted: readonly NaiveInput[], gap: number): Window[] {
  const found: { end: number; rows: NaiveInput[] }[] = [];
  for (const row of sorted) {
    const last = found.at(-1);
    if (last !== undefined && row.time <= last.end) {
      last.rows.push(row);
      last.end = row.time + gap;
    } else found.push({ end: row.time + gap, rows: [row] });
  }
  return found;
}
