import type { Deadline } from "../base/business-days.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { Environment } from "../dataflow/environment.ts";
import { modelOf, type Node, type OperatorNode } from "../dataflow/graph.ts";
import { keySpec } from "../dataflow/keys.ts";
import type { Model } from "../dataflow/model.ts";
import { stagelessTables } from "../dataflow/whole-rows.ts";
import { CheckOperator } from "./check-operator.ts";
import type { CheckInput, CheckRule, LegDeadline, RuleLeg } from "./rule.ts";

/** What a leg is made from. */
export interface LegSpec
  extends Pick<RuleLeg, "name" | "side" | "sign" | "field" | "takesWithoutAmount" | "deadline" | "conversion"> {
  /** The changelog that brings its rows. */
  readonly changes: { readonly node: Node };
}

/** Gathers the inputs of a check while its legs are resolved: a changelog that several legs read is one input. */
export class CheckInputs {
  readonly inputs: CheckInput[] = [];
  readonly #environment: Environment;
  readonly #by: readonly string[];
  readonly #changelogs: Node[] = [];
  readonly #nodes: Node[] = [];
  readonly #columns: (string | undefined)[] = [];

  /** `by`: the fields that the key is made of, which every model of the check must have. */
  constructor(environment: Environment, by: readonly string[]) {
    this.#environment = environment;
    this.#by = by;
  }

  /** Resolves a leg. JOB_FIELD_UNKNOWN, JOB_NOT_A_KEY for a model without the key. */
  leg({ changes, ...own }: LegSpec): RuleLeg {
    const { node } = changes;
    const model = modelOf(node);
    const input = this.#inputOf(node, model);
    const scale = own.field === null ? undefined : model.fields[own.field]!.money!.scale;
    return { ...own, input, scale, origin: this.#originOf(node, model, own) };
  }

  /** Resolves a leg whose rows are of no key: every key is judged with all of them, and every worker keeps them all. */
  reference({ changes, ...own }: LegSpec): RuleLeg {
    const { node } = changes;
    const model = modelOf(node);
    this.#nodes.push(node);
    this.#columns.push(undefined);
    this.#changelogs.push(node);
    const input = this.inputs.push({ model, by: [], key: "", rows: rowsOf(node), isReference: true }) - 1;
    return { ...own, input, scale: undefined, origin: this.#originOf(node, model, { field: null }) };
  }

  /** Adds the check to its job. */
  add(rule: CheckRule): void {
    const changelogs = [...this.#changelogs];
    // Who else reads a model is known when the graph is whole.
    const inputs = () => {
      const { nodes } = this.#environment.graph(rule.uid);
      return this.inputs.map((input, index) => ({ ...input, stageless: stagelessTables(nodes, changelogs[index]!) }));
    };
    const node: OperatorNode = {
      type: "operator",
      uid: rule.uid,
      inputs: this.#nodes,
      fields: {},
      keys: this.#columns,
      waitsMs: Math.max(...rule.legs.map(({ deadline }) => deadline.longestMs)) + rule.skewMs,
      tellsRepeats: this.inputs.map(({ isReference }) => isReference !== true),
      create: () => new CheckOperator(rule, inputs()),
    };
    this.#environment.add(node);
  }

  #inputOf(node: Node, model: Model): number {
    const known = this.#changelogs.indexOf(node);
    if (known >= 0) return known;
    const spec = keySpec(node.uid, node.fields, this.#by);
    const [first] = this.#by;
    const isField = spec.column === first;
    const keyed = isField ? node : this.#keyed(node, spec);
    this.#nodes.push(keyed);
    this.#columns.push(spec.column);
    this.inputs.push({ model, by: this.#by, key: spec.column, rows: rowsOf(node) });
    return this.#changelogs.push(node) - 1;
  }

  #keyed(node: Node, key: ReturnType<typeof keySpec>): Node {
    const uid = this.#environment.uidAfter(node, `key(${this.#by.join()})`);
    return this.#environment.add({ type: "key", uid, inputs: [node], fields: node.fields, key });
  }

  /** All that decides which rows a leg counts, and as what. */
  #originOf(node: Node, model: Model, { field, conversion }: Pick<LegSpec, "field" | "conversion">): string {
    const { name, businessTime = null, fields } = model;
    // What its rows are compared with decides nothing of which they are.
    const from = model.from.map(({ before: _, ...table }) => table);
    const by = this.#by.length === 1 ? this.#by[0]! : this.#by;
    const keys = this.#by.length === 1 ? fields[this.#by[0]!] : this.#by.map((key) => fields[key] ?? null);
    const money = field === null ? null : fields[field];
    const own = [node.uid, name, from, businessTime, by, keys, field, money];
    if (conversion === undefined) return JSON.stringify(own);
    return JSON.stringify([...own, conversion, fields[conversion.to], fields[conversion.rate]]);
  }
}

/** A deadline as legs have it. */
export function deadlineOf(deadline: Deadline): LegDeadline {
  if (typeof deadline !== "number") return deadline;
  const ms: number = deadline;
  return { dueAt: (businessTime) => businessTime + ms, longestMs: ms, alwaysMs: ms, text: String(ms) };
}

/** For rows of which nothing is due: their deadline makes no point. */
export const NO_DEADLINE: LegDeadline = { dueAt: () => BEFORE_ALL_TIME, longestMs: 0, text: "none" };

/** Which rows a changelog brings, however many like it there are. */
function rowsOf(node: Node): string {
  return node.uid.replaceAll(/~\d+/g, "");
}
