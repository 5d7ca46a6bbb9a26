import type { Batch, Layout } from "../base/batch.ts";
import { ByteWriter } from "../base/bytes.ts";
import type { TextColumn } from "../base/columns.ts";
import { layoutOf } from "../dataflow/graph.ts";
import type { Plan } from "../runtime/plan.ts";
import { hashBytes, KEY_GROUPS, keyGroupOf, subtaskOf } from "../state/key-groups.ts";
import type { TaskPlace } from "./frames.ts";
import type { TaskFormat } from "./hosted-task.ts";
import { decodeRows, encodeRows } from "./row-codec.ts";

/** Where rows of an output go: by the hash of a text column, to all subtasks behind, or to the one with the same number. */
export type Routing =
  | { readonly by: "key"; readonly column: string }
  | { readonly by: "all" }
  | { readonly by: "subtask" };

/** An output of a task. */
export interface RowsOutput {
  readonly layout: Layout;
  readonly routing: Routing;
}

/** How rows come to a task of a plan and leave it; the inputs of the first one are none, for it reads them itself. */
export function formatOf(plan: Plan, place: Pick<TaskPlace, "task" | "subtask" | "outputs">): TaskFormat {
  const { task } = place;
  const inputs: Layout[] = [];
  for (const { outputs } of plan.tasks) {
    for (const { from, toTask, toInput } of outputs) if (toTask === task) inputs[toInput] = layoutOf(from);
  }
  const outputs = plan.tasks[task]!.outputs.map(({ from, toTask, toInput }): RowsOutput => {
    const { node, input } = plan.tasks[toTask]!.inputs[toInput]!;
    if (node.type !== "operator") return { layout: layoutOf(from), routing: { by: "subtask" } };
    const column = node.keys[input];
    return { layout: layoutOf(from), routing: column === undefined ? { by: "all" } : { by: "key", column } };
  });
  return rowFormat(inputs, outputs, place);
}

/** The form of rows on their way between tasks. A null key goes to the first subtask. */
export function rowFormat(
  inputs: readonly Layout[],
  outputs: readonly RowsOutput[],
  place: Pick<TaskPlace, "subtask" | "outputs">,
): TaskFormat {
  const cutters = outputs.map(({ layout, routing }, output) => {
    const subtasks = place.outputs[output]!;
    if (routing.by === "subtask") return toOne(place.subtask % subtasks);
    if (routing.by === "all") return toAll(subtasks);
    return subtasks === 1 ? toOne(0) : byKey(layout, routing.column, subtasks);
  });
  return {
    inputs,
    readRows: (_input, from, into) => decodeRows(from, into),
    writeRows: (output, batch, piece) => cutters[output]!(batch, piece),
  };
}

type Cutter = (batch: Batch, piece: (subtask: number, write: (out: ByteWriter) => void) => void) => void;

function toOne(subtask: number): Cutter {
  return (batch, piece) => piece(subtask, (out) => encodeRows(batch, allRows(batch.count), batch.count, out));
}

function toAll(subtasks: number): Cutter {
  const encoded = new ByteWriter();
  return (batch, piece) => {
    encoded.clear();
    encodeRows(batch, allRows(batch.count), batch.count, encoded);
    for (let subtask = 0; subtask < subtasks; subtask++) {
      piece(subtask, (out) => out.raw(encoded.buffer, 0, encoded.length));
    }
  };
}

function byKey(layout: Layout, name: string, subtasks: number): Cutter {
  const column = layout.findIndex((one) => one.name === name);
  const subtaskOfGroup = Uint8Array.from({ length: KEY_GROUPS }, (_, group) => subtaskOf(group, subtasks));
  const counts = new Int32Array(subtasks);
  let rows = Array.from(counts, () => new Int32Array(0));
  return (batch, piece) => {
    const { count } = batch;
    if (rows[0]!.length < count) rows = rows.map(() => new Int32Array(2 * count));
    counts.fill(0);
    const { nulls, heap, starts, ends } = batch.columns[column] as TextColumn;
    for (let row = 0; row < count; row++) {
      const hash = nulls[row] === 1 ? 0 : hashBytes(heap, starts[row]!, ends[row]!);
      const subtask = nulls[row] === 1 ? 0 : subtaskOfGroup[keyGroupOf(hash)]!;
      rows[subtask]![counts[subtask]!++] = row;
    }
    for (let subtask = 0; subtask < subtasks; subtask++) {
      const mine = counts[subtask]!;
      if (mine > 0) piece(subtask, (out) => encodeRows(batch, rows[subtask]!, mine, out));
    }
  };
}

let every = new Int32Array(0);

/** The numbers from 0 on, at least so many. */
function allRows(count: number): Int32Array {
  if (every.length < count) every = Int32Array.from({ length: 2 * count }, (_, row) => row);
  return every;
}
