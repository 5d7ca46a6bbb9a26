import type { GroupIndex } from "./group-index.ts";
import type { RecordLog } from "./record-log.ts";
import type { Segment } from "./segment.ts";
import { type StoreTable, visitRecords } from "./store-table.ts";

/** Is shown a record, whose key and value are views, valid until the next call on the store. False: that is enough for now. */
export type RecordVisitor = (key: Buffer, value: Buffer) => boolean;

/**
 * All records of a store at one moment, while the store goes on changing: an index is copied when it changes under a
 * snapshot, and what the snapshot needs of the log stays readable until `release`.
 */
export class StoreSnapshot {
  readonly #log: RecordLog;
  readonly #tables = new Map<string, readonly (GroupIndex | undefined)[]>();
  readonly #segments: readonly Segment[];
  readonly #onRelease: (snapshot: StoreSnapshot) => void;
  #isReleased = false;

  /** Made by the store, which is told of the release. */
  constructor(log: RecordLog, tables: Iterable<StoreTable>, onRelease: (snapshot: StoreSnapshot) => void) {
    this.#log = log;
    this.#onRelease = onRelease;
    for (const table of tables) this.#tables.set(table.name, table.groups());
    this.#segments = [...log.segments];
    for (const segment of this.#segments) segment.hold();
  }

  /** The groups of a table that have records, in order. */
  groups(table: string): number[] {
    return [...(this.#tables.get(table) ?? []).entries()]
      .filter(([, index]) => index !== undefined && index.count > 0)
      .map(([group]) => group);
  }

  /** Calls `visit` with all records of a group, in no order; key and value are views, valid until the next call on the store. */
  forEach(table: string, group: number, visit: (key: Buffer, value: Buffer) => void): void {
    this.reader(
      table,
      group,
    )((key, value) => {
      visit(key, value);
      return true;
    });
  }

  /** Reads the records of a group some at a time, in no order: each call goes on behind the one before. True while some are left. */
  reader(table: string, group: number): (visit: RecordVisitor) => boolean {
    const index = this.#tables.get(table)?.[group];
    if (index === undefined) return () => false;
    const locations = index.locations();
    let next = 0;
    return (visit) => {
      next = visitRecords(this.#log, locations, next, visit);
      return next < locations.length;
    };
  }

  /** Every index that it holds. */
  *indexes(): Iterable<GroupIndex> {
    for (const groups of this.#tables.values()) for (const index of groups) if (index !== undefined) yield index;
  }

  /** Lets go of what it holds; it must not be used any more. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#onRelease(this);
    for (const segment of this.#segments) segment.release();
  }
}
