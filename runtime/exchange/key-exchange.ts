import type { Batch } from "../../base/batch.ts";
import type { TextColumn } from "../../base/columns.ts";
import { assert } from "../../base/errors.ts";
import type { Control } from "../../dataflow/operator.ts";
import { hashBytes, KEY_GROUPS, keyGroupOf, subtaskOf } from "../../state/key-groups.ts";
import type { Receiver } from "../operators/receiver.ts";

/** What rows of several subtasks can be picked out for: a `ChannelWriter`. */
export interface RowReceiver extends Receiver {
  /** Rows `rows[0 .. count)` of a batch, valid only during the call. */
  rows(input: number, batch: Batch, rows: Int32Array, count: number): void;
}

/**
 * The sending side of an edge between two tasks: each row goes to the subtask that owns the key group of its key, rows
 * without a key to the first one, rows of an edge without a key to all; control elements and the end go to all. With one subtask batches go straight on.
 */
export class KeyExchange {
  readonly #key: string | undefined;
  readonly #input: number;
  readonly #targets: readonly [Receiver] | readonly RowReceiver[];
  readonly #subtaskOfGroup: Uint8Array;
  /** Rows of the present batch by subtask, and how many. */
  readonly #rows: Int32Array[];
  readonly #counts: Int32Array;

  /**
   * `targets` are the subtasks of the task behind, in order; `key` is a text column, undefined where every row goes to all
   * of them; `input` is the task's input.
   */
  constructor(key: string | undefined, input: number, targets: readonly [Receiver] | readonly RowReceiver[]) {
    const subtasks = targets.length;
    assert(subtasks > 0 && subtasks <= KEY_GROUPS, `a task with ${subtasks} subtasks has 1 to ${KEY_GROUPS}`);
    this.#key = key;
    this.#input = input;
    this.#targets = targets;
    this.#subtaskOfGroup = Uint8Array.from({ length: KEY_GROUPS }, (_, group) => subtaskOf(group, subtasks));
    this.#rows = targets.map(() => new Int32Array(0));
    this.#counts = new Int32Array(subtasks);
  }

  batch(batch: Batch): void {
    const key = this.#key;
    if (this.#targets.length === 1 || key === undefined) {
      for (const target of this.#targets) target.batch(this.#input, batch);
      return;
    }
    this.#sort(batch, key);
    for (const [subtask, target] of this.#targets.entries()) {
      const count = this.#counts[subtask]!;
      if (count > 0) (target as RowReceiver).rows(this.#input, batch, this.#rows[subtask]!, count);
    }
  }

  control(element: Control): void {
    for (const target of this.#targets) target.control(this.#input, element);
  }

  end(): void {
    for (const target of this.#targets) target.end(this.#input);
  }

  /** Notes which rows belong to which subtask. */
  #sort(batch: Batch, key: string): void {
    const counts = this.#counts.fill(0);
    if (this.#rows[0]!.length < batch.count) {
      for (const subtask of this.#rows.keys()) this.#rows[subtask] = new Int32Array(2 * batch.count);
    }
    const keys = batch.column(key) as TextColumn;
    for (let row = 0; row < batch.count; row++) {
      const isNull = keys.nulls[row] === 1;
      const hash = isNull ? 0 : hashBytes(keys.heap, keys.starts[row]!, keys.ends[row]!);
      const subtask = isNull ? 0 : this.#subtaskOfGroup[keyGroupOf(hash)]!;
      this.#rows[subtask]![counts[subtask]!++] = row;
    }
  }
}
