import { raise } from "../base/errors.ts";
import { RecordArrays } from "../base/record-batch.ts";

/** Of one record, before the bytes of its key: offset, timestamp. */
const HEAD_BYTES = 16;

/**
 * The records of one partition as Flink brings them: a reader like that of a log, with `push` in place of the log. Records
 * stay where they are, in the bytes that were pushed, which must not change before they have been read.
 */
export class PushedPartition extends RecordArrays {
  #newest: number | undefined;
  #offset: number;
  #hasPending = false;
  #end: number | undefined;
  /** Nothing before it is brought; undefined until that is known. */
  #least: number | undefined;

  /**
   * `start`: offset of the first record that Flink brings, and that is read unless `seek` says otherwise; `isRestored`: it
   * restores a place of its own instead, the first that is sought.
   */
  constructor(topic: string, partition: number, start: number, isRestored: boolean) {
    super(topic, partition);
    this.#offset = start;
    this.#least = isRestored ? undefined : start;
  }

  /** Offset behind the record that was read last. */
  get offset(): number {
    return this.#offset;
  }

  /** True while what was pushed last has not been read. */
  get hasPending(): boolean {
    return this.#hasPending;
  }

  /**
   * Takes `payload[start .. end)` for the next records: how many there are, and each of them, as a `records` frame has
   * them. Those that were read already are left out. What was pushed before must have been read.
   */
  push(payload: Buffer, start: number, end: number): void {
    const view = new DataView(payload.buffer, payload.byteOffset, end);
    const pushed = view.getInt32(start, true);
    this.reserve(pushed);
    this.buffer = payload;
    let count = 0;
    let at = start + 4;
    for (let i = 0; i < pushed; i++) {
      const offset = view.getFloat64(at, true);
      this.offsets[count] = offset;
      this.timestamps[count] = view.getFloat64(at + 8, true);
      at = place(view, at + HEAD_BYTES, this.keyStarts, this.keyEnds, count);
      at = place(view, at, this.valueStarts, this.valueEnds, count);
      at = place(view, at, this.headerStarts, this.headerEnds, count);
      if (offset >= this.#offset) count++;
    }
    this.count = count;
    this.#hasPending = count > 0;
    if (count > 0) this.#newest = Math.max(this.#newest ?? this.timestamps[0]!, this.timestamps[count - 1]!);
  }

  /** The log's timestamp of the newest record, in ms, that was pushed since this was asked last; undefined without one. */
  takeNewest(): number | undefined {
    const newest = this.#newest;
    this.#newest = undefined;
    return newest;
  }

  /** All that was pushed and has not been read; null where there is nothing. Valid until the next `push`. */
  read(): this | null {
    if (!this.#hasPending) return null;
    this.#hasPending = false;
    this.#offset = this.offsets[this.count - 1]! + 1;
    return this;
  }

  /** Makes `offset` the next to be read, before anything was. CLUSTER_RECORDS_PASSED where Flink begins behind it. */
  seek(offset: number): void {
    this.#least ??= offset;
    const passed = this.#least;
    if (offset < passed) {
      raise("CLUSTER_RECORDS_PASSED", { topic: this.topic, partition: this.partition, offset, passed });
    }
    this.#offset = offset;
  }

  /** The end that was told with the newest proof; undefined before the first. */
  endOffset(): number | undefined {
    return this.#end;
  }

  /** Says where the partition ended when heartbeat rows that are to be read next were proven; undefined: that is not known. */
  prove(end: number | undefined): void {
    this.#end = end;
  }

  close(): void {}
}

/** Notes where bytes lie whose length is at `at`; gives the place behind them. */
function place(view: DataView, at: number, starts: Int32Array, ends: Int32Array, index: number): number {
  const length = view.getInt32(at, true);
  const start = at + 4;
  starts[index] = length < 0 ? -1 : start;
  ends[index] = length < 0 ? -1 : start + length;
  return length < 0 ? start : start + length;
}
