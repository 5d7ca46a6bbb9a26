import type { PartsAtBarrier } from "../runtime/task.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { FROM_TASK } from "./frames.ts";
import { writePart } from "./parts.ts";
import { writeFiles } from "./state-files.ts";

/** Bytes of parts that answer one pull. */
const PULL_BYTES = 1024 * 1024;

/** A checkpoint that is being written down. */
interface Pulled {
  readonly parts: PartsAtBarrier;
  /** Pulls that are not answered yet. */
  pulls: number;
  /** Bytes of the answer to the first of them, so far. */
  bytes: number;
}

/** Parts of checkpoints that are being written down, which Flink pulls while rows flow; they are made bit by bit. */
export class PartPulls {
  readonly #out: FrameWriter;
  readonly #checkpoints = new Map<number, Pulled>();

  constructor(out: FrameWriter) {
    this.#out = out;
  }

  /** A pull is to be answered. */
  get isDue(): boolean {
    for (const { pulls } of this.#checkpoints.values()) if (pulls > 0) return true;
    return false;
  }

  add(checkpoint: number, parts: PartsAtBarrier): void {
    this.#checkpoints.set(checkpoint, { parts, pulls: 0, bytes: 0 });
  }

  /** Some more parts are asked for; where nobody should ask any more, nothing but the end is the answer. */
  pull(checkpoint: number): void {
    const pulled = this.#checkpoints.get(checkpoint);
    if (pulled === undefined) this.#tell(FROM_TASK.partsEnd, checkpoint);
    else pulled.pulls++;
  }

  /** Its files are asked for instead, and stay until nobody asks for it any more. */
  files(checkpoint: number): void {
    const pulled = this.#checkpoints.get(checkpoint);
    if (pulled === undefined) return this.#tell(FROM_TASK.partsEnd, checkpoint);
    const frame = this.#out.begin(FROM_TASK.files);
    frame.float64(checkpoint);
    writeFiles(frame, pulled.parts.files());
    this.#out.finish();
  }

  /** Works on what is due for a millisecond or two. */
  work(): void {
    for (const [checkpoint, pulled] of this.#checkpoints) {
      if (pulled.pulls === 0) continue;
      this.#work(checkpoint, pulled);
      return;
    }
  }

  /** Nobody asks for them any more. */
  forget(checkpoint: number): void {
    this.#checkpoints.get(checkpoint)?.parts.release();
    this.#checkpoints.delete(checkpoint);
  }

  close(): void {
    for (const { parts } of this.#checkpoints.values()) parts.release();
    this.#checkpoints.clear();
  }

  #work(checkpoint: number, pulled: Pulled): void {
    const parts = pulled.parts.next();
    if (parts === undefined) {
      this.#checkpoints.delete(checkpoint);
      this.#tell(FROM_TASK.partsEnd, checkpoint);
      return;
    }
    for (const part of parts) {
      const frame = this.#out.begin(FROM_TASK.part);
      frame.float64(checkpoint);
      frame.uint32(part.keyGroup);
      writePart(frame, part);
      this.#out.finish();
      pulled.bytes += part.bytes.length;
    }
    if (pulled.bytes < PULL_BYTES) return;
    pulled.bytes = 0;
    pulled.pulls--;
    this.#tell(FROM_TASK.pulled, checkpoint);
  }

  #tell(type: number, checkpoint: number): void {
    this.#out.begin(type).float64(checkpoint);
    this.#out.finish();
  }
}
