import { isDeepStrictEqual } from "node:util";
import { raise } from "../base/errors.ts";
import { declared, refuse } from "./declared.ts";
import type { Condition, FilterNode, Graph, Node, SideNode } from "./graph.ts";
import type { Fields, Model } from "./model.ts";
import { ModelChangelog } from "./streams.ts";
import { type TransactionFields, transactionsOf } from "./transactions.ts";
import { handedOn, type WriteFields, writesModel } from "./writes.ts";

/** What a job is written against: names its inputs and collects the nodes that its calls make. */
export class Environment {
  readonly #nodes: Node[] = [];
  readonly #changes = new Map<string, ModelChangelog<Fields>>();
  /** Models of writes by the model, of transactions by the source. */
  readonly #made = new Map<Model | string, Model>();
  /** How many nodes were there before the part that is being built. */
  #before = 0;

  /** The changelog of a model: every row's adds and retracts. Asked for twice, it is read once. */
  changes<F extends Fields>(model: Model<F>): ModelChangelog<F> {
    declared.spec("changes(…)", model);
    declared.fields(`changes(${model.name})`, model.fields);
    return this.#changelog(model);
  }

  /**
   * The writes of a model's rows, each as a row of its own that never goes: what was done, by which transaction, the row
   * before and after. Rows of the seed are no writes. Asked for twice, they are read once. MODEL_INVALID.
   */
  writes<F extends Fields>(model: Model<F>): ModelChangelog<WriteFields<F>> {
    declared.spec("writes(…)", model);
    declared.fields(`writes(${model.name})`, model.fields);
    const made = this.#madeFor(model, () => writesModel(model));
    return this.#changelog(made) as unknown as ModelChangelog<WriteFields<F>>;
  }

  /** The ends of a source's transactions. Asked for twice, they are read once. */
  transactions(source: string): ModelChangelog<TransactionFields> {
    declared.name("transactions(…)", "source", source);
    const made = this.#madeFor(source, () => transactionsOf(source));
    return this.#changelog(made) as unknown as ModelChangelog<TransactionFields>;
  }

  #madeFor(what: Model | string, make: () => Model): Model {
    const made = this.#made.get(what) ?? make();
    this.#made.set(what, made);
    return made;
  }

  #changelog<F extends Fields>(model: Model<F>): ModelChangelog<F> {
    const known = this.#changes.get(model.name);
    if (known === undefined) {
      const uid = `changes/${model.name}`;
      const { fields } = handedOn(model);
      const made = new ModelChangelog<F>(this, this.add({ type: "changes", uid, inputs: [], fields, model }));
      this.#changes.set(model.name, made as unknown as ModelChangelog<Fields>);
      return made;
    }
    const node = known.node;
    if (node.type === "changes" && node.model !== model)
      raise("JOB_DUPLICATE_NAME", { kind: "model", name: model.name });
    return known as unknown as ModelChangelog<F>;
  }

  /**
   * Begins a part of the graph that knows nothing of those before: what its author does not name is called as if it were
   * alone, so that a part may come or go beside others. Changelogs of models are shared, and so are equal conditions on them.
   */
  beginPart(): void {
    this.#before = this.#nodes.length;
  }

  /**
   * Adds a node to the graph; its uid must be new, its inputs of this graph. For operators of other rooms; jobs use the
   * streams' methods. JOB_DUPLICATE_NAME, JOB_DECLARATION_INVALID.
   */
  add<N extends Node>(node: N): N {
    const place =
      node.uid === "" || typeof node.uid !== "string" ? `an operator behind ${node.inputs[0]?.uid}` : node.uid;
    declared.name(place, "uid", node.uid);
    declared.fields(place, node.fields);
    if (!node.inputs.every((input) => this.#nodes.includes(input)))
      refuse(place, "one of its inputs is of another job");
    const rivals = isNamed(node) ? this.#nodes : this.#nodes.slice(this.#before);
    if (rivals.some((other) => other.uid === node.uid)) raise("JOB_DUPLICATE_NAME", { kind: "uid", name: node.uid });
    this.#nodes.push(node);
    return node;
  }

  /** The filter behind a node that has a condition already; undefined where there is none. */
  filterAfter(input: Node, condition: Condition): FilterNode | undefined {
    const isIt = (node: Node): node is FilterNode =>
      node.type === "filter" &&
      node.inputs[0] === input &&
      typeof node.condition !== "function" &&
      isDeepStrictEqual(node.condition, condition);
    return this.#nodes.find(isIt);
  }

  /** The side output of a node that has a tag; its rows have the given fields. Asked for twice, it is one. */
  side(of: Node, tag: string, fields: Fields): SideNode {
    const uid = `${of.uid}/${tag}`;
    const known = this.#nodes.find((node) => node.type === "side" && node.uid === uid && node.inputs[0] === of);
    return (known as SideNode | undefined) ?? this.add({ type: "side", uid, inputs: [of], fields, tag });
  }

  /** A uid for a node that the author did not name, from what it follows. */
  uidAfter(input: Node, what: string): string {
    const prefix = `${input.uid}/${what}`;
    const taken = this.#nodes
      .slice(this.#before)
      .filter((node) => node.uid === prefix || node.uid.startsWith(`${prefix}~`)).length;
    return taken === 0 ? prefix : `${prefix}~${taken + 1}`;
  }

  /** The graph as built so far. */
  graph(name: string): Graph {
    return { name, nodes: [...this.#nodes] };
  }
}

/** True for what is found by its uid when a job goes on, and its side outputs. */
function isNamed({ type }: Node): boolean {
  return type === "changes" || type === "operator" || type === "lookup" || type === "side";
}
