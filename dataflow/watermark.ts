import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { Control } from "./operator.ts";

/** The watermark of an operator: nothing at or before its time comes any more. Part of what the operator saves. */
export class Watermark {
  /** Before all time until one came. The operator writes it, when what is due by it is done. */
  time = BEFORE_ALL_TIME;

  /** Whether it is a watermark to go on to. One that goes back, because a run began again with a longer transaction, is none. */
  accepts(element: Control): element is Extract<Control, { readonly type: "watermark" }> {
    return element.type === "watermark" && element.time >= this.time;
  }

  /** Does what ends with the input. For a run that is gone on with, the end is none: what follows is as late as it was before. */
  atEnd(finish: () => void): void {
    const { time } = this;
    finish();
    this.time = time;
  }

  save(out: ByteWriter): void {
    out.float64(this.time);
  }

  /** Reads the time that each subtask saved; it is the least of them. */
  restore(saved: readonly ByteReader[]): void {
    if (saved.length > 0) this.time = Math.min(...saved.map((input) => input.float64()));
  }
}
