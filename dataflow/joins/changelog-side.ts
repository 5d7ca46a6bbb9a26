import type { Batch } from "../../base/batch.ts";
import type { Key } from "../../base/key.ts";
import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../../base/time.ts";
import { KeyCursor } from "../key-cursor.ts";
import type { Fields } from "../model.ts";
import type { KeyedState } from "../operator.ts";
import type { JoinedOutput } from "./joined-output.ts";
import { type PackRow, packedRows, type UnpackRow } from "./packed-rows.ts";
import type { Comparison, PairCondition } from "./pair-condition.ts";
import { type RowRun, UNCOUNTED } from "./row-run.ts";
import type { Selection } from "./selection.ts";

/** What a join of changelogs does; pairs are of the left side and the right one. */
export interface ChangelogJoinPlan {
  readonly selection: Selection;
  /** What rows of one key must fulfil besides. */
  readonly comparisons: readonly Comparison[];
  /** The key's column of each input. */
  readonly keys: readonly [string, string];
  /** Whether rows of the side without a match are handed on, with nulls. */
  readonly outer: readonly [boolean, boolean];
  readonly ttlMs: readonly [number | undefined, number | undefined];
}

/** One side of the join: what is kept of it, and its part of results. */
export class ChangelogSide {
  readonly keys: KeyCursor;
  readonly isOuter: boolean;
  /** Its rows have a count of their matches always. */
  readonly isCounted: boolean;
  readonly ttlMs: number | undefined;
  readonly state: KeyedState<RowRun>;
  /** Writes a packed row into a result. */
  readonly unpack: UnpackRow;
  /** Packs a row of the batch that is bound. */
  pack!: PackRow;
  /** Writes a row of the batch that is bound into a result. */
  copy!: (row: number, fromRow: number) => void;
  /** Whether a row of the batch that is bound matches a packed one of the other side; undefined where all do. */
  test: ((row: number, bytes: Buffer, at: number) => boolean) | undefined;
  readonly #index: 0 | 1;
  readonly #fields: Fields;
  readonly #out: JoinedOutput;
  readonly #condition: PairCondition | undefined;
  #bound: Batch | undefined;

  constructor(
    index: 0 | 1,
    plan: ChangelogJoinPlan,
    fields: Fields,
    state: KeyedState<RowRun>,
    out: JoinedOutput,
    condition: PairCondition,
  ) {
    const hasCondition = plan.comparisons.length > 0;
    this.#index = index;
    this.#fields = fields;
    this.#out = out;
    this.#condition = hasCondition ? condition : undefined;
    this.keys = new KeyCursor(plan.keys[index]);
    this.isOuter = plan.outer[index];
    this.isCounted = this.isOuter && hasCondition;
    this.ttlMs = plan.ttlMs[index];
    this.state = state;
    this.unpack = out.unpack[index]!;
  }

  /** Says whose rows are meant. */
  bind(batch: Batch): void {
    if (this.#bound === batch) return;
    this.#bound = batch;
    this.pack = packedRows.packer(batch, this.#fields);
    this.copy = this.#out.copier(this.#index, batch);
    this.test = this.#condition?.of(this.#index, batch);
  }

  /** Writes nulls into a result. */
  blank(row: number): void {
    this.#out.pad(this.#index, row);
  }

  /** The key's rows. */
  count(key: Key): number {
    return this.state.get(key)?.count ?? 0;
  }

  /** When the first of the key's rows is over. The ttl of one of which it is not known counts from now, the watermark. */
  firstEnd(key: Key, now: number): number {
    const run = this.ttlMs === undefined ? undefined : this.state.get(key);
    if (run?.oldest() === BEFORE_ALL_TIME) run.date(now);
    return run === undefined ? AFTER_ALL_TIME : run.oldest() + this.ttlMs!;
  }

  /** Drops the rows that are over at a time, and counts the others: `matches` is how many those had that are not counted. */
  dropUntil(key: Key, time: number, matches: number): void {
    const isOver = this.firstEnd(key, time) <= time;
    const counts = this.isOuter && matches !== UNCOUNTED;
    if (!isOver && !counts) return;
    const over = isOver ? time - this.ttlMs! : undefined;
    const kept = this.state.get(key)?.after(over, counts ? matches : UNCOUNTED);
    if (kept === undefined) return;
    if (kept.count === 0) this.state.delete(key);
    else this.state.set(key, kept);
  }
}
