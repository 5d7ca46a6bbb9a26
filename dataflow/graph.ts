import type { Fields, Model } from "./model.ts";
import type { Operator } from "./operator.ts";
import type { Row } from "./row-view.ts";

/**
 * The graph of a job: what a job author's calls build. Nodes are in topological order, each after its inputs; nothing
 * here runs. `uid` names a node's state for ever.
 */
export type Node = ChangesNode | FilterNode | EventsNode | MapNode | UnionNode | OperatorNode | SinkNode;

interface NodeBase {
  readonly uid: string;
  readonly inputs: readonly Node[];
  /** Fields of what the node hands on. */
  readonly fields: Fields;
}

/** The changelog of a model: source, decoder and row stage. */
export interface ChangesNode extends NodeBase {
  readonly type: "changes";
  readonly model: Model;
}

/** Rows whose fields have the given values. */
export interface FilterNode extends NodeBase {
  readonly type: "filter";
  readonly condition: Condition;
}

/** The adds of a changelog as events. */
export interface EventsNode extends NodeBase {
  readonly type: "events";
}

/** A function of each row. */
export interface MapNode extends NodeBase {
  readonly type: "map";
  readonly map: (row: Row<Fields>) => Record<string, unknown>;
}

/** Rows of several inputs with the same fields. */
export interface UnionNode extends NodeBase {
  readonly type: "union";
}

/** A keyed operator: its inputs are exchanged by key first. */
export interface OperatorNode extends NodeBase {
  readonly type: "operator";
  /** The key field of each input. */
  readonly keys: readonly string[];
  /** Makes a fresh operator; called once per subtask. */
  readonly create: () => Operator;
  /** How long after a row's time others may still be needed for it, in ms; unknown for functions of the job's own. */
  readonly waitsMs?: number;
}

/** Hands every row to the sink of a name. */
export interface SinkNode extends NodeBase {
  readonly type: "sink";
  readonly sink: string;
}

/** Field values that a row must have; several are joined by "and", a list means any of them. */
export type Condition = Readonly<Record<string, ConditionValue | readonly ConditionValue[]>>;
export type ConditionValue = string | bigint | number | boolean;

/** A built job: its name and its nodes. */
export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
}

/** The models that a graph reads, each once. */
export function modelsOf(graph: Graph): readonly Model[] {
  return [...new Set(graph.nodes.flatMap((node) => (node.type === "changes" ? [node.model] : [])))];
}
