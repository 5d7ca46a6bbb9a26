import { exponentOf, parseDecimal, rescale } from "../../base/money.ts";
import { columnOf, type Field, fieldsFrom, type Model, NO_CURRENCY } from "../../dataflow/model.ts";
import type { RowStep } from "./format.ts";

/** A table of a source, the models that read it, and all rows that are written to it. */
export interface ReadTable {
  readonly source: string;
  readonly table: string;
  readonly models: readonly Model[];
  readonly rows: readonly RowStep[];
}

/** A nullable column: what a row's values, by the names of fields, put into it, as avsc wants it. */
export interface CaseColumn {
  readonly name: string;
  readonly type: string | object;
  cell(values: Readonly<Record<string, unknown>>): unknown;
}

/** The primary key, which no model of cases reads. */
export const PRIMARY_KEY = "row_id";

type Values = Readonly<Record<string, unknown>>;

/** A column of the database type that its field is read from; the primary key first. */
export function columnsOf({ source, table, models, rows }: ReadTable): CaseColumn[] {
  const columns = new Map<string, CaseColumn>();
  const add = (column: CaseColumn) => void columns.set(column.name, column);
  add(
    keyColumn(
      PRIMARY_KEY,
      PRIMARY_KEY,
      rows.map(({ row }) => row),
    ),
  );
  for (const model of models) {
    const index = model.from.findIndex((from) => from.source === source && from.table === table);
    for (const [name, field] of Object.entries(fieldsFrom(model, index))) {
      const column = columnOf(name, field);
      if (field.money !== undefined) for (const each of moneyColumns(name, column, field)) add(each);
      else add(plainColumn(name, column, field, rows));
    }
  }
  return [...columns.values()];
}

function plainColumn(name: string, column: string, field: Field, rows: readonly RowStep[]): CaseColumn {
  switch (field.kind) {
    case "id":
      return keyColumn(
        column,
        name,
        rows.map(({ values }) => values?.[name]),
      );
    case "integer":
      return one(column, "long", "long", (values) => asBigInt(values[name]));
    case "number":
      return one(column, "double", "double", (values) => values[name]);
    case "flag":
      return one(column, "boolean", "boolean", (values) => values[name]);
    case "instant":
      return instantColumn(name, column, field);
    default:
      return textColumn(name, column, field);
  }
}

/** Keys are numbers or texts, as the rows of a table have them. */
function keyColumn(column: string, name: string, used: readonly unknown[]): CaseColumn {
  const isNumber = used.every((value) => value === null || value === undefined || typeof value === "number");
  if (isNumber) return one(column, "long", "long", (values) => asBigInt(values[name]));
  return one(column, "string", "string", (values) => asText(values[name]));
}

/** Where a model calls values otherwise than the table, the table's integers or texts for them. */
function textColumn(name: string, column: string, { values: names }: Field): CaseColumn {
  const stored = new Map(Object.entries(names ?? {}).map(([value, called]) => [called, value]));
  const isInteger = names !== undefined && Object.keys(names).every((value) => /^\d+$/.test(value));
  const of = (values: Values) => {
    const value = asText(values[name]);
    return value === null || names === undefined ? value : stored.get(value)!;
  };
  if (!isInteger) return one(column, "string", "string", of);
  return one(column, "long", "long", (values) => asBigInt(of(values)));
}

function instantColumn(name: string, column: string, { unit }: Field): CaseColumn {
  const type = unit === undefined ? { type: "long", "connect.name": "io.debezium.time.Timestamp" } : "long";
  const ms = (value: unknown) => (typeof value === "string" ? Date.parse(value) : (value as number));
  return one(column, type, "long", (values) => {
    const value = values[name];
    if (value === null || value === undefined) return null;
    return BigInt(unit === "s" ? ms(value) / 1000 : unit === "us" ? ms(value) * 1000 : ms(value));
  });
}

/** Amounts are written "12.50 EUR": minor units or digits, and the currency beside them. */
function moneyColumns(name: string, column: string, { money }: Field): CaseColumn[] {
  const part = (values: Values, at: number) => {
    const value = values[name];
    return typeof value === "string" ? (value.split(" ")[at] ?? null) : null;
  };
  const amount =
    money!.minorUnits === true
      ? one(column, "long", "long", (values) => minorOf(part(values, 0), part(values, 1), money!.scale))
      : one(column, "string", "string", (values) => part(values, 0));
  const { currencyFrom } = money!;
  if (currencyFrom === undefined || money!.currency === NO_CURRENCY) return [amount];
  // Several amounts may share one column, of which some are null.
  const currency = (values: Values) =>
    part(values, 1) ?? Object.values(values).flatMap((value) => CURRENCY.exec(String(value))?.[1] ?? [])[0] ?? null;
  return [amount, one(currencyFrom, "string", "string", currency)];
}

const CURRENCY = /^-?[\d.]+ ([A-Z]{3})$/;

function minorOf(digits: string | null, currency: string | null, scale?: number): bigint | null {
  if (digits === null) return null;
  const decimal = parseDecimal(digits)!;
  return rescale(decimal.unscaled, decimal.scale, scale ?? exponentOf(currency!)!);
}

function one(name: string, type: CaseColumn["type"], branch: string, of: (values: Values) => unknown): CaseColumn {
  return {
    name,
    type,
    cell(values) {
      const value = of(values);
      return value === null || value === undefined ? null : { [branch]: value };
    },
  };
}

function asBigInt(value: unknown): bigint | null {
  return value === null || value === undefined ? null : BigInt(value as string | number | bigint);
}

function asText(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
