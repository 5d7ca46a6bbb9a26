import { ByteWriter } from "../base/bytes.ts";
import type { StoreSnapshot } from "../state/state-store.ts";
import type { CheckpointPart, PartsAtBarrier } from "./task.ts";

/** About how many bytes a part has: a key group may be very large, and what is read of it at once holds up the records. */
const PART_BYTES = 1 << 20;

/** Parts that are read out of a snapshot of the store when it is their turn; it is let go of behind the last. */
export class SnapshotParts implements PartsAtBarrier {
  readonly own: readonly CheckpointPart[];
  readonly #rest: Iterator<CheckpointPart>;
  readonly #snapshot: StoreSnapshot;

  /** `rest` are the parts of key groups, in order. */
  constructor(own: readonly CheckpointPart[], rest: Iterator<CheckpointPart>, snapshot: StoreSnapshot) {
    this.own = own;
    this.#rest = rest;
    this.#snapshot = snapshot;
  }

  next(): CheckpointPart | undefined {
    const { done, value } = this.#rest.next();
    if (done !== true) return value;
    this.release();
    return undefined;
  }

  release(): void {
    this.#snapshot.release();
  }
}

/** Records of a table in a key group. */
export interface GroupRecords {
  /** Of their parts. */
  readonly uid: string;
  readonly table: string;
  readonly keyGroup: number;
}

/** All records of a table in a key group, keys and values in turn, in as many parts as it takes. */
export function* partsOfGroup(
  snapshot: StoreSnapshot,
  { uid, table, keyGroup }: GroupRecords,
): Generator<CheckpointPart> {
  const read = snapshot.reader(table, keyGroup);
  for (let isMore = true; isMore; ) {
    const out = new ByteWriter(1 << 16);
    isMore = read((key, record) => {
      out.block(key);
      out.block(record);
      return out.length < PART_BYTES;
    });
    if (out.length > 0) yield { uid, keyGroup, bytes: out.bytes() };
  }
}
