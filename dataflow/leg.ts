import type { Deadline } from "../base/business-days.ts";
import type { RoundingMode } from "../base/money.ts";
import type { Node } from "./graph.ts";
import type { Fields, FieldsOf, Id, Rate } from "./model.ts";

/** How the amounts of a leg count in another currency. */
export interface Conversion {
  /** The text field that holds the currency to count in. */
  readonly to: string;
  /** The field that holds the row's rate. */
  readonly rate: string;
  readonly rounding: RoundingMode;
}

/** What a leg is made from. */
interface LegParts {
  readonly changes: { readonly node: Node };
  readonly field: string;
  readonly sign: 1 | -1;
  readonly deadline: Deadline | undefined;
  readonly conversion: Conversion | undefined;
}

/** Signed money of the rows of a changelog: one side's part in a check's equation. `K` names the fields it can be keyed by. */
export class Leg<in K extends string = string> implements LegParts {
  /** Only for the type checker: a leg fits wherever one of its keys is asked for. */
  declare readonly keyedBy: (key: K) => void;
  readonly changes: { readonly node: Node };
  readonly field: string;
  readonly sign: 1 | -1;
  readonly deadline: Deadline | undefined;
  readonly conversion: Conversion | undefined;

  constructor({ changes, field, sign, deadline, conversion }: LegParts) {
    this.changes = changes;
    this.field = field;
    this.sign = sign;
    this.deadline = deadline;
    this.conversion = conversion;
  }

  /** The leg with a deadline of its own, from each row's business time. */
  within(deadline: Deadline): Leg<K> {
    return new Leg({ ...this, deadline });
  }
}

/** A leg as a changelog gives it, of which the fields are known. */
export class SumLeg<F extends Fields> extends Leg<FieldsOf<F, Id>> {
  /**
   * The leg in the currency that a field of each row names: an amount times the row's rate, exactly, then rounded to that
   * currency's minor unit. A rate says how much of the other currency one unit is worth. A row without a rate, or without a
   * currency to count in, counts in its own.
   */
  convertedTo(
    currency: FieldsOf<F, string>,
    { rate, rounding }: { readonly rate: FieldsOf<F, Rate>; readonly rounding: RoundingMode },
  ): Leg<FieldsOf<F, Id>> {
    return new Leg({ ...this, conversion: { to: currency, rate, rounding } });
  }
}

/** A leg that counts against its side: refunds, reversals. */
export function minus<K extends string>(leg: Leg<K>): Leg<K> {
  return new Leg({ ...leg, sign: leg.sign === 1 ? -1 : 1 });
}
