import type { Layout } from "../base/batch.ts";
import { assert } from "../base/errors.ts";
import type { Bound, Unlike } from "./bound.ts";
import { changeLayout } from "./change-layout.ts";
import { KEY_COLUMN, type KeySpec } from "./keys.ts";
import type { Lookup } from "./lookups/lookup.ts";
import type { Fields, Model } from "./model.ts";
import type { Operator } from "./operator.ts";
import { rowLayout } from "./row-layout.ts";
import type { Row } from "./row-view.ts";
import { handedOn } from "./writes.ts";

/**
 * The graph of a job: what a job author's calls build. Nodes are in topological order, each after its inputs; nothing
 * here runs. `uid` names a node's state for ever.
 */
export type Node =
  | ChangesNode
  | DeriveNode
  | FilterNode
  | SampleNode
  | EventsNode
  | SelectNode
  | MapNode
  | TimedNode
  | UnionNode
  | KeyNode
  | OperatorNode
  | LookupNode
  | SideNode
  | SinkNode;

interface NodeBase {
  readonly uid: string;
  readonly inputs: readonly Node[];
  /** Fields of what the node hands on. */
  readonly fields: Fields;
}

/** The changelog of a model, or its writes: source, decoder and row stage. */
export interface ChangesNode extends NodeBase {
  readonly type: "changes";
  readonly model: Model;
}

/** The changelog of a model that a function makes of each row of another's; what is not the model's stays as it is. */
export interface DeriveNode extends NodeBase {
  readonly type: "derive";
  readonly model: Model;
  readonly derive: (row: Row<Fields>) => Record<string, unknown>;
}

/** All rows of some keys, told by the hash of the key. */
export interface SampleNode extends NodeBase {
  readonly type: "sample";
  /** Part of the keys, above 0 and up to 1. */
  readonly share: number;
  /** Undefined for the primary key of changes. */
  readonly key: KeySpec | undefined;
}

/** Rows whose fields have the given values, or that a function of the job holds for. */
export interface FilterNode extends NodeBase {
  readonly type: "filter";
  readonly condition: Condition | RowTest;
}

/** A function of a job that tells which rows it wants. */
export type RowTest = (row: Row<Fields>) => boolean;

/** The adds of a changelog as events. */
export interface EventsNode extends NodeBase {
  readonly type: "events";
}

/** Some of the fields of each row. */
export interface SelectNode extends NodeBase {
  readonly type: "select";
}

/** A function of each row. */
export interface MapNode extends NodeBase {
  readonly type: "map";
  readonly map: (row: Row<Fields>) => Record<string, unknown>;
}

/** Rows with an event time that they bring themselves; watermarks are held back by as much as it may lie behind. */
export interface TimedNode extends NodeBase {
  readonly type: "timed";
  /** An instant field. */
  readonly field: string;
  readonly lagMs: number;
}

/** Rows of several inputs with the same fields. */
export interface UnionNode extends NodeBase {
  readonly type: "union";
}

/** Rows with the column `KEY_COLUMN`, their canonical key, for keys that are no id field. */
export interface KeyNode extends NodeBase {
  readonly type: "key";
  readonly key: KeySpec;
}

/** A keyed operator: its inputs are exchanged by key first. */
export interface OperatorNode extends NodeBase {
  readonly type: "operator";
  /** The text column of each input that holds its key; undefined for one whose every row goes to all subtasks. */
  readonly keys: readonly (string | undefined)[];
  /** By input: it knows the position of each row's last change, and drops what is not newer. Default: of none (whole-rows.ts). */
  readonly tellsRepeats?: readonly boolean[];
  /** Makes a fresh operator; called once per subtask. */
  readonly create: () => Operator;
  /** How long after a row's time others may still be needed for it, in ms; unknown for functions of the job's own. */
  readonly waitsMs?: number;
  /** How far the times of its results may lie behind the watermark, which is held back by as much, in ms. Default: 0. */
  readonly lagMs?: number;
}

/** Something outside is asked about each row: results come between the calls of a task. Rows stay where they are. */
export interface LookupNode extends NodeBase {
  readonly type: "lookup";
  readonly lookup: Lookup;
}

/** What an operator or a look-up hands to one of its side outputs. */
export interface SideNode extends NodeBase {
  readonly type: "side";
  readonly tag: string;
}

/** Hands every row to the sink of a name. */
export interface SinkNode extends NodeBase {
  readonly type: "sink";
  readonly sink: string;
  /** Rows are adds and retracts, and say which. */
  readonly isChangelog: boolean;
}

/** Field values that a row must have, or where they lie; several are joined by "and", a list means any of them. */
export type Condition = Readonly<Record<string, ConditionValue | readonly ConditionValue[] | Bound | Unlike>>;
export type ConditionValue = string | bigint | number | boolean;

/** A built job: its name and its nodes. */
export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
}

/** The layout of the batches that a node hands on. */
export function layoutOf(node: Node): Layout {
  switch (node.type) {
    case "changes":
      return changeLayout(handedOn(node.model));
    case "derive":
      return changeLayout(node.model);
    case "filter":
    case "sample":
      return layoutOf(node.inputs[0]!);
    case "key":
      return [...layoutOf(node.inputs[0]!), { name: KEY_COLUMN, type: "text" }];
    default:
      return rowLayout(node.fields);
  }
}

/** The model of the rows that a changelog of a model brings. */
export function modelOf(node: Node): Model {
  if (node.type === "changes") return handedOn(node.model);
  if (node.type === "derive") return node.model;
  const [input] = node.inputs;
  assert(input !== undefined, `${node.uid} follows a changelog`);
  return modelOf(input);
}

/** The models that a graph reads, each once. */
export function modelsOf(graph: Graph): readonly Model[] {
  return [...new Set(graph.nodes.flatMap((node) => (node.type === "changes" ? [node.model] : [])))];
}
