import type { ChangesNode, Graph, Node } from "../dataflow/graph.ts";

/** An input of a node that comes from outside its task. */
export interface TaskInput {
  readonly node: Node;
  readonly input: number;
}

/** Rows that leave a task for an input of another. */
export interface TaskEdge {
  readonly from: Node;
  readonly toTask: number;
  /** Index into the other task's `inputs`. */
  readonly toInput: number;
}

/** A chain of nodes between two exchanges. */
export interface TaskPlan {
  readonly nodes: readonly Node[];
  readonly inputs: readonly TaskInput[];
  readonly outputs: readonly TaskEdge[];
}

/** The tasks of a job, each after those that feed it, and where changelogs enter. */
export interface Plan {
  readonly tasks: readonly TaskPlan[];
  readonly entries: readonly { readonly node: ChangesNode; readonly task: number; readonly input: number }[];
}

interface Draft {
  readonly nodes: Node[];
  readonly inputs: TaskInput[];
  readonly outputs: TaskEdge[];
}

/**
 * Cuts a graph into tasks: a keyed operator begins a new one, because its inputs are exchanged by key; nodes without
 * state stay with what feeds them. Changelogs share the first task.
 */
export function planOf(graph: Graph): Plan {
  const tasks: Draft[] = [{ nodes: [], inputs: [], outputs: [] }];
  const home = new Map<Node, number>();
  const entries: { node: ChangesNode; task: number; input: number }[] = [];
  for (const node of graph.nodes) {
    const task = homeOf(node, home, tasks);
    home.set(node, task);
    tasks[task]!.nodes.push(node);
    if (node.type === "changes") entries.push({ node, task, input: tasks[task]!.inputs.push({ node, input: 0 }) - 1 });
    node.inputs.forEach((from, input) => {
      const fromTask = home.get(from)!;
      if (fromTask === task) return;
      const toInput = tasks[task]!.inputs.push({ node, input }) - 1;
      tasks[fromTask]!.outputs.push({ from, toTask: task, toInput });
    });
  }
  return { tasks, entries };
}

function homeOf(node: Node, home: ReadonlyMap<Node, number>, tasks: Draft[]): number {
  const homes = new Set(node.inputs.map((input) => home.get(input)!));
  if (node.type === "changes") return 0;
  if (node.type !== "operator" && homes.size === 1) return [...homes][0]!;
  return tasks.push({ nodes: [], inputs: [], outputs: [] }) - 1;
}
