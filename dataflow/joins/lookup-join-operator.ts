import type { Batch } from "../../base/batch.ts";
import { type ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { TextColumn } from "../../base/columns.ts";
import type { Key } from "../../base/key.ts";
import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../../base/time.ts";
import { ADD } from "../change-layout.ts";
import { LateRows } from "../late-rows.ts";
import type { Fields } from "../model.ts";
import type { Control, KeyedState, Operator, OperatorContext, Timers } from "../operator.ts";
import { rowColumns } from "../row-layout.ts";
import { JoinedOutput, keptFields } from "./joined-output.ts";
import { lateTag } from "./late-side.ts";
import { type PackRow, packedRows } from "./packed-rows.ts";
import type { Selection } from "./selection.ts";
import { type Version, Versioned, versionedCodec } from "./versions.ts";

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
}

const EVENTS = 0;
const TABLE = 1;
/** Is no row's number. */
const NOTHING = -1;

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
  /** The watermark, or on its way there the time of the timer. */
  #reached = BEFORE_ALL_TIME;
  readonly #bound: (Batch | undefined)[] = [undefined, undefined];
  #packEvent!: PackRow;
  #packRow!: PackRow;
  #copyEvent!: (row: number, fromRow: number) => void;

  constructor(plan: LookupJoinPlan) {
    this.#plan = plan;
    this.#eventFields = keptFields(plan.selection, "left");
    this.#rowFields = keptFields(plan.selection, "right");
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
    if (element.type !== "watermark" || element.time < this.#reached) return;
    this.#advance(element.time);
  }

  end(): void {
    this.#advance(AFTER_ALL_TIME);
  }

  save(out: ByteWriter): void {
    out.float64(this.#reached);
  }

  restore(saved: readonly ByteReader[]): void {
    this.#reached = saved.length === 0 ? BEFORE_ALL_TIME : Math.min(...saved.map((input) => input.float64()));
  }

  #events(batch: Batch): void {
    this.#bindEvents(batch);
    const keys = batch.column(this.#plan.keys[EVENTS]) as TextColumn;
    const { time: times } = rowColumns(batch);
    const known = this.#reached - this.#plan.keepMs;
    for (let row = 0; row < batch.count; row++) {
      if (keys.nulls[row] === 1) continue;
      const time = times.values[row]!;
      if (time <= known || time === BEFORE_ALL_TIME) {
        this.#late.add(batch, row);
        continue;
      }
      const key = keys.text(row);
      const kept = this.#state.get(key);
      if (time > this.#reached) this.#wait(key, kept ?? this.#begin(key), time, row);
      else {
        const to = this.#join(time, kept);
        if (to !== NOTHING) this.#copyEvent(to, row);
      }
    }
  }

  /** Keeps an event until the watermark has reached its time. */
  #wait(key: Key, kept: Versioned, time: number, row: number): void {
    const { events } = kept;
    events.insert(events.behind(time), time, this.#packWith(this.#packEvent, row));
    this.#expect(key, kept, time);
  }

  #changes(batch: Batch): void {
    this.#bindChanges(batch);
    const keys = batch.column(this.#plan.keys[TABLE]) as TextColumn;
    const { kind, time, seed } = rowColumns(batch);
    for (let row = 0; row < batch.count; row++) {
      if (keys.nulls[row] === 1) continue;
      const key = keys.text(row);
      const at = time.values[row]!;
      const kept = this.#state.get(key) ?? this.#begin(key);
      putVersion(kept, at, {
        since: seed.nulls[row] === 1 ? at : seed.values[row]!,
        row: kind.values[row] === ADD ? this.#packWith(this.#packRow, row) : undefined,
      });
      this.#tidy(key, kept);
    }
  }

  /** Lets time pass, from timer to timer, so that results do not depend on the watermark's steps. */
  #advance(time: number): void {
    const timers = this.#timers;
    for (let due = timers.next(time); due !== undefined; due = timers.next(time)) {
      this.#reached = Math.max(this.#reached, due.time);
      const kept = this.#state.get(due.key);
      if (kept === undefined) continue;
      if (kept.timer <= due.time) kept.timer = AFTER_ALL_TIME;
      this.#release(kept);
      this.#tidy(due.key, kept);
    }
    this.#reached = time;
    this.#out.flush();
  }

  /** Hands on the events whose time is reached. */
  #release(kept: Versioned): void {
    const { times, rows } = kept.events;
    const due = kept.events.behind(this.#reached);
    const unpack = this.#out.unpack[EVENTS]!;
    for (let i = 0; i < due; i++) {
      const to = this.#join(times[i]!, kept);
      if (to !== NOTHING) unpack(rows[i]!, 0, to);
    }
    kept.events.dropFirst(due);
  }

  /** Begins the result of an event with its row in it; the event's part is the caller's to write. NOTHING if there is none. */
  #join(time: number, kept: Versioned | undefined): number {
    const row = kept === undefined ? undefined : this.#rowAt(kept, time);
    if (row === undefined && !this.#plan.isOuter) return NOTHING;
    const to = this.#out.add(time);
    if (row === undefined) this.#out.pad(TABLE, to);
    else this.#out.unpack[TABLE]!(row, 0, to);
    return to;
  }

  /** The table's row at a time. */
  #rowAt({ versions }: Versioned, time: number): Buffer | undefined {
    const version = versions.rows[versions.behind(time) - 1];
    return version === undefined || this.#endOf(version) <= time ? undefined : version.row;
  }

  /** Drops the versions that no event can have any more, and sees to it that somebody comes for those that are left. */
  #tidy(key: Key, kept: Versioned): void {
    const { versions, events } = kept;
    const { keepMs } = this.#plan;
    const known = this.#reached - keepMs;
    versions.dropFirst(Math.max(0, versions.behind(known) - 1));
    if (versions.count > 0 && this.#endOfFirst(kept) <= known) versions.dropFirst(1);
    if (kept.isEmpty) {
      this.#state.delete(key);
      return;
    }
    const due = Math.min(
      events.times[0] ?? AFTER_ALL_TIME,
      (versions.times[1] ?? AFTER_ALL_TIME) + keepMs,
      (versions.count > 0 ? this.#endOfFirst(kept) : AFTER_ALL_TIME) + keepMs,
    );
    this.#expect(key, kept, due);
  }

  /** When the first version can go though none follows: when its ttl is over, or at once if there is no row. */
  #endOfFirst({ versions }: Versioned): number {
    const first = versions.rows[0]!;
    return first.row === undefined ? versions.times[0]! : this.#endOf(first);
  }

  #endOf({ since }: Version): number {
    const { ttlMs } = this.#plan;
    return ttlMs === undefined ? AFTER_ALL_TIME : since + ttlMs;
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

  #bindEvents(batch: Batch): void {
    if (this.#bound[EVENTS] === batch) return;
    this.#bound[EVENTS] = batch;
    this.#packEvent = packedRows.packer(batch, this.#eventFields);
    this.#copyEvent = this.#out.copier(EVENTS, batch);
  }

  #bindChanges(batch: Batch): void {
    if (this.#bound[TABLE] === batch) return;
    this.#bound[TABLE] = batch;
    this.#packRow = packedRows.packer(batch, this.#rowFields);
  }
}

/** Of several changes of one time the last one counts: an update is a retract and an add. */
function putVersion({ versions }: Versioned, time: number, version: Version): void {
  const place = versions.behind(time);
  if (place > 0 && versions.times[place - 1] === time) versions.rows[place - 1] = version;
  else versions.insert(place, time, version);
}
