import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { AFTER_ALL_TIME } from "../../base/time.ts";
import type { Triggered } from "./trigger-rules.ts";

/** A window of a key: what it holds, and what its trigger waits for. */
export interface OpenWindow<A> extends Triggered {
  start: number;
  end: number;
  /** Undefined where all was purged. */
  contents: A | undefined;
}

/** The windows of a key, by start, then end. */
export interface OpenWindows<A> {
  /** The key's next timer of event time; others of the key are leftovers. */
  due: number | undefined;
  /** The key's next timer of processing time. */
  dueClock: number | undefined;
  /** Rows that came so far. */
  arrivals: number;
  readonly windows: OpenWindow<A>[];
}

/** A window without any rows. */
export function openWindow<A>(start: number, end: number, contents: A): OpenWindow<A> {
  return { start, end, contents, count: 0, next: AFTER_ALL_TIME, nextClock: AFTER_ALL_TIME };
}

/** How they are written down; `windows` as `WindowsFormat` has it. */
export function openWindowsFormat<A>(windows: string) {
  return {
    windows,
    write(key: OpenWindows<A>, out: ByteWriter, write: (contents: A, out: ByteWriter) => void) {
      writeDue(key.due, out);
      writeDue(key.dueClock, out);
      out.uint(key.arrivals);
      out.uint(key.windows.length);
      for (const { start, end, contents, count, next, nextClock } of key.windows) {
        out.float64(start);
        out.float64(end);
        out.uint(count);
        out.float64(next);
        out.float64(nextClock);
        out.flag(contents !== undefined);
        if (contents !== undefined) write(contents, out);
      }
    },
    read(input: ByteReader, read: (input: ByteReader) => A): OpenWindows<A> {
      const key: OpenWindows<A> = {
        due: readDue(input),
        dueClock: readDue(input),
        arrivals: input.uint(),
        windows: [],
      };
      for (let left = input.uint(); left > 0; left--) {
        const [start, end] = [input.float64(), input.float64()];
        const [count, next, nextClock] = [input.uint(), input.float64(), input.float64()];
        const contents = input.flag() ? read(input) : undefined;
        key.windows.push({ start, end, contents, count, next, nextClock });
      }
      return key;
    },
  };
}

function writeDue(due: number | undefined, out: ByteWriter): void {
  out.flag(due !== undefined);
  if (due !== undefined) out.float64(due);
}

function readDue(input: ByteReader): number | undefined {
  return input.flag() ? input.float64() : undefined;
}
