import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { type ChangeColumns, EPOCH_UNIT, OP } from "../../dataflow/change-layout.ts";

/** A position in a source's log, before all others at first. */
class Place {
  #major = -1;
  #minor = -1;
  #sub = -1;

  get isNowhere(): boolean {
    return this.#major < 0;
  }

  set(major: number, minor: number, sub: number): void {
    this.#major = major;
    this.#minor = minor;
    this.#sub = sub;
  }

  /** Positive for a position behind it. */
  compare(major: number, minor: number, sub: number): number {
    return major - this.#major || minor - this.#minor || sub - this.#sub;
  }

  save(out: ByteWriter): void {
    for (const part of [this.#major, this.#minor, this.#sub]) out.float64(part);
  }

  restore(input: ByteReader): void {
    this.set(input.float64(), input.float64(), input.float64());
  }
}

/**
 * Where in the log the snapshot of a split lies, by which one that was begun anew is told: all rows of a snapshot have one
 * position, which lies behind those of all that was read before it. What lies before is said again. An incremental snapshot is
 * none: it is asked for while changes are streamed, so none were missed for it.
 */
export class SnapshotPlace {
  /** Of the rows of the snapshot that was read last, without an epoch, which is told by a row's time. */
  readonly #snapshot = new Place();
  readonly #newest = new Place();

  /** Takes note of a change; true for the first row of a snapshot that is not what the split began with. */
  isAgain(change: ChangeColumns, row: number): boolean {
    const major = change.major.values[row]!;
    const minor = change.minor.values[row]!;
    const sub = change.sub.values[row]!;
    if (this.#newest.compare(major, minor, sub) <= 0) return false;
    const isFirst = this.#newest.isNowhere;
    this.#newest.set(major, minor, sub);
    if (change.kind.values[row] !== OP.read) return false;
    const isKnown = this.#snapshot.compare(major % EPOCH_UNIT, minor, sub) === 0;
    this.#snapshot.set(major % EPOCH_UNIT, minor, sub);
    return !isKnown && !isFirst;
  }

  /** Writes what is known, for `restore`. */
  save(out: ByteWriter): void {
    this.#snapshot.save(out);
    this.#newest.save(out);
  }

  restore(input: ByteReader): void {
    this.#snapshot.restore(input);
    this.#newest.restore(input);
  }
}
