import { packCurrency } from "../../base/money.ts";
import { currencyColumn } from "../change-layout.ts";
import type { KeySpec } from "../keys.ts";
import type { FieldKind, Fields } from "../model.ts";
import type { Aggregate, Aggregates } from "./aggregate.ts";
import { type AnyFold, foldSlot } from "./folds.ts";
import {
  type Keeping,
  keepCount,
  keepEdge,
  keepExtreme,
  keepFold,
  keepSum,
  keepTimed,
  keepValues,
  type ValueKind,
} from "./keeping.ts";

/** Of which values something is kept: of a field, or of money in one currency alone. */
export interface Subject {
  readonly field: string;
  readonly currency?: string;
  readonly kind: ValueKind;
}

/** What is kept of one subject; of whole rows where there is none. What others need comes before them. */
export interface Group {
  readonly subject: Subject | undefined;
  readonly keepings: Map<string, Keeping>;
}

/**
 * How a result is written, in code over what `names` gives: the variables that hold a column of the output, and a value
 * that is computed of the accumulator `acc`. Parts of the key are `parts(key)[i]`.
 */
export type Result = (names: { column(name: string): string; value(code: string): string }) => string;

/** What a job's aggregates keep, each thing once however many results need it, and how results come of it. */
export class Plan {
  readonly groups = new Map<string, Group>();
  readonly results: readonly Result[];
  readonly folds = new Map<string, { readonly name: string; readonly spec: AnyFold }>();
  readonly #fields: Fields;
  readonly #key: KeySpec;
  readonly #retracts: boolean;

  constructor(fields: Fields, key: KeySpec, spec: Aggregates, retracts: boolean) {
    this.#fields = fields;
    this.#key = key;
    this.#retracts = retracts;
    if (retracts) this.#keep(undefined, ROWS, keepCount);
    this.results = Object.entries(spec).map(([name, aggregate]) => this.#result(name, aggregate));
  }

  #result(name: string, aggregate: Aggregate): Result {
    switch (aggregate.type) {
      case "key": {
        const part = this.#key.parts.findIndex((one) => one.name === aggregate.name);
        return (names) => {
          const column = names.column(name);
          const put = putCode(aggregate.out.kind, column, `parts(key)[${part}]`, name);
          return `if (like >= 0) ${column}.copy(row, ${column}, like); else ${put}`;
        };
      }
      case "windowStart":
        return (names) => `${names.column(name)}.set(row, start);`;
      case "windowEnd":
        return (names) => `${names.column(name)}.set(row, end);`;
      case "count": {
        const count = this.#count(aggregate.field === undefined ? undefined : this.#subject(aggregate.field));
        return (names) => `${names.column(name)}.setNumber(row, ${names.value(`acc.${count}`)});`;
      }
      case "distinct": {
        const values = this.#values(this.#subject(aggregate.field));
        return (names) => `${names.column(name)}.setNumber(row, ${names.value(`acc.${values}.size`)});`;
      }
      case "avg": {
        const { count, sum } = this.#sum(this.#subject(aggregate.field));
        return (names) => {
          const column = names.column(name);
          const [n, total] = [names.value(`acc.${count}`), names.value(`acc.${sum}`)];
          return `if (${n} === 0) ${column}.nulls[row] = 1; else ${column}.set(row, Number(${total}) / ${n});`;
        };
      }
      case "sum": {
        const subject = this.#subject(aggregate.field, aggregate.currency);
        const { count, sum } = this.#sum(subject);
        return this.#value(name, subject, `(acc.${count} === 0 ? null : acc.${sum})`);
      }
      case "min":
      case "max": {
        const subject = this.#subject(aggregate.field, aggregate.currency);
        return this.#value(name, subject, `acc.${this.#extreme(subject, aggregate.type === "max")}`);
      }
      case "first":
      case "last": {
        const subject = this.#subject(aggregate.field);
        return this.#value(name, subject, this.#edge(subject, aggregate.type === "last"));
      }
      case "fold": {
        const slot = `fold_${name}`;
        this.folds.set(slot, { name, spec: aggregate.spec });
        this.#keep(undefined, slot, () => keepFold(slot, foldSlot(aggregate.spec.keeps)));
        return (names) => `folds.${slot}.write(${names.value(`acc.${slot}`)}, row);`;
      }
    }
  }

