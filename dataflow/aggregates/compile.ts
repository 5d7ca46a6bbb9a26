import { packCurrency } from "../../base/money.ts";
import { currencyColumn } from "../change-layout.ts";
import { type KeySpec, keyValues } from "../keys.ts";
import type { Fields } from "../model.ts";
import type { Aggregates } from "./aggregate.ts";
import { aggregatedFields } from "./builder.ts";
import type { CompiledAggregates } from "./compiled.ts";
import { Fold } from "./folds.ts";
import type { ValueKind } from "./keeping.ts";
import { Plan, ROWS, type Subject } from "./plan.ts";
import { type Slot, slotsCodec } from "./slots.ts";
import { helpers } from "./values.ts";

/**
 * Compiles aggregates of rows with the given fields and key: what they keep and the functions for it are made as code, so
 * that a row costs no more than if it were written by hand. With `retracts`, rows can be taken back, which takes more
 * state. `place` is for messages.
 */
export function compileAggregates(
  place: string,
  fields: Fields,
  key: KeySpec,
  spec: Aggregates,
  { retracts = false }: { readonly retracts?: boolean } = {},
): CompiledAggregates {
  const plan = new Plan(fields, key, spec, retracts);
  const slots = [...plan.groups.values()].flatMap(({ keepings }) => [...keepings.values()].flatMap((one) => one.slots));
  const folds = Object.fromEntries(
    [...plan.folds].map(([slot, fold]) => [slot, new Fold(place, fold.name, fields, fold.spec)]),
  );
  const make = new Function("h", "slots", "folds", "keyValues", code(plan, slots)) as (...args: unknown[]) => Functions;
  const functions = make(helpers, slots, folds, (text: string) => keyValues(text, key));
  return {
    ...functions,
    fields: aggregatedFields(spec),
    codec: slotsCodec(slots, functions.create),
    mergeable: !retracts && [...plan.folds.values()].every((fold) => fold.spec.merge !== undefined),
  };
}

type Functions = Omit<CompiledAggregates, "fields" | "codec" | "mergeable">;

/** The body of a function of `h`, `slots`, `folds` and `keyValues` that gives the functions. Names in it are field names. */
function code({ groups, results, folds }: Plan, slots: readonly Slot[]): string {
  const inputs = new Variables("c");
  const outputs = new Variables("o");
  const values = new Variables("v");
  const names = { column: (name: string) => outputs.of(name), value: (code: string) => values.of(code) };
  const writes = results.map((result) => result(names)).join("\n");
  const noted = values.names().map((name) => `noted_${name}`);
  const add = rowCode(groups, "add", inputs);
  const retract = rowCode(groups, "retract", inputs);
  const merges = [...groups.values()].flatMap(({ keepings }) => [...keepings.values()].map(({ merge }) => merge ?? ""));
  const foldNames = [...folds.keys()];
  return `"use strict";
class Accumulator {
  constructor() {
    ${slots.map(({ name }, i) => `this.${name} = slots[${i}].type.begin();`).join("\n")}
  }
}
let ${["batchBound", "outputBound", "keyOfParts", "keyParts", ...inputs.names(), ...outputs.names(), ...noted].join(", ")};
function bindOutput(output) {
  outputBound = output;
  ${outputs.assigned("output")}
  ${foldNames.map((name) => `folds.${name}.bindOutput(output);`).join("\n")}
}
function parts(key) {
  if (key !== keyOfParts) {
    keyParts = keyValues(key);
    keyOfParts = key;
  }
  return keyParts;
}
function put(${["output, row, key, like, start, end", ...values.names()].join(", ")}) {
  if (output !== outputBound) bindOutput(output);
  ${writes}
}
return {
  create() {
    return new Accumulator();
  },
  bind(batch) {
    if (batch === batchBound) return;
    batchBound = batch;
    ${inputs.assigned("batch")}
    ${foldNames.map((name) => `folds.${name}.bind(batch);`).join("\n")}
  },
  add(acc, row) {
    ${add}
  },
  retract(acc, row) {
    ${retract}
  },
  merge(acc, from) {
    ${merges.join("\n")}
  },
  isEmpty(acc) {
    return acc.${ROWS} === 0;
  },
  note(acc) {
    ${noted.map((name, i) => `${name} = ${values.codes()[i]};`).join("\n")}
  },
  hasChanged(acc) {
    let now;
    return ${noted.map((name, i) => `(now = ${values.codes()[i]}, now !== ${name} && (now === now || ${name} === ${name}))`).join(" || ") || "false"};
  },
  writeNoted(output, row, key) {
    put(${["output, row, key, -1, NaN, NaN", ...noted].join(", ")});
  },
  writeLike(acc, output, row, key, like) {
    put(${["output, row, key, like, NaN, NaN", ...values.codes()].join(", ")});
  },
  write(acc, output, row, key, start, end) {
    put(${["output, row, key, -1, start, end", ...values.codes()].join(", ")});
  },
};`;
}

function rowCode(groups: Plan["groups"], what: "add" | "retract", inputs: Variables): string {
  const codes = [...groups.values()].map(({ subject, keepings }) => {
    const body = [...keepings.values()].map((keeping) => keeping[what] ?? "").join("\n");
    return subject === undefined ? body : valueCode(subject, body, inputs);
  });
  const usesTime = codes.some((each) => /\btime\b/.test(each));
  return `${usesTime ? `const time = ${inputs.of("$time")}.values[row];` : ""}\n${codes.join("\n")}`;
}

/** The code for the rows that have a value. It is loaded once, if it is needed. */
function valueCode({ field, kind, currency }: Subject, body: string, inputs: Variables): string {
  const column = inputs.of(field);
  const load = /\bv\b/.test(body) ? `const v = ${loadCode(kind, column, () => inputs.of(currencyColumn(field)))};` : "";
  const counts =
    currency === undefined ? "" : ` && ${inputs.of(currencyColumn(field))}.values[row] === ${packCurrency(currency)}`;
  return `if (${column}.nulls[row] !== 1${counts}) { ${load}\n${body} }`;
}

function loadCode(kind: ValueKind, column: string, currencies: () => string): string {
  switch (kind) {
    case "integer":
    case "money":
      return `${column}.isSafe(row) ? ${column}.number(row) : ${column}.big[row]`;
    case "moneyText":
      return `h.moneyText(${column}, ${currencies()}, row)`;
    case "number":
    case "instant":
      return `${column}.values[row]`;
    case "flag":
      return `${column}.values[row] === 1`;
    default:
      return `${column}.text(row)`;
  }
}

/** Variables for columns or for code, each once. */
class Variables {
  readonly #prefix: string;
  readonly #names = new Map<string, string>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  of(code: string): string {
    const name = this.#names.get(code) ?? `${this.#prefix}${this.#names.size}`;
    this.#names.set(code, name);
    return name;
  }

  names(): string[] {
    return [...this.#names.values()];
  }

  codes(): string[] {
    return [...this.#names.keys()];
  }

  /** Takes the columns of a batch. */
  assigned(batch: string): string {
    return [...this.#names].map(([column, name]) => `${name} = ${batch}.column(${JSON.stringify(column)});`).join("\n");
  }
}
