import type { ByteReader, ByteWriter } from "../base/bytes.ts";

/** How values of a state are written and read; what `StateCodec` of `dataflow` gives. */
export interface ValueCodec<T> {
  /** About how many bytes a value takes in memory for each that is written. */
  readonly weightPerByte?: number;
  /** How many of the bytes that a value is written as are left as they are in memory, and take no more there. Default: none. */
  bytesLeft?(value: T): number;
  write(value: T, out: ByteWriter): void;
  read(input: ByteReader): T;
}

/**
 * A record: the number of timers, queue and time of each; then for each state that has a value its number from 1 on, the
 * value's length in four bytes, and the value; then 0.
 */
export const entryLayout = {
  readTimers(input: ByteReader): number[] {
    const timers: number[] = [];
    for (let left = input.uint(); left > 0; left--) timers.push(input.byte(), input.float64());
    return timers;
  },

  /** Hands out the values behind the timers; who is told need not read. */
  readValues(input: ByteReader, visit: (state: number, input: ByteReader) => void): void {
    for (let present = input.byte(); present > 0; present = input.byte()) {
      const end = input.uint32() + input.position;
      visit(present - 1, input);
      input.position = end;
    }
  },

  /** False, and writes nothing, where there is neither a timer nor a value. */
  write(
    out: ByteWriter,
    timers: readonly number[],
    values: readonly unknown[],
    codecs: readonly ValueCodec<unknown>[],
  ): boolean {
    if (isEmpty({ timers, values })) return false;
    out.uint(timers.length / 2);
    for (let i = 0; i < timers.length; i += 2) {
      out.byte(timers[i]!);
      out.float64(timers[i + 1]!);
    }
    for (let state = 0; state < values.length; state++) {
      if (values[state] === undefined) continue;
      out.byte(state + 1);
      const at = out.length;
      out.uint32(0);
      codecs[state]!.write(values[state], out);
      out.buffer.writeUInt32LE(out.length - at - 4, at);
    }
    out.byte(0);
    return true;
  },
};

/** Nothing is kept of the key. */
export function isEmpty({
  timers,
  values,
}: {
  readonly timers: readonly number[];
  readonly values: readonly unknown[];
}): boolean {
  if (timers.length > 0) return false;
  for (const value of values) if (value !== undefined) return false;
  return true;
}