  #count(subject: Subject | undefined): string {
    return this.#keep(subject, subject === undefined ? ROWS : slotName("count", subject), keepCount);
  }

  #sum(subject: Subject): { readonly count: string; readonly sum: string } {
    const count = this.#count(subject);
    const sum = this.#keep(subject, slotName("sum", subject), (name) => keepSum(name, subject.kind, count));
    return { count, sum };
  }

  #values(subject: Subject): string {
    return this.#keep(subject, slotName("values", subject), (name) => keepValues(name, subject.kind));
  }

  #extreme(subject: Subject, isGreatest: boolean): string {
    const values = this.#retracts ? this.#values(subject) : undefined;
    const slot = slotName(isGreatest ? "max" : "min", subject);
    return this.#keep(subject, slot, (name) => keepExtreme(name, subject.kind, isGreatest, values));
  }

  /** The code of the first or last value. */
  #edge(subject: Subject, isLast: boolean): string {
    if (this.#retracts) {
      const timed = this.#keep(subject, slotName("timed", subject), (slot) => keepTimed(slot, subject.kind));
      return `(acc.${timed}.values.at(${isLast ? -1 : 0}) ?? null)`;
    }
    const slot = slotName(isLast ? "last" : "first", subject);
    return `acc.${this.#keep(subject, slot, (at) => keepEdge(at, subject.kind, isLast))}`;
  }

  #keep(subject: Subject | undefined, name: string, make: (name: string) => Keeping): string {
    const id = subject === undefined ? "" : slotName("", subject);
    const group = this.groups.get(id) ?? { subject, keepings: new Map<string, Keeping>() };
    this.groups.set(id, group);
    if (!group.keepings.has(name)) group.keepings.set(name, make(name));
    return name;
  }

  #subject(field: string, currency?: string): Subject {
    const { kind } = this.#fields[field]!;
    if (currency !== undefined) return { field, kind, currency };
    return { field, kind: kind === "money" && this.#currencyPart(field) < 0 ? "moneyText" : kind };
  }

  /** Writes a value, which may be null, into a field of the result. */
  #value(name: string, { field, kind, currency }: Subject, code: string): Result {
    return (names) => {
      const column = names.column(name);
      const value = names.value(code);
      if (kind !== "money" && kind !== "moneyText") {
        return `if (${value} === null) ${column}.nulls[row] = 1; else ${putCode(kind, column, value, name)}`;
      }
      const currencies = names.column(currencyColumn(name));
      const packed =
        currency === undefined ? `h.packCurrency(parts(key)[${this.#currencyPart(field)}])` : packCurrency(currency);
      const put =
        kind === "moneyText"
          ? `h.putMoneyText(${column}, ${currencies}, row, ${value});`
          : `{ ${putCode(kind, column, value, name)} ${currencies}.set(row, ${packed}); }`;
      return `if (${value} === null) ${column}.nulls[row] = ${currencies}.nulls[row] = 1; else ${put}`;
    };
  }

  #currencyPart(field: string): number {
    return this.#key.parts.findIndex(({ name }) => name === currencyColumn(field));
  }
}

/** The slot that counts rows. No other one is named so: their names have an underscore. */
export const ROWS = "rows";

/** What comes before the first underscore is not the field's, so that no two are the same. */
function slotName(what: string, { field, currency = "" }: Subject): string {
  return `${what}${currency}_${field}`;
}

function putCode(kind: FieldKind, column: string, value: string, name: string): string {
  switch (kind) {
    case "integer":
    case "money":
      return `h.putWhole(${column}, row, ${value}, ${JSON.stringify(name)});`;
    case "flag":
      return `${column}.set(row, ${value} ? 1 : 0);`;
    default:
      return `${column}.set(row, ${value});`;
  }
}
