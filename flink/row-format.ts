import type { Batch, Layout } from "../base/batch.ts";
import { ByteWriter } from "../base/bytes.ts";
import type { TextColumn } from "../base/columns.ts";
import { layoutOf } from "../dataflow/graph.ts";
import type { Plan } from "../runtime/plan.ts";
import { hashBytes, KEY_GROUPS, keyGroupOf, subtaskOf } from "../state/key-groups.ts";
import type { TaskPlace } from "./frames.ts";
import type { RowsPiece, TaskFormat } from "./hosted-task.ts";
import { decodeRows, encodeRows } from "./row-codec.ts";
import { copyRows } from "./row-copy.ts";

/** Where rows of an output go: by the hash of a text column, to all subtasks behind, or to the one with the same number. */
export type Routing =
  | { readonly by: "key"; readonly column: string }
  | { readonly by: "all" }
  | { readonly by: "subtask" };

/** An output of a task. */
export interface RowsOutput {
  readonly layout: Layout;
  readonly routing: Routing;
  /** Task of the plan that the rows go to, and which of its inputs. */
  readonly task: number;
  readonly input: number;
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
    const to = { layout: layoutOf(from), task: toTask, input: toInput };
    if (node.type !== "operator") return { ...to, routing: { by: "subtask" } };
    const column = node.keys[input];
    return { ...to, routing: column === undefined ? { by: "all" } : { by: "key", column } };
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
    outputs,
    readRows: (_input, from, into) => decodeRows(from, into),
    cutRows: (output, batch, take) => cutters[output]!(batch, take),
  };
}

type Cutter = (batch: Batch, take: (subtask: number, piece: RowsPiece) => void) => void;

function toOne(subtask: number): Cutter {
  return (batch, take) => take(subtask, pieceOf(batch, allRows(batch.count), batch.count));
}

function toAll(subtasks: number): Cutter {
  const encoded = new ByteWriter();
  return (batch, take) => {
    const { copy, write } = pieceOf(batch, allRows(batch.count), batch.count);
    encoded.clear();
    const writeOnce = (out: ByteWriter) => {
      if (encoded.length === 0) write(encoded);
      out.raw(encoded.buffer, 0, encoded.length);
    };
    for (let subtask = 0; subtask < subtasks; subtask++) take(subtask, { copy, write: writeOnce });
  };
}

function byKey(layout: Layout, name: string, subtasks: number): Cutter {
  const column = layout.findIndex((one) => one.name === name);
  const subtaskOfGroup = Uint8Array.from({ length: KEY_GROUPS }, (_, group) => subtaskOf(group, subtasks));
  const counts = new Int32Array(subtasks);
  let rows = Array.from(counts, () => new Int32Array(0));
  return (batch, take) => {
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
      if (mine > 0) take(subtask, pieceOf(batch, rows[subtask]!, mine));
    }
  };
}

/** The first so many of the rows. */
function pieceOf(batch: Batch, rows: Int32Array, count: number): RowsPiece {
  return {
    write: (out) => encodeRows(batch, rows, count, out),
    copy: (into) => copyRows(batch, rows, count, into),
  };
}

let every = new Int32Array(0);

/** The numbers from 0 on, at least so many. */
function allRows(count: number): Int32Array {
  if (every.length < count) every = Int32Array.from({ length: 2 * count }, (_, row) => row);
  return every;
}
