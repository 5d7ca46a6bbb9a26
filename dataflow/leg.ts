import type { Deadline } from "../base/business-days.ts";
import type { Node } from "./graph.ts";

/** Signed money of the rows of a changelog: one side's part in a check's equation. `K` names the fields it can be keyed by. */
export class Leg<in K extends string = string> {
  /** Only for the type checker: a leg fits wherever one of its keys is asked for. */
  declare readonly keyedBy: (key: K) => void;
  readonly changes: { readonly node: Node };
  readonly field: string;
  readonly sign: 1 | -1;
  readonly deadline: Deadline | undefined;

  constructor(changes: { readonly node: Node }, field: string, sign: 1 | -1, deadline: Deadline | undefined) {
    this.changes = changes;
    this.field = field;
    this.sign = sign;
    this.deadline = deadline;
  }

  /** The leg with a deadline of its own, from each row's business time. */
  within(deadline: Deadline): Leg<K> {
    return new Leg(this.changes, this.field, this.sign, deadline);
  }
}

/** A leg that counts against its side: refunds, reversals. */
export function minus<K extends string>(leg: Leg<K>): Leg<K> {
  return new Leg(leg.changes, leg.field, leg.sign === 1 ? -1 : 1, leg.deadline);
}
