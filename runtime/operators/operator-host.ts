import type { Batch } from "../../base/batch.ts";
import { assert } from "../../base/errors.ts";
import type { OperatorNode } from "../../dataflow/graph.ts";
import type { Control, Operator } from "../../dataflow/operator.ts";
import { KeyedMap } from "../../state/keyed-map.ts";
import { TimerQueue } from "../../state/timer-queue.ts";
import { type FanOut, InputMerger, type Receiver } from "./receiver.ts";

/** What an operator host counts for those who watch. */
export interface OperatorMetrics {
  readonly uid: string;
  rowsIn: number;
  /** Keys with state, over all of the operator's states. */
  readonly keys: () => number;
}

/** Gives an operator its state, timers and outputs, and its inputs in the channel's order. */
export class OperatorHost implements Receiver {
  readonly metrics: OperatorMetrics;
  readonly #operator: Operator;
  readonly #next: FanOut;
  readonly #merger: InputMerger;

  constructor(node: OperatorNode, next: FanOut, emit: (output: string, record: unknown) => void) {
    const states: KeyedMap<unknown>[] = [];
    const names = new Set<string>();
    const claim = (name: string) => {
      assert(!names.has(name), `${node.uid} names its ${name} once`);
      names.add(name);
    };
    this.#operator = node.create();
    this.#next = next;
    this.#merger = new InputMerger(node.inputs.length);
    this.metrics = { uid: node.uid, rowsIn: 0, keys: () => states.reduce((sum, state) => sum + state.size, 0) };
    this.#operator.open({
      state<T>(name: string) {
        claim(`state ${name}`);
        const state = new KeyedMap<T>();
        states.push(state as KeyedMap<unknown>);
        return state;
      },
      timers(name) {
        claim(`timers ${name}`);
        return new TimerQueue();
      },
      forward: (batch) => next.batch(batch),
      emit,
    });
  }

  batch(input: number, batch: Batch): void {
    this.metrics.rowsIn += batch.count;
    this.#operator.batch(input, batch);
  }

  /** Frontiers reach the operator uncombined; a watermark only when all inputs have reached it. */
  control(input: number, element: Control): void {
    const merged = this.#merger.control(input, element);
    if (merged === undefined) return;
    this.#operator.control(input, merged);
    this.#next.control(merged);
  }

  end(): void {
    if (!this.#merger.end()) return;
    this.#operator.end();
    this.#next.end();
  }
}
