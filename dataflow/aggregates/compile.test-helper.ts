import { type Fields, flag, id, instant, integer, money, number, text } from "../model.ts";
import { FIRST_ROW_FIELD, RowOutput } from "../row-layout.ts";
import { type Row, rowCursor } from "../row-view.ts";
import { writeFields } from "../row-writer.ts";
import type { WindowAggregateBuilder } from "./aggregate.ts";
import type { Accumulator, CompiledAggregates } from "./compiled.ts";
import { compareIds, compareNumbers, compareTexts } from "./order.ts";

/** Fields of every kind. */
export const saleFields = {
  shop: text(),
  user: id(),
  pieces: integer(),
  weight: number(),
  isGift: flag(),
  at: instant(),
  paid: money(),
} satisfies Fields;

export type Sale = Row<typeof saleFields> & { readonly time: number };

/** Every aggregate, of every kind of field that it takes. */
export function everyAggregate(sales: WindowAggregateBuilder<typeof saleFields, readonly ["shop"]>) {
  return {
    sales: sales.count(),
    withUser: sales.count("user"),
    pieces: sales.sum("pieces"),
    weight: sales.sum("weight"),
    fewest: sales.min("pieces"),
    most: sales.max("pieces"),
    lightest: sales.min("weight"),
    heaviest: sales.max("weight"),
    earliest: sales.min("at"),
    meanPieces: sales.avg("pieces"),
    euros: sales.sum("paid", { currency: "EUR" }),
    yen: sales.sum("paid", { currency: "JPY" }),
    mostYen: sales.max("paid", { currency: "JPY" }),
    users: sales.distinct("user"),
    weights: sales.distinct("weight"),
    amounts: sales.distinct("paid"),
    leastUser: sales.min("user"),
    lastShop: sales.max("shop"),
    firstPieces: sales.first("pieces"),
    lastPieces: sales.last("pieces"),
    lastGift: sales.last("isGift"),
    lastUser: sales.last("user"),
    firstPaid: sales.first("paid"),
    letters: sales.fold({
      keeps: { n: integer(), paid: money() },
      gives: integer(),
      add: ({ n }, { shop, paid }) => ({ n: (n ?? 0n) + BigInt(shop?.length ?? 0), paid }),
      retract: ({ n, paid }, { shop }) => ({ n: n! - BigInt(shop?.length ?? 0), paid }),
      merge: (left, right) => ({ n: (left.n ?? 0n) + (right.n ?? 0n), paid: right.paid }),
      result: ({ n }) => n,
    }),
  };
}

/** The same of all rows at once, which are in the order in which they came. */
export function everyAggregateOf(rows: readonly Sale[]): Record<keyof ReturnType<typeof everyAggregate>, unknown> {
  const of = <N extends keyof Sale>(name: N) =>
    rows.map((row) => row[name]).filter((value): value is NonNullable<Sale[N]> => value !== null);
  const byTime = <N extends keyof Sale>(name: N) =>
    rows
      .filter((row) => row[name] !== null)
      .toSorted((a, b) => compareNumbers(a.time, b.time))
      .map((row) => row[name]);
  const minorsIn = (code: string) => of("paid").flatMap(({ minor, currency }) => (currency === code ? [minor] : []));
  const inCurrency = (currency: string, minor: bigint | null) => (minor === null ? null : { minor, currency });
  return {
    sales: BigInt(rows.length),
    withUser: BigInt(of("user").length),
    pieces: sum(of("pieces")),
    weight: of("weight").length === 0 ? null : of("weight").reduce((a, b) => a + b),
    fewest: least(of("pieces"), compareNumbers),
    most: greatest(of("pieces"), compareNumbers),
    lightest: least(of("weight"), compareNumbers),
    heaviest: greatest(of("weight"), compareNumbers),
    earliest: least(of("at"), compareNumbers),
    meanPieces: of("pieces").length === 0 ? null : Number(sum(of("pieces"))) / of("pieces").length,
    euros: inCurrency("EUR", sum(minorsIn("EUR"))),
    yen: inCurrency("JPY", sum(minorsIn("JPY"))),
    mostYen: inCurrency("JPY", greatest(minorsIn("JPY"), compareNumbers)),
    users: BigInt(new Set(of("user")).size),
    weights: BigInt(new Set(of("weight")).size),
    amounts: BigInt(new Set(of("paid").map(({ minor, currency }) => minor + currency)).size),
    leastUser: least(of("user"), compareIds),
    lastShop: greatest(of("shop"), compareTexts),
    firstPieces: byTime("pieces")[0] ?? null,
    lastPieces: byTime("pieces").at(-1) ?? null,
    lastGift: byTime("isGift").at(-1) ?? null,
    lastUser: byTime("user").at(-1) ?? null,
    firstPaid: byTime("paid")[0] ?? null,
    letters: rows.length === 0 ? null : BigInt(of("shop").join("").length),
  };
}

function sum(values: readonly bigint[]): bigint | null {
  return values.length === 0 ? null : values.reduce((a, b) => a + b);
}

function least<T>(values: readonly T[], compare: (a: T, b: T) => number): T | null {
  return values.length === 0 ? null : values.reduce((best, value) => (compare(value, best) < 0 ? value : best));
}

function greatest<T>(values: readonly T[], compare: (a: T, b: T) => number): T | null {
  return least(values, (a, b) => compare(b, a));
}

/** Rows, each with its time, as a batch. */
export function batchOf(
  fields: Fields,
  rows: readonly (Readonly<Record<string, unknown>> & { readonly time: number })[],
) {
  const output = new RowOutput(fields);
  for (const row of rows) writeFields(output.batch, FIRST_ROW_FIELD, output.add(1, row.time), fields, row);
  return output.batch;
}

/** What an accumulator shows, of a key, in the window [100, 200). */
export function resultOf(compiled: CompiledAggregates, accumulator: Accumulator, of = "'a"): Record<string, unknown> {
  const output = new RowOutput(compiled.fields);
  compiled.write(accumulator, output.batch, output.add(1, 0), of, 100, 200);
  return { ...rowCursor(output.batch, compiled.fields).at(0) };
}
