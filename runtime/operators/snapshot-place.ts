import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { type ChangeColumns, EPOCH_UNIT, OP } from "../../dataflow/change-layout.ts";

/**
 * Where in the log the snapshot of a split lies, by which one that was begun anew is told: all rows of a snapshot have one
 * position, which is no other's unless nothing was written between them.
 */
export class SnapshotPlace {
  /** A change was read, or a row of a snapshot. */
  #hasBegun = false;
  /** Without its epoch, which is told by a row's time. Before any row of a snapshot: −1. */
  #major = -1;
  #minor = -1;
  #sub = -1;

  /** Takes note of a change; true for the first row of a snapshot that is not the one the split began with. */
  isAgain(change: ChangeColumns, row: number): boolean {
    const had = this.#hasBegun;
    this.#hasBegun = true;
    if (change.kind.values[row] !== OP.read) return false;
    const major = change.major.values[row]! % EPOCH_UNIT;
    const minor = change.minor.values[row]!;
    const sub = change.sub.values[row]!;
    if (major === this.#major && minor === this.#minor && sub === this.#sub) return false;
    this.#major = major;
    this.#minor = minor;
    this.#sub = sub;
    return had;
  }

  /** Writes what is known, for `restore`. */
  save(out: ByteWriter): void {
    out.flag(this.#hasBegun);
    for (const part of [this.#major, this.#minor, this.#sub]) out.float64(part);
  }

  restore(input: ByteReader): void {
    this.#hasBegun = input.flag();
    this.#major = input.float64();
    this.#minor = input.float64();
    this.#sub = input.float64();
  }
}
