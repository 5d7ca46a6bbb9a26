import { raise } from "../../base/errors.ts";
import { exponentOf } from "../../base/money.ts";
import { declared } from "../declared.ts";
import type { KeySpec } from "../keys.ts";
import { type Field, type FieldKind, type Fields, isFieldName } from "../model.ts";
import type {
  Aggregate,
  AggregateBuilder,
  AggregatedFields,
  Aggregates,
  FoldSpec,
  WindowAggregateBuilder,
} from "./aggregate.ts";

/** Asks a job what it wants of each key's rows. JOB_AGGREGATE_INVALID. */
export function aggregatesOf<F extends Fields, K extends readonly string[], S extends Aggregates>(
  place: string,
  fields: F,
  key: KeySpec,
  define: (rows: AggregateBuilder<F, K>) => S,
): S {
  declared.callable(place, "aggregates", define);
  const rows = makeBuilder(place, fields, key);
  return checked(place, define(rows as unknown as AggregateBuilder<F, K>));
}

/** Asks a job what it wants of each window's rows. JOB_AGGREGATE_INVALID. */
export function windowAggregatesOf<F extends Fields, K extends readonly string[], S extends Aggregates>(
  place: string,
  fields: F,
  key: KeySpec,
  define: (rows: WindowAggregateBuilder<F, K>) => S,
): S {
  declared.callable(place, "aggregates", define);
  const rows = {
    ...makeBuilder(place, fields, key),
    windowStart: () => ({ type: "windowStart", out: INSTANT }),
    windowEnd: () => ({ type: "windowEnd", out: INSTANT }),
  };
  return checked(place, define(rows as unknown as WindowAggregateBuilder<F, K>));
}

/**
 * Says at build time what would not work later: a fold without the function that rows which are taken back, or windows
 * that become one, need of it. JOB_AGGREGATE_INVALID.
 */
export function requireOfFolds(place: string, spec: Aggregates, what: "retract" | "merge"): void {
  for (const [field, aggregate] of Object.entries(spec)) {
    if (aggregate.type !== "fold" || aggregate.spec[what] !== undefined) continue;
    const why =
      what === "retract" ? "rows of a changelog can be taken back" : "windows of this kind are put together of others";
    raise("JOB_AGGREGATE_INVALID", { field, place, reason: `${why}: give its fold a function ${what}` });
  }
}

/** The declared fields of a result. */
export function aggregatedFields<S extends Aggregates>(spec: S): AggregatedFields<S> {
  return Object.fromEntries(Object.entries(spec).map(([name, { out }]) => [name, out])) as AggregatedFields<S>;
}

const INTEGER: Field = { kind: "integer" };
const NUMBER: Field = { kind: "number" };
const INSTANT: Field = { kind: "instant" };

const NUMBERS: readonly FieldKind[] = ["integer", "number"];
const ORDERED: readonly FieldKind[] = [...NUMBERS, "instant", "text", "id"];

interface MoneyOptions {
  readonly currency?: string;
}

