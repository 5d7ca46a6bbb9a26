import type { Batch } from "../../base/batch.ts";
import { ADD } from "../../dataflow/change-layout.ts";
import type { SinkNode } from "../../dataflow/graph.ts";
import type { Control } from "../../dataflow/operator.ts";
import { rowColumns } from "../../dataflow/row-layout.ts";
import { rowCursor } from "../../dataflow/row-view.ts";
import type { Receiver } from "./receiver.ts";

/** Hands the rows of a stream to the side output that its sink is bound to, one plain record each. */
export class SinkWriter implements Receiver {
  readonly #node: SinkNode;
  readonly #emit: (output: string, record: unknown) => void;

  constructor(node: SinkNode, emit: (output: string, record: unknown) => void) {
    this.#node = node;
    this.#emit = emit;
  }

  batch(_input: number, batch: Batch): void {
    const { sink, fields, isChangelog } = this.#node;
    const cursor = rowCursor(batch, fields);
    const { kind } = rowColumns(batch);
    for (let row = 0; row < batch.count; row++) {
      const values = cursor.at(row);
      this.#emit(sink, isChangelog ? { $op: kind.values[row] === ADD ? "add" : "retract", ...values } : { ...values });
    }
  }

  control(_input: number, _element: Control): void {}

  end(): void {}
}
