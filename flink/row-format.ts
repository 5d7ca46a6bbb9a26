import type { Layout } from "../base/batch.ts";
import { assert } from "../base/errors.ts";
import { layoutOf } from "../dataflow/graph.ts";
import type { Plan } from "../runtime/plan.ts";
import type { TaskPlace } from "./frames.ts";
import type { TaskFormat } from "./hosted-task.ts";

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

/** The form of rows on their way between tasks. */
export function rowFormat(
  inputs: readonly Layout[],
  _outputs: readonly RowsOutput[],
  _place: Pick<TaskPlace, "subtask" | "outputs">,
): TaskFormat {
  return {
    inputs,
    readRows: () => assert(false, "unfinished"),
    writeRows: () => assert(false, "unfinished"),
  };
}
