import type { PartsAtBarrier } from "../runtime/task.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { FROM_TASK } from "./frames.ts";
import { writePart } from "./parts.ts";

/** Bytes of parts that answer one pull. */
const PULL_BYTES = 1024 * 1024;

/** Parts of checkpoints that are being written down, which Flink pulls while rows flow. */
export class PartPulls {
  readonly #out: FrameWriter;
  /** What is left, by checkpoint. */
  readonly #parts = new Map<number, PartsAtBarrier>();

  constructor(out: FrameWriter) {
    this.#out = out;
  }

  add(checkpoint: number, parts: PartsAtBarrier): void {
    this.#parts.set(checkpoint, parts);
  }

  /** Answers by some more parts; by nothing but the end where nobody should ask any more. */
  pull(checkpoint: number): void {
    const parts = this.#parts.get(checkpoint);
    const out = this.#out;
    const enough = out.length + PULL_BYTES;
    while (parts !== undefined && out.length < enough) {
      const part = parts.next();
      if (part === undefined) {
        this.#parts.delete(checkpoint);
        break;
      }
      const frame = out.begin(FROM_TASK.part);
      frame.float64(checkpoint);
      frame.uint32(part.keyGroup);
      writePart(frame, part);
      out.finish();
    }
    out.begin(this.#parts.has(checkpoint) ? FROM_TASK.pulled : FROM_TASK.partsEnd).float64(checkpoint);
    out.finish();
  }

  /** Nobody asks for them any more. */
  forget(checkpoint: number): void {
    this.#parts.get(checkpoint)?.release();
    this.#parts.delete(checkpoint);
  }

  close(): void {
    for (const parts of this.#parts.values()) parts.release();
    this.#parts.clear();
  }
}
