import type { ChangesNode, Graph, Node, OperatorNode } from "./graph.ts";
import type { Model } from "./model.ts";

/**
 * The tables of a changelog whose rows come without a row stage, as indexes into its model's `from`. Those tables are declared
 * `before: full`, and all who read the changelog's model tell repeats themselves. From them comes, for each record, a retract of
 * the row before it and an add of the row after it, or one of the two, with the record's position and time; an update that
 * leaves the model's fields as they were comes as an add alone. Repeats come too: what is not newer than the row's last
 * change, by position and then retract before add, is for the reader to drop.
 *
 * `nodes`: of the whole graph, for whoever reads the model besides decides too; `changelog`: a changes node, or one behind it
 * through `where`, `filter`, `sample`, `derive` and keys alone.
 */
export function stagelessTables(nodes: readonly Node[], changelog: Node): ReadonlySet<number> {
  const origin = originOf(changelog);
  if (origin === undefined) return NONE;
  const { from, writes, insertsOnly } = origin.model;
  const declared = [...from.keys()].filter((table) => from[table]!.before === "full");
  if (declared.length === 0 || writes !== undefined || insertsOnly) return NONE;
  return readersTellRepeats(nodes, origin) ? new Set(declared) : NONE;
}

/** The same of the changelog of each model that a graph reads. */
export function stagelessIn({ nodes }: Graph): (model: Model) => ReadonlySet<number> {
  return (model) => {
    const changelog = nodes.find((node) => node.type === "changes" && node.model === model);
    return changelog === undefined ? NONE : stagelessTables(nodes, changelog);
  };
}

const NONE: ReadonlySet<number> = new Set();

/** The changes node whose rows a changelog brings, one for each of its own. */
function originOf(node: Node): ChangesNode | undefined {
  if (node.type === "changes") return node;
  return handsOnRows(node) ? originOf(node.inputs[0]!) : undefined;
}

function readersTellRepeats(nodes: readonly Node[], node: Node): boolean {
  const readers = nodes.filter(({ inputs }) => inputs.includes(node));
  return readers.every((reader) =>
    reader.type === "operator" ? tellsRepeats(reader, node) : handsOnRows(reader) && readersTellRepeats(nodes, reader),
  );
}

function tellsRepeats({ inputs, tellsRepeats = [] }: OperatorNode, node: Node): boolean {
  return inputs.every((input, i) => input !== node || tellsRepeats[i] === true);
}

/** True for a node that hands on each row by itself, as the change that it was, or not at all. */
function handsOnRows({ type }: Node): boolean {
  return type === "filter" || type === "sample" || type === "derive" || type === "key";
}
