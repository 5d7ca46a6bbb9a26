import { raise } from "../base/errors.ts";
import type { Environment } from "./environment.ts";
import type { Node } from "./graph.ts";
import type { Fields } from "./model.ts";

/** A stream, as far as a union looks at it. */
export interface UnitedStream {
  readonly fieldTypes: Fields;
  readonly node: Node;
  /** Tells streams from changelogs. */
  readonly timedBy: unknown;
}

/** Refuses streams whose fields are not those of the first. */
export type SameFields<F extends Fields, O extends readonly UnitedStream[]> = {
  readonly [I in keyof O]: F extends O[I]["fieldTypes"]
    ? O[I]["fieldTypes"] extends F
      ? unknown
      : FieldsDiffer
    : FieldsDiffer;
};

/** What the compiler says of such a stream. */
export type FieldsDiffer = "this stream has other fields than the one it is united with";

/** Adds a node with the rows of several others. JOB_UNION_INVALID. */
export function unionNode(environment: Environment, first: Node, others: readonly Node[]): Node {
  const same = others.map((other) => arranged(environment, first, other));
  const uid = environment.uidAfter(first, "union");
  return environment.add({ type: "union", uid, inputs: [first, ...same], fields: first.fields });
}

/** Rows go on in batches of one layout, so that their fields are in the order of the first's. */
function arranged(environment: Environment, first: Node, other: Node): Node {
  const names = Object.keys(first.fields);
  checkSame(first, other);
  if (Object.keys(other.fields).every((name, i) => name === names[i])) return other;
  const uid = environment.uidAfter(other, "select");
  return environment.add({ type: "select", uid, inputs: [other], fields: first.fields });
}

/** Jobs run without the compiler, so what it would have said is said here. */
function checkSame(first: Node, other: Node): void {
  const names = new Set([...Object.keys(first.fields), ...Object.keys(other.fields)]);
  for (const name of names) {
    const [one, its] = [kindOf(first.fields, name), kindOf(other.fields, name)];
    if (one === its) continue;
    raise("JOB_UNION_INVALID", { one: first.uid, other: other.uid, reason: `${name} is ${one}, and ${its}` });
  }
}

/** Amounts in other minor units are other amounts. */
function kindOf(fields: Fields, name: string): string {
  const field = fields[name];
  if (field === undefined) return "missing";
  const scale = field.money?.scale;
  return scale === undefined ? field.kind : `${field.kind} of scale ${scale}`;
}
