import type { Key } from "../../base/key.ts";
import { packCurrency } from "../../base/money.ts";
import { currencyColumn } from "../change-layout.ts";
import { type KeySpec, keyValues } from "../keys.ts";
import type { FieldKind, Fields } from "../model.ts";
import type { Aggregate, Aggregates } from "./aggregate.ts";
import { aggregatedFields } from "./builder.ts";
import type { CompiledAggregates } from "./compiled.ts";
import { type Keeping, keepCount, keepExtreme, keepSum } from "./keeping.ts";
import { type Slot, slotsCodec } from "./slots.ts";
import { addWhole, putWhole, subtractWhole } from "./values.ts";

/**
 * Compiles aggregates of rows with the given fields and key: what they keep and the functions for it are made as code, so
 * that a row costs no more than if it were written by hand. Where `retracts` is true, rows can be taken back.
 */
export function compileAggregates(
  _place: string,
  fields: Fields,
  key: KeySpec,
  spec: Aggregates,
  { retracts = false }: { readonly retracts?: boolean } = {},
): CompiledAggregates {
  const plan = new Plan(fields, key, retracts);
  const results = Object.entries(spec).map(([name, aggregate]) => plan.result(name, aggregate));
  const code = plan.code(results);
  const helpers = { packCurrency, addWhole, subtractWhole, putWhole, keyValues: (text: Key) => keyValues(text, key) };
  const functions = new Function("h", "slots", code)(helpers, plan.slots()) as Functions;
  return {
    fields: aggregatedFields(spec),
    codec: slotsCodec(plan.slots(), functions.create),
    mergeable: true,
    retractable: retracts,
    ...functions,
  };
}

type Functions = Pick<CompiledAggregates, "create" | "bind" | "add" | "retract" | "merge" | "isEmpty" | "write">;

/** What is kept of the rows where one field is not null, or of all rows; of money of one currency alone, if it is named. */
interface Group {
  readonly field?: string;
  readonly kind?: FieldKind;
  readonly currency?: string;
  readonly keepings: Map<string, Keeping>;
}

class Plan {
  readonly #fields: Fields;
  readonly #key: KeySpec;
  readonly #groups = new Map<string, Group>();
  /** Columns of rows, and the variables that hold them. */
  readonly #inputs = new Map<string, string>();
  readonly #outputs = new Map<string, string>();

  constructor(fields: Fields, key: KeySpec, retracts: boolean) {
    this.#fields = fields;
    this.#key = key;
    if (retracts) this.#keep({}, "rows", keepCount);
  }

  slots(): readonly Slot[] {
    return [...this.#groups.values()].flatMap(({ keepings }) =>
      [...keepings.values()].flatMap((keeping) => keeping.slots),
    );
  }

