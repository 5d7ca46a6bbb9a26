import type { Batch } from "../../base/batch.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { Control } from "../../dataflow/operator.ts";

/** Takes what a node's inputs bring. */
export interface Receiver {
  batch(input: number, batch: Batch): void;
  control(input: number, element: Control): void;
  end(input: number): void;
}

/** Where a node hands its results: the inputs of the nodes behind it. */
export class FanOut {
  readonly #targets: { readonly receiver: Receiver; readonly input: number }[] = [];

  add(receiver: Receiver, input: number): void {
    this.#targets.push({ receiver, input });
  }

  batch(batch: Batch): void {
    for (const { receiver, input } of this.#targets) receiver.batch(input, batch);
  }

  control(element: Control): void {
    for (const { receiver, input } of this.#targets) receiver.control(input, element);
  }

  end(): void {
    for (const { receiver, input } of this.#targets) receiver.end(input);
  }
}

/** Several inputs as one: watermarks become the least of them, the end is the last one's, the rest passes. */
export class InputMerger {
  readonly #watermarks: number[];
  #watermark = BEFORE_ALL_TIME;
  #open: number;

  constructor(inputs: number) {
    this.#watermarks = new Array<number>(inputs).fill(BEFORE_ALL_TIME);
    this.#open = inputs;
  }

  /** The element to hand on, or undefined while another input holds the watermark back. */
  control(input: number, element: Control): Control | undefined {
    if (element.type !== "watermark") return element;
    this.#watermarks[input] = element.time;
    const least = Math.min(...this.#watermarks);
    if (least <= this.#watermark) return undefined;
    this.#watermark = least;
    return { type: "watermark", time: least };
  }

  /** An input has ended. All do, one behind the other, when a run is over: that brings no watermark further. */
  end(): void {
    this.#open--;
  }

  /** All inputs have ended. */
  get ended(): boolean {
    return this.#open === 0;
  }
}
