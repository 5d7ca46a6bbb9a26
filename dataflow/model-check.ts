import { isDeepStrictEqual } from "node:util";
import { raise } from "../base/errors.ts";
import { exponentOf } from "../base/money.ts";
import type { Field, FieldKind, Fields, Table } from "./model.ts";

/** Jobs run without the compiler, so what it would have said of a model's fields is said here. MODEL_INVALID. */
export function checkFields(model: string, fields: Fields, businessTime: string | undefined): void {
  for (const [name, field] of Object.entries(fields)) checkField(model, name, field);
  if (businessTime === undefined || fields[businessTime]?.kind === "instant") return;
  const instants = Object.keys(fields).filter((field) => fields[field]!.kind === "instant");
  invalid(
    model,
    `${businessTime}: it is the business time, but no instant; instants are ${instants.join(", ") || "none"}`,
  );
}

/** The tables of a model, whose own mappings fit the model's fields; a scale that one leaves out is the model's. MODEL_INVALID. */
export function checkedTables(
  model: string,
  fields: Fields,
  tables: readonly Table[],
  insertsOnly: boolean,
): readonly Table[] {
  const names = tables.map(({ source, table }) => `${source}.${table}`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) invalid(model, `it has the table ${twice} twice, of which one could be read`);
  for (const { source, table, before } of tables) {
    const place = `${source}.${table}`;
    if (before !== undefined && before !== "full")
      invalid(model, `the \`before\` of table ${place} is ${JSON.stringify(before)}, and can be "full"`);
    if (before !== undefined && insertsOnly)
      invalid(model, `table ${place} has \`before: full\`, and with insertsOnly no row is before another`);
  }
  return tables.map((table) => {
    if (table.fields === undefined) return table;
    const entries = Object.entries(table.fields).map(([name, own]) => {
      const place = `${name} of table ${table.source}.${table.table}`;
      const of = Object.hasOwn(fields, name) ? fields[name]! : undefined;
      if (of === undefined) {
        return invalid(model, `${place}: the model has no such field; it has ${Object.keys(fields).join(", ")}`);
      }
      checkField(model, place, own);
      return [name, likeModels(model, place, of, own)] as const;
    });
    return { ...table, fields: Object.fromEntries(entries) };
  });
}

/** A table's own mapping of a field, which must give what the model's does. */
function likeModels(model: string, place: string, of: Field, own: Field): Field {
  if (own?.kind !== of.kind) invalid(model, `${place}: it is ${own?.kind}, and ${of.kind} in the model`);
  const known = valuesOf(of);
  const strange = known && [...(valuesOf(own) ?? ["anything"])].find((value) => !known.has(value));
  if (strange !== undefined) {
    invalid(model, `${place}: it can be ${strange}, and in the model only ${[...(known ?? [])].join(", ")}`);
  }
  if (own.money === undefined || isDeepStrictEqual(own.money.scale, of.money?.scale)) return own;
  if (own.money.scale !== undefined) {
    invalid(
      model,
      `${place}: its scale is ${own.money.scale}, and ${of.money?.scale ?? "the currency's"} in the model`,
    );
  }
  return { ...own, money: { ...own.money, scale: of.money!.scale! } };
}

/** What a text can be, where it is mapped value by value. */
function valuesOf({ values, otherwise, default: fallback }: Field): ReadonlySet<unknown> | undefined {
  return values && new Set([...Object.values(values), otherwise, fallback].filter((value) => value !== undefined));
}

function checkField(model: string, name: string, field: Field): void {
  if (!/^[A-Za-z_]\w*( |$)/.test(name)) {
    invalid(model, `${JSON.stringify(name)}: its name should be letters and digits`);
  }
  const wrong = KINDS.has(field?.kind) ? problemOf(field) : "it is not declared by id(), text() or another of them";
  if (wrong !== undefined) invalid(model, `${name}: ${wrong}`);
}

/** What is wrong with a field. */
function problemOf({ kind, column, money, unit, ...field }: Field): string | undefined {
  if (column !== undefined && typeof column !== "string")
    return `its column is ${JSON.stringify(column)}, and should be a name, as in ${kind}("other_name")`;
  const { values, otherwise, default: fallback } = field;
  for (const [option, given] of Object.entries({ unit, ...field })) {
    if (given !== undefined && !OPTIONS[kind].includes(option)) return `${kind} has no option \`${option}\``;
  }
  if (values !== undefined && !isValueMap(values))
    return 'its `values` should say what each value is called, as { 1: "captured", 2: "failed" }';
  if (otherwise !== undefined && (values === undefined || typeof otherwise !== "string"))
    return "its `otherwise` should be a text, beside `values`";
  if (fallback !== undefined && !isDefault(kind, fallback)) return `its default ${fallback} is no value of ${kind}`;
  if (unit !== undefined && !UNITS.includes(unit))
    return `its unit is ${unit}, and should be one of ${UNITS.join(", ")}`;
  return kind === "money" ? moneyProblem(money) : undefined;
}

function moneyProblem({
  scale = 0,
  minorUnits = 0,
  currencies,
  currencyFrom,
}: NonNullable<Field["money"]> = {}): string | undefined {
  if (currencies !== undefined) {
    if (currencyFrom === undefined) return "its `currencies` are those of a column, and it has one for all rows";
    if (!isValueMap(currencies)) return 'its `currencies` should say what each is, as { 978: "EUR" }';
    const unknown = Object.values(currencies).find((code) => exponentOf(code) === undefined);
    if (unknown !== undefined) return `its currency ${unknown} is not in ISO 4217`;
  }
  if (!isDigits(scale)) return `its scale is ${scale}, and should be a whole number from 0 to 18`;
  return typeof minorUnits === "boolean" || isDigits(minorUnits)
    ? undefined
    : `its minorUnits is ${minorUnits}, and should be true, or how many digits they have, from 0 to 18`;
}

function isDigits(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 18;
}

function isValueMap(values: unknown): boolean {
  if (typeof values !== "object" || values === null) return false;
  const names = Object.values(values);
  return names.length > 0 && names.every((name) => typeof name === "string");
}

function isDefault(kind: FieldKind, value: unknown): boolean {
  if (kind === "integer") return typeof value === "string" && /^-?\d{1,19}$/.test(value);
  return typeof value === (kind === "text" ? "string" : kind === "flag" ? "boolean" : "number");
}

function invalid(model: string, reason: string): never {
  return raise("MODEL_INVALID", { model, reason });
}

const UNITS: readonly string[] = ["s", "ms", "us"];

/** Options that each kind of field has, beside its column and those of money. */
const OPTIONS: Readonly<Record<FieldKind, readonly string[]>> = {
  id: [],
  text: ["values", "otherwise", "default"],
  integer: ["default"],
  number: ["default"],
  flag: ["default"],
  instant: ["unit"],
  money: [],
};
const KINDS: ReadonlySet<string> = new Set(Object.keys(OPTIONS));
