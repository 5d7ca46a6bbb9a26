import type { Batch } from "../base/batch.ts";
import { type ByteReader, ByteWriter } from "../base/bytes.ts";
import { changeColumns, OP } from "../dataflow/change-layout.ts";
import type { Model } from "../dataflow/model.ts";
import type { SourceReader } from "../dataflow/source.ts";
import { SnapshotPlace } from "./operators/snapshot-place.ts";

/** What a driver knows of one of its splits. */
export class SplitState {
  /** The number that its rows have in the store. */
  readonly group: number;
  /** Of splits of the same topic that may hold rows of this one. */
  readonly otherGroups: readonly number[];
  ended = false;
  /** The source's history has begun for it: what is read of a snapshot from here on is no seed. */
  hasBegun = false;
  changes = 0;
  repeats = 0;
  faults = 0;
  /** What the reader saved of it before its last read that brought something, and the offset that it stood at. */
  readonly #before = new ByteWriter();
  #offsetBefore = 0;
  /** Nothing has come since that was written. */
  #isBeforeCurrent = false;
  /** By models whose rows of it go on without a row stage. */
  readonly #snapshots = new Map<string, SnapshotPlace>();

  constructor(group: number, otherGroups: readonly number[]) {
    this.group = group;
    this.otherGroups = otherGroups;
  }

  /** Keeps where the reader stands before a read; once only of a quiet split, which is asked again and again. */
  beforeRead(reader: SourceReader, split: number): void {
    if (!this.#isBeforeCurrent) {
      this.#offsetBefore = reader.position(split);
      this.#before.clear();
      reader.save(split, this.#before);
    }
    this.#isBeforeCurrent = false;
  }

  /** Whether the read brought something. */
  afterRead(some: boolean): void {
    this.#isBeforeCurrent = !some;
  }

  /** Counts changes of one table; rows before them are none. */
  count(model: Model, batch: Batch): void {
    const { table, kind } = changeColumns(batch);
    this.changes += batch.count;
    if (model.from[table.values[0]!]!.before === undefined) return;
    for (let row = 0; row < batch.count; row++) if (kind.values[row] === OP.before) this.changes--;
  }

  /** How far a snapshot has come in it, as the rows of a model without a row stage say. */
  snapshotOf({ name }: Model): SnapshotPlace {
    const known = this.#snapshots.get(name) ?? new SnapshotPlace();
    this.#snapshots.set(name, known);
    return known;
  }

  /** Writes what `restoreCounts` reads. */
  saveCounts(out: ByteWriter): void {
    for (const flag of [this.ended, this.hasBegun]) out.flag(flag);
    for (const count of [this.changes, this.repeats, this.faults]) out.uint(count);
  }

  /** Takes what `saveCounts` wrote. */
  restoreCounts(input: ByteReader): void {
    this.ended = input.flag();
    this.hasBegun = input.flag();
    this.changes = input.uint();
    this.repeats = input.uint();
    this.faults = input.uint();
  }

  /** Writes where the reader stands, or stood before the last read if that is undone; gives the offset there. */
  saveReader(reader: SourceReader, split: number, isUndone: boolean, out: ByteWriter): number {
    if (!isUndone) {
      reader.save(split, out);
      return reader.position(split);
    }
    out.raw(this.#before.buffer, 0, this.#before.length);
    return this.#offsetBefore;
  }

  /** Writes what `restoreSnapshots` reads: behind all else, since it goes to the end; nothing where there are none. */
  saveSnapshots(out: ByteWriter): void {
    for (const [model, place] of this.#snapshots) {
      out.text(model);
      place.save(out);
    }
  }

  /** Takes what `saveSnapshots` wrote. */
  restoreSnapshots(input: ByteReader): void {
    while (!input.isAtEnd) {
      const place = new SnapshotPlace();
      this.#snapshots.set(input.text(), place);
      place.restore(input);
    }
  }
}
