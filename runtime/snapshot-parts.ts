import { ByteWriter } from "../base/bytes.ts";
import { KEY_GROUPS } from "../state/key-groups.ts";
import type { RecordCursor } from "../state/record.ts";
import type { StoreSnapshot } from "../state/state-store.ts";
import type { CheckpointPart, PartsAtBarrier, StateFiles } from "./task.ts";

/** Bytes of the log that are read at once: what holds up the records meanwhile, for a millisecond or two. */
const STEP_BYTES = 256 * 1024;
/** About how many bytes a part has; so much is gathered of every key group at a time. */
const PART_BYTES = 64 * 1024;
const FIRST_BYTES = 1024;

/** What the parts of a snapshot are made of. */
export interface SnapshotPartsOptions {
  readonly own: readonly CheckpointPart[];
  /** Parts of key groups that are not in the store. */
  readonly keyed?: readonly CheckpointPart[];
  /** The uid that the records of a table have in parts; of tables that are not named there are none. */
  readonly uids: ReadonlyMap<string, string>;
  /** Is let go of behind the last part. */
  readonly snapshot: StoreSnapshot;
}

/**
 * Parts that are made of a snapshot of the store. The log is read once through, some of it at a call, and the records of a
 * key group are gathered until they make a part: keys and values in turn.
 */
export class SnapshotParts implements PartsAtBarrier {
  readonly own: readonly CheckpointPart[];
  readonly #keyed: readonly CheckpointPart[];
  readonly #uids: ReadonlyMap<string, string>;
  readonly #snapshot: StoreSnapshot;
  readonly #tables: ReadonlyMap<string, TableParts>;
  readonly #steps: Iterator<readonly CheckpointPart[]>;

  constructor({ own, keyed = [], uids, snapshot }: SnapshotPartsOptions) {
    this.own = own;
    this.#keyed = keyed;
    this.#uids = uids;
    this.#snapshot = snapshot;
    this.#tables = new Map([...uids].map(([table, uid]) => [table, new TableParts(uid)]));
    this.#steps = this.#read();
  }

  next(): readonly CheckpointPart[] | undefined {
    const { done, value } = this.#steps.next();
    if (done !== true) return value;
    this.release();
    return undefined;
  }

  files(): StateFiles {
    this.#snapshot.keepFiles();
    return { store: this.#snapshot.part, uids: this.#uids, keyed: this.#keyed };
  }

  release(): void {
    this.#snapshot.release();
  }

  *#read(): Generator<readonly CheckpointPart[]> {
    if (this.#keyed.length > 0) yield this.#keyed;
    for (let isMore = true; isMore; ) {
      const parts: CheckpointPart[] = [];
      isMore = this.#snapshot.read(STEP_BYTES, (table, record) => {
        const part = this.#tables.get(table)?.add(record);
        if (part !== undefined) parts.push(part);
      });
      yield parts;
    }
    for (const table of this.#tables.values()) for (const part of table.rest()) yield [part];
  }
}

/** The records of a table, gathered by key group. */
class TableParts {
  readonly #uid: string;
  readonly #groups: (ByteWriter | undefined)[] = [];
  /** By key group: bytes that make a part. The first ones are smaller, each by another amount: else all were full at once. */
  readonly #enough: number[] = [];

  constructor(uid: string) {
    this.#uid = uid;
  }

  /** Gives a part when there is one. */
  add({ group, buffer, keyStart, keyEnd, start, end }: RecordCursor): CheckpointPart | undefined {
    this.#groups[group] ??= new ByteWriter(FIRST_BYTES);
    this.#enough[group] ??= (PART_BYTES * (1 + (group % KEY_GROUPS))) / KEY_GROUPS;
    const out = this.#groups[group];
    out.uint(keyEnd - keyStart);
    out.raw(buffer, keyStart, keyEnd);
    out.uint(end - start);
    out.raw(buffer, start, end);
    return out.length < this.#enough[group] ? undefined : this.#take(group, out);
  }

  /** What was gathered and is no whole part. */
  *rest(): Generator<CheckpointPart> {
    for (const [group, out] of this.#groups.entries())
      if (out !== undefined && out.length > 0) yield this.#take(group, out);
  }

  #take(keyGroup: number, out: ByteWriter): CheckpointPart {
    const bytes = Buffer.from(out.bytes());
    out.clear();
    this.#enough[keyGroup] = PART_BYTES;
    return { uid: this.#uid, keyGroup, bytes };
  }
}
