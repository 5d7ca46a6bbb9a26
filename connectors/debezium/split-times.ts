import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { type ChangeColumns, EPOCH_UNIT, OP } from "../../dataflow/change-layout.ts";
import type { SourceOutput } from "../../dataflow/source.ts";
import type { SplitContext } from "./record-fault.ts";

/** What the changes of a split say of time: which rows are its seed, and what the chunk that is read proves. */
export class SplitTimes {
  readonly #context: SplitContext;
  /** True once a change that is no snapshot row was read: what is read from a snapshot after that is no seed. */
  #hasChanged = false;
  #newest = Number.NEGATIVE_INFINITY;
  #newestSeed = Number.NEGATIVE_INFINITY;

  constructor(context: SplitContext) {
    this.#context = context;
  }

  /** Begins a chunk. */
  begin(): void {
    this.#newest = Number.NEGATIVE_INFINITY;
    this.#newestSeed = Number.NEGATIVE_INFINITY;
  }

  /** Takes note of a change that is no row of a snapshot. */
  noteChange(time: number): void {
    this.#hasChanged = true;
    if (time > this.#newest) this.#newest = time;
  }

  /** Writes the time of a row of `head`, whose position is there, and tells its epoch. */
  put(head: ChangeColumns, row: number, op: number, time: number): void {
    if (op !== OP.read) this.noteChange(time);
    const isSeed = op === OP.read && !this.#hasChanged;
    if (isSeed && time > this.#newestSeed) this.#newestSeed = time;
    for (const epoch of this.#context.epochs) if (epoch <= time) head.major.values[row]! += EPOCH_UNIT;
    head.time.values[row] = isSeed ? Number.NEGATIVE_INFINITY : time;
    head.seed.values[row] = time;
    head.seed.nulls[row] = isSeed ? 0 : 1;
  }

  /** As `put` for rows `from` … `to` − 1, whose operations and times are in `head` already. */
  putRun(head: ChangeColumns, from: number, to: number): void {
    const { kind, time } = head;
    for (let row = from; row < to; row++) this.put(head, row, kind.values[row]!, time.values[row]!);
  }

  /** Hands out what the chunk proves. */
  prove(output: SourceOutput): void {
    const { index, split } = this.#context;
    if (this.#newestSeed > Number.NEGATIVE_INFINITY) output.seeded(index, this.#newestSeed);
    if (this.#newest === Number.NEGATIVE_INFINITY) return;
    output.progress(index, this.#newest);
    if (split.heartbeat) output.heartbeat(this.#newest);
  }

  save(out: ByteWriter): void {
    out.flag(this.#hasChanged);
  }

  restore(input: ByteReader): void {
    this.#hasChanged = input.flag();
  }
}
