import type { Key } from "../base/key.ts";

/**
 * Records of an operator by key, as bytes that it lays out by itself and changes in place: for operators that act on most
 * keys without making an object. Records are in one arena, at addresses that are multiples of 8; what does not fit into it
 * is on disk, and comes back when it is asked for. A hash is that of a key, by `hashBytes` of base/hash.ts. An address is
 * good until the next `find`, `add`, `resize`, `remove`, `withHash` or `forEach`.
 */
export interface Records {
  /** The arena, as bytes, and the same memory as 32-bit words and as doubles; they stay the same. */
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  /** Number of keys. */
  readonly size: number;
  /** Says that records with these hashes are asked for next, so that their memory is read ahead. */
  touch(hashes: Int32Array, count: number): void;
  /** Where the record of a key is; −1 if there is none. */
  find(hash: number, key: Uint8Array, start: number, end: number): number;
  /** Makes the record of a key that has none, with `length` bytes, of which nothing is known. */
  add(hash: number, key: Uint8Array, start: number, end: number, length: number): number;
  /** Gives a record another length: its address from now on, with the bytes that it had. It counts as changed. */
  resize(address: number, length: number): number;
  /** Says that a record was changed in place. */
  changed(address: number): void;
  remove(address: number): void;
  /** Bytes of a record. */
  lengthAt(address: number): number;
  hashAt(address: number): number;
  keyAt(address: number): Key;
  /**
   * Visits the records of the keys with a hash, perhaps one of them twice, until a visit gives true. What is visited may be
   * changed, and where the visit gives true resized or removed; nothing else may happen.
   */
  withHash(hash: number, visit: (address: number) => boolean): void;
  /** Visits all records, in no order. They are to be looked at only, and nothing else may happen meanwhile. */
  forEach(visit: (address: number) => void): void;
}

/** The longest record, and the longest key of one; who has more keeps it otherwise. */
export const MOST_RECORD_BYTES = 16_384;
export const MOST_RECORD_KEY_BYTES = 1_024;

/** How records are kept by an operator. */
export interface RecordsOptions {
  /** What their bytes mean, as text: says whether records of another version of the job can stay as they are. */
  readonly schema: string;
  /**
   * Called at a restore, behind `restore` and in front of `recover`, where records were written under another schema, for
   * each of them. Behind the call the record is gone. STATE_INCOMPATIBLE.
   */
  upgrade(written: string, address: number): void;
  /** The operator keeps none; there may be some of a former version of the job, which are all for `upgrade`. */
  readonly areFormer?: boolean;
}

/**
 * Times at which records are to be looked at, by the hashes of their keys. They are derived: an operator that is restored
 * says anew of each record when that is. Several for one key and time are allowed, and so are those that are of no use any more.
 */
export interface Alarms {
  set(time: number, hash: number): void;
  /** Takes those at or before `through`, in no order. More may be set during the visit: those that are due are visited too. */
  take(through: number, visit: (time: number, hash: number) => void): void;
}
