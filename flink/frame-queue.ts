import { TO_TASK } from "./frames.ts";

/** A frame that came for a task. */
export interface Frame {
  readonly type: number;
  readonly payload: Buffer;
}

/** What is no row, nor stands in an order with rows: it does not wait behind those that do. */
const ASIDE: ReadonlySet<number> = new Set([TO_TASK.pull, TO_TASK.files, TO_TASK.abort, TO_TASK.confirmed]);

/** Frames that wait to be taken in, in order; they are few, for Flink waits until some were. */
export class FrameQueue {
  /** From `#head` on. */
  #frames: Frame[] = [];
  #head = 0;
  /** Barriers among them. */
  #barriers = 0;
  /** Of `ASIDE` among them. */
  #aside = 0;

  get isEmpty(): boolean {
    return this.#head === this.#frames.length;
  }

  get hasBarrier(): boolean {
    return this.#barriers > 0;
  }

  /** The next one; there must be one. */
  get first(): Frame {
    return this.#frames[this.#head]!;
  }

  push(frame: Frame): void {
    this.#count(frame, 1);
    this.#frames.push(frame);
  }

  /** Takes the next one out; there must be one. */
  shift(): Frame {
    const frame = this.first;
    this.#count(frame, -1);
    this.#head++;
    if (this.isEmpty) {
      this.#frames = [];
      this.#head = 0;
    }
    return frame;
  }

  /** What does not wait behind rows comes before them, but not before a barrier. */
  bringForward(): void {
    if (this.#aside === 0 || this.#barriers > 0) return;
    const rest = this.#frames.slice(this.#head);
    this.#frames = [...rest.filter(({ type }) => ASIDE.has(type)), ...rest.filter(({ type }) => !ASIDE.has(type))];
    this.#head = 0;
  }

  #count({ type }: Frame, by: 1 | -1): void {
    if (type === TO_TASK.barrier) this.#barriers += by;
    if (ASIDE.has(type)) this.#aside += by;
  }
}