/** Without the types of fields and key: what the type checker would have said is said here. */
function makeBuilder(place: string, fields: Fields, key: KeySpec) {
  const refuse = (field: string, reason: string): never => raise("JOB_AGGREGATE_INVALID", { field, place, reason });
  const fieldOf = (what: string, name: string): Field => {
    const known = Object.keys(fields);
    if (!known.includes(name)) {
      return refuse(`${what} of ${String(name)}`, `the rows have no such field, only ${known.join(", ")}`);
    }
    // It becomes code.
    if (!isFieldName(name))
      return refuse(`${what} of ${JSON.stringify(name)}`, "its name should be letters and digits");
    return fields[name]!;
  };
  const numberOf = (what: string, name: string): Field => {
    const field = fieldOf(what, name);
    if (NUMBERS.includes(field.kind)) return field;
    return refuse(`${what} of ${name}`, `it is ${field.kind}, and only integers and numbers have one`);
  };

  /** The options' currency is there, unless the key has it. */
  const currencyOf = (what: string, name: string, options: MoneyOptions | undefined): MoneyOptions => {
    const currency = options?.currency;
    if (currency === undefined) {
      if (key.parts.some((part) => part.name === `${name}.currency`)) return {};
      return refuse(
        `${what} of ${name}`,
        `its currencies would mix. Key the rows by ${name}.currency too, or name the one that counts: ${what}("${name}", { currency: "EUR" })`,
      );
    }
    if (exponentOf(currency) === undefined) refuse(`${what} of ${name}`, `${String(currency)} is no ISO 4217 currency`);
    return { currency };
  };

  const ofValues = (
    type: "sum" | "min" | "max",
    name: string,
    options: MoneyOptions | undefined,
    kinds: readonly FieldKind[],
  ): Aggregate => {
    const field = fieldOf(type, name);
    if (field.kind === "money")
      return { type, out: asDeclared(field), field: name, ...currencyOf(type, name, options) };
    if (!kinds.includes(field.kind))
      refuse(`${type} of ${name}`, `it is ${field.kind}, and only ${kinds.join(", ")} and money have one`);
    return { type, out: asDeclared(field), field: name };
  };

  return {
    key: (name: string): Aggregate => {
      const part = key.parts.find((one) => one.name === name);
      const known = () => key.parts.map((one) => one.name).join(", ");
      if (part === undefined) return refuse(String(name), `it is no part of the key, which is ${known()}`);
      return { type: "key", out: { kind: part.kind }, name };
    },
    count: (name?: string): Aggregate => {
      if (name === undefined) return { type: "count", out: INTEGER };
      fieldOf("count", name);
      return { type: "count", out: INTEGER, field: name };
    },
    sum: (name: string, options?: MoneyOptions) => ofValues("sum", name, options, NUMBERS),
    min: (name: string, options?: MoneyOptions) => ofValues("min", name, options, ORDERED),
    max: (name: string, options?: MoneyOptions) => ofValues("max", name, options, ORDERED),
    avg: (name: string): Aggregate => {
      numberOf("avg", name);
      return { type: "avg", out: NUMBER, field: name };
    },
    first: (name: string): Aggregate => ({ type: "first", out: asDeclared(fieldOf("first", name)), field: name }),
    last: (name: string): Aggregate => ({ type: "last", out: asDeclared(fieldOf("last", name)), field: name }),
    distinct: (name: string): Aggregate => {
      fieldOf("distinct", name);
      return { type: "distinct", out: INTEGER, field: name };
    },
    fold: (spec: FoldSpec<Fields, Fields, Field>): Aggregate => {
      declared.spec(`fold in ${place}`, spec);
      return { type: "fold", out: asDeclared(spec.gives ?? NUMBER), spec };
    },
  };
}

/** A result is no column of a table any more. */
function asDeclared({ column: _, ...field }: Field): Field {
  return field;
}

function checkFold(
  { keeps, gives, ...functions }: FoldSpec<Fields, Fields, Field>,
  refuse: (reason: string) => never,
): void {
  for (const name of ["add", "result", "retract", "merge"] as const) {
    const isMissing = functions[name] === undefined;
    if (isMissing ? name === "add" || name === "result" : typeof functions[name] !== "function") {
      refuse(`the fold's ${name} should be a function`);
    }
  }
  for (const [name, field] of Object.entries(keeps ?? {})) {
    if (!isFieldName(name) || field?.kind === undefined) refuse(`the fold keeps ${name}, which is no declared field`);
  }
  if (keeps === undefined) refuse("the fold should say in `keeps` what it keeps");
  if (gives?.kind === undefined) refuse("the fold should say in `gives` what its result is, such as integer()");
}

function checked<S extends Aggregates>(place: string, spec: S): S {
  declared.spec(`aggregates of ${place}`, spec);
  for (const [name, aggregate] of Object.entries(spec)) {
    const refuse = (reason: string): never =>
      raise("JOB_AGGREGATE_INVALID", { field: JSON.stringify(name), place, reason });
    if (!isFieldName(name)) refuse("its name should be letters and digits");
    if (aggregate?.type === undefined) refuse("it is no aggregate, such as rows.count()");
    if (aggregate.type === "fold") checkFold(aggregate.spec, refuse);
  }
  return spec;
}