  /** Notes what an aggregate needs; gives the code that writes its result. */
  result(name: string, aggregate: Aggregate): string {
    const out = this.#output(name);
    switch (aggregate.type) {
      case "key": {
        const part = this.#key.parts.findIndex((one) => one.name === aggregate.name);
        return putCode(aggregate.out.kind, out, `parts[${part}]`, name);
      }
      case "windowStart":
        return `${out}.set(row, start);`;
      case "windowEnd":
        return `${out}.set(row, end);`;
      case "count": {
        const count = this.#count(aggregate.field);
        return `${out}.setNumber(row, acc.${count});`;
      }
      case "sum": {
        const { field, currency } = aggregate;
        const { kind } = this.#fields[field]!;
        const count = this.#count(field, currency);
        const sum = this.#keep(aggregate, slotName("sum", field, currency), (slot) => keepSum(slot, kind));
        return this.#orNull(aggregate, name, `acc.${count} === 0`, putCode(kind, out, `acc.${sum}`, name));
      }
      case "min":
      case "max": {
        const { type, field, currency } = aggregate;
        const { kind } = this.#fields[field]!;
        const slot = this.#keep(aggregate, slotName(type, field, currency), (at) =>
          keepExtreme(at, kind, type === "max"),
        );
        return this.#orNull(aggregate, name, `acc.${slot} === null`, putCode(kind, out, `acc.${slot}`, name));
      }
      default:
        throw new Error("not yet");
    }
  }

  /** The body of a function of `h` and `slots` that gives the functions. */
  code(results: readonly string[]): string {
    const groups = [...this.#groups.values()];
    const rows = (what: "add" | "retract") => groups.map((group) => this.#rowCode(group, what)).join("\n");
    const merges = groups.flatMap(({ keepings }) => [...keepings.values()].map(({ merge }) => merge));
    const variables = [...this.#inputs.values(), ...this.#outputs.values()];
    return `"use strict";
class Accumulator {
  constructor() {
${this.slots()
  .map(({ name }, i) => `    this.${name} = slots[${i}].type.begin();`)
  .join("\n")}
  }
}
let bound, outputOf, ${variables.join(", ")};
function bindOutput(output) {
  outputOf = output;
${bindings(this.#outputs, "output")}
}
return {
  create() { return new Accumulator(); },
  bind(batch) {
    if (batch === bound) return;
    bound = batch;
${bindings(this.#inputs, "batch")}
  },
  add(acc, row) {
${rows("add")}
  },
  retract(acc, row) {
${rows("retract")}
  },
  merge(acc, from) {
${merges.join("\n")}
  },
  isEmpty(acc) { return ${this.#groups.has("") && this.#groups.get("")!.keepings.has("rows") ? "acc.rows === 0" : "false"}; },
  write(acc, output, row, key, start, end) {
    if (output !== outputOf) bindOutput(output);
${results.some((code) => code.includes("parts[")) ? "const parts = h.keyValues(key);" : ""}
${results.join("\n")}
  },
};`;
  }

  #rowCode({ field, kind, currency, keepings }: Group, what: "add" | "retract"): string {
    const kept = [...keepings.values()];
    const body = kept.map((keeping) => keeping[what] ?? "").join("\n");
    if (field === undefined) return body;
    const column = this.#input(field);
    const isOther =
      currency === undefined
        ? ""
        : ` && ${this.#input(currencyColumn(field))}.values[row] === ${packCurrency(currency)}`;
    const load = kept.some(({ readsValue }) => readsValue) ? `const v = ${loadCode(kind!, column)};` : "";
    return `if (${column}.nulls[row] !== 1${isOther}) { ${load}\n${body} }`;
  }

  #count(field?: string, currency?: string): string {
    const name = field === undefined ? "rows" : slotName("count", field, currency);
    return this.#keep({ ...(field && { field }), ...(currency && { currency }) }, name, keepCount);
  }

  #keep(
    { field, currency }: { readonly field?: string; readonly currency?: string },
    name: string,
    make: (name: string) => Keeping,
  ): string {
    const id = field === undefined ? "" : slotName("", field, currency);
    let group = this.#groups.get(id);
    if (group === undefined) {
      const kind = field === undefined ? undefined : this.#fields[field]!.kind;
      group = { ...(field && { field }), ...(kind && { kind }), ...(currency && { currency }), keepings: new Map() };
      this.#groups.set(id, group);
      if (field !== undefined) this.#input(field);
      if (currency !== undefined) this.#input(currencyColumn(field!));
    }
    if (!group.keepings.has(name)) group.keepings.set(name, make(name));
    return name;
  }

  /** Nulls where a condition holds, else the code; of money the currency too. */
  #orNull(
    { out, field, currency }: Aggregate & { readonly field: string; readonly currency?: string },
    name: string,
    isNull: string,
    put: string,
  ): string {
    const column = this.#output(name);
    if (out.kind !== "money") return `if (${isNull}) ${column}.nulls[row] = 1; else { ${put} }`;
    const currencies = this.#output(currencyColumn(name));
    const part = this.#key.parts.findIndex((one) => one.name === currencyColumn(field));
    const packed = currency === undefined ? `h.packCurrency(parts[${part}])` : packCurrency(currency);
    return `if (${isNull}) ${column}.nulls[row] = ${currencies}.nulls[row] = 1;
else { ${put} ${currencies}.set(row, ${packed}); }`;
  }

  #input(name: string): string {
    return variable(this.#inputs, "c", name);
  }

  #output(name: string): string {
    return variable(this.#outputs, "o", name);
  }
}

/** Field names have no `$`, and capitals of a currency stand before the first underscore only. */
function slotName(what: string, field: string, currency = ""): string {
  return `${what}${currency}_${field}`;
}

function variable(variables: Map<string, string>, prefix: string, name: string): string {
  const known = variables.get(name) ?? `${prefix}${variables.size}`;
  variables.set(name, known);
  return known;
}

function bindings(variables: ReadonlyMap<string, string>, batch: string): string {
  return [...variables].map(([name, held]) => `    ${held} = ${batch}.column(${JSON.stringify(name)});`).join("\n");
}

function loadCode(kind: FieldKind, column: string): string {
  switch (kind) {
    case "integer":
    case "money":
      return `${column}.isSafe(row) ? ${column}.number(row) : ${column}.big[row]`;
    case "number":
    case "instant":
      return `${column}.values[row]`;
    case "flag":
      return `${column}.values[row] === 1`;
    default:
      return `${column}.text(row)`;
  }
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
