import type { Batch } from "../../base/batch.ts";
import { type ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { Key } from "../../base/key.ts";
import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../../base/time.ts";
import { ADD } from "../change-layout.ts";
import { KeyCursor } from "../key-cursor.ts";
import { LateRows } from "../late-rows.ts";
import type { Fields } from "../model.ts";
import type { Control, KeyedState, Operator, OperatorContext, Timers } from "../operator.ts";
import { perBatch } from "../per-batch.ts";
import { rowColumns } from "../row-layout.ts";
import { Watermark } from "../watermark.ts";
import { writeTime } from "../write-time.ts";
import { JoinedOutput, keptFields } from "./joined-output.ts";
import { lateTag } from "./late-side.ts";
import { type PackRow, packedRows } from "./packed-rows.ts";
import type { Selection } from "./selection.ts";
import { addVersion, retractVersion, type Version, Versioned, versionedCodec } from "./versions.ts";

/** What a look-up join does. */
export interface LookupJoinPlan {
  readonly selection: Selection;
  /** All fields of events, for those that come too late. */
  readonly fields: Fields;
  /** The key's column of events and of the table. */
  readonly keys: readonly [string, string];
  /** Events without a row are handed on, with nulls. */
  readonly isOuter: boolean;
  /** How long a version is kept after its end. */
  readonly keepMs: number;
  readonly ttlMs: number | undefined;
  readonly late: "join" | "aside";
}

const EVENTS = 0;
const TABLE = 1;

/**
 * Joins events with the version of a table's row that is valid at their time: see `KeyedStream.lookupJoin`. A key has one
 * timer at a time that counts: for its first event that waits, or for the first version that can go.
 */
export class LookupJoinOperator implements Operator {
  readonly #plan: LookupJoinPlan;
  readonly #eventFields: Fields;
  readonly #rowFields: Fields;
  readonly #packed = new ByteWriter();
  #state!: KeyedState<Versioned>;
  #timers!: Timers;
  #out!: JoinedOutput;
  #late!: LateRows;
  /** On its way there it has the time of the timer. */
  readonly #watermark = new Watermark();
  readonly #keys: readonly KeyCursor[];
  readonly #eventPacker = perBatch((batch) => packedRows.packer(batch, this.#eventFields));
  readonly #rowPacker = perBatch((batch) => packedRows.packer(batch, this.#rowFields));

  constructor(plan: LookupJoinPlan) {
    this.#plan = plan;
    this.#eventFields = keptFields(plan.selection, "left");
    this.#rowFields = keptFields(plan.selection, "right");
    this.#keys = plan.keys.map((column) => new KeyCursor(column));
  }

  open(context: OperatorContext): void {
    this.#state = context.state("rows", versionedCodec(this.#eventFields, this.#rowFields));
    this.#timers = context.timers("event");
    this.#out = new JoinedOutput(this.#plan.selection, (batch) => context.forward(batch));
    this.#late = new LateRows(this.#plan.fields, lateTag("left"), (tag, batch) => context.forwardTo(tag, batch));
  }

  batch(input: number, batch: Batch): void {
    if (input === EVENTS) this.#events(batch);
    else this.#changes(batch);
    this.#out.flush();
    this.#late.flush();
  }

  control(_input: number, element: Control): void {
    // One that has been is none again after a restore: late events wait for a later one.
    if (element.type !== "watermark" || element.time <= this.#watermark.time) return;
    this.#advance(element.time);
  }

  /**
   * Events that wait come out. For a run that is gone on with, the end is none: what follows is as late as it was before,
   * and finds all the rows that it would have found.
   */
  end(): void {
    const timers = this.#timers;
    const left: Key[] = [];
    for (let due = timers.next(AFTER_ALL_TIME); due !== undefined; due = timers.next(AFTER_ALL_TIME)) {
      const { key, time } = due;
      const kept = this.#state.get(key);
      if (kept === undefined) continue;
      if (kept.timer <= time) kept.timer = AFTER_ALL_TIME;
      this.#release(kept, time);
      if (kept.isEmpty) this.#state.delete(key);
      else if (kept.events.count > 0) this.#expect(key, kept, kept.events.timeAt(0)!);
      else left.push(key);
    }
    for (const key of left) this.#expectNext(key, this.#state.get(key)!);
    this.#out.flush();
  }

  save(out: ByteWriter): void {
    this.#watermark.save(out);
  }

  restore(saved: readonly ByteReader[]): void {
    this.#watermark.restore(saved);
  }

  #events(batch: Batch): void {
    const pack = this.#eventPacker(batch);
    const keys = this.#keys[EVENTS]!;
    keys.begin(batch);
    let kept: Versioned | undefined;
    const { time: times } = rowColumns(batch);
    const { keepMs, late } = this.#plan;
    const known = late === "aside" ? this.#watermark.time - keepMs : BEFORE_ALL_TIME;
    for (let row = 0; row < batch.count; row++) {
      if (keys.isNull(row)) continue;
      const time = times.values[row]!;
      if (time > known && time < AFTER_ALL_TIME) {
        if (keys.moveTo(row)) kept = this.#state.get(keys.key) ?? this.#begin(keys.key);
        this.#wait(keys.key, kept!, time, this.#packWith(pack, row));
      } else {
        this.#late.add(batch, row);
      }
    }
  }

  /** Keeps an event until the watermark has reached its time; a late one until the next watermark. */
  #wait(key: Key, kept: Versioned, time: number, event: Buffer): void {
    const { events } = kept;
    events.insert(events.behind(time), time, event);
    this.#expect(key, kept, time);
  }

  #changes(batch: Batch): void {
    const pack = this.#rowPacker(batch);
    const keys = this.#keys[TABLE]!;
    keys.begin(batch);
    const { kind, time, seed } = rowColumns(batch);
    for (let row = 0; row < batch.count; row++) {
      if (keys.isNull(row)) continue;
      keys.moveTo(row);
      const { key } = keys;
      const at = time.values[row]!;
      const kept = this.#state.get(key) ?? this.#begin(key);
      const since = writeTime(at, seed.nulls[row] === 1 ? null : seed.values[row]!, this.#watermark.time);
      const put = kind.values[row] === ADD ? addVersion : retractVersion;
      put(kept, at, since, this.#packWith(pack, row));
      this.#expectNext(key, kept);
    }
  }

  /** Lets time pass, from timer to timer, so that results do not depend on the watermark's steps. */
  #advance(time: number): void {
    const timers = this.#timers;
    for (let due = timers.next(time); due !== undefined; due = timers.next(time)) {
      this.#watermark.time = Math.max(this.#watermark.time, due.time);
      const kept = this.#state.get(due.key);
      if (kept === undefined) continue;
      if (kept.timer <= due.time) kept.timer = AFTER_ALL_TIME;
      if (due.time === BEFORE_ALL_TIME) dateFirst(kept, time);
      this.#release(kept, this.#watermark.time);
      this.#tidy(due.key, kept);
    }
    this.#watermark.time = time;
    this.#out.flush();
  }

  /** Hands on the events up to a time. */
  #release(kept: Versioned, through: number): void {
    const { events } = kept;
    const due = events.behind(through);
    for (let i = 0; i < due; i++) this.#join(events.timeAt(i)!, events.rowAt(i)!, kept);
    events.dropFirst(due);
  }

  /** Hands on an event with its row. */
  #join(time: number, event: Buffer, kept: Versioned): void {
    const row = this.#rowAt(kept, time);
    if (row === undefined && !this.#plan.isOuter) return;
    if (row !== undefined && this.#plan.ttlMs !== undefined && time > kept.asked) kept.asked = time;
    const to = this.#out.add(time);
    this.#out.unpack[EVENTS]!(event, 0, to);
    if (row === undefined) this.#out.pad(TABLE, to);
    else this.#out.unpack[TABLE]!(row, 0, to);
  }

  /** The table's row at a time. */
  #rowAt(kept: Versioned, time: number): Buffer | undefined {
    const { versions } = kept;
    const version = versions.rowAt(versions.behind(time) - 1);
    return version === undefined || this.#endOf(version, kept) <= time ? undefined : version.row;
  }

  /** Drops the versions that no event can have any more. */
  #tidy(key: Key, kept: Versioned): void {
    const { versions } = kept;
    const known = this.#watermark.time - this.#plan.keepMs;
    versions.dropFirst(Math.max(0, versions.behind(known) - 1));
    if (versions.count > 0 && this.#endOfFirst(kept) <= known) versions.dropFirst(1);
    if (kept.isEmpty) this.#state.delete(key);
    else this.#expectNext(key, kept);
  }

  /** Sees to it that somebody comes for the first event and for the first version that can go. */
  #expectNext(key: Key, kept: Versioned): void {
    const { versions, events } = kept;
    const { keepMs } = this.#plan;
    this.#expect(key, kept, events.timeAt(0) ?? AFTER_ALL_TIME);
    if (versions.count === 0) return;
    // The first watermark tells what its ttl counts from.
    if (versions.rowAt(0)!.since === BEFORE_ALL_TIME) this.#expect(key, kept, BEFORE_ALL_TIME);
    this.#expect(key, kept, Math.min(versions.timeAt(1) ?? AFTER_ALL_TIME, this.#endOfFirst(kept)) + keepMs);
  }

  /** When the first version can go though none follows: when its ttl is over, or at once if there is no row. */
  #endOfFirst(kept: Versioned): number {
    const { versions } = kept;
    const first = versions.rowAt(0)!;
    return first.row === undefined ? versions.timeAt(0)! : this.#endOf(first, kept);
  }

  #endOf({ since }: Version, { asked }: Versioned): number {
    const { ttlMs } = this.#plan;
    const last = Math.max(since, asked);
    return ttlMs === undefined || last === BEFORE_ALL_TIME ? AFTER_ALL_TIME : last + ttlMs;
  }

  #expect(key: Key, kept: Versioned, time: number): void {
    if (time >= kept.timer || time === AFTER_ALL_TIME) return;
    kept.timer = time;
    this.#timers.register(key, time);
  }

  #begin(key: Key): Versioned {
    const kept = new Versioned();
    this.#state.set(key, kept);
    return kept;
  }

  #packWith(pack: PackRow, row: number): Buffer {
    this.#packed.clear();
    pack(row, this.#packed);
    return Buffer.from(this.#packed.bytes());
  }
}

/** Only a key's first version can be without a time. */
function dateFirst({ versions }: Versioned, time: number): void {
  const first = versions.rowAt(0);
  if (first?.since === BEFORE_ALL_TIME) versions.replace(0, { ...first, since: time });
}
