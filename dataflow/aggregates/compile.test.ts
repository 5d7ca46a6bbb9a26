import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { keySpec } from "../keys.ts";
import { type Fields, idOf, integer, money, text } from "../model.ts";
import { FIRST_ROW_FIELD, RowOutput } from "../row-layout.ts";
import { rowCursor } from "../row-view.ts";
import { writeFields } from "../row-writer.ts";
import type { Aggregates } from "./aggregate.ts";
import { windowAggregatesOf } from "./builder.ts";
import { everyAggregate, everyAggregateOf, type Sale, saleFields } from "./compile.test-helper.ts";
import { compileAggregates } from "./compile.ts";
import type { Accumulator, CompiledAggregates } from "./compiled.ts";
import { compareNumbers } from "./order.ts";

const numRuns = Number(process.env["COUNTERCHECK_ALGEBRA_SEEDS"] ?? 50);

const key = keySpec("sales", saleFields, ["shop"]);
const spec = windowAggregatesOf<typeof saleFields, readonly ["shop"], Aggregates>("sales", saleFields, key, (sales) =>
  everyAggregate(sales),
);

const few = <T>(...values: T[]) => fc.option(fc.constantFrom(...values));
const sales: fc.Arbitrary<Sale> = fc.record({
  shop: few("", "a", "\u{1f600}", "￿", "é"),
  user: few(idOf(9), idOf(10), idOf(-2), idOf("9"), idOf("a|b")),
  pieces: few(1n, 2n, 7n, -3n, 2n ** 53n, 2n ** 58n, -(2n ** 58n)),
  // Sums of these are exact in any order.
  weight: few(0, 0.5, -4, 1024),
  isGift: few(true, false),
  at: few(0, 1_700_000_000_000, Number.NEGATIVE_INFINITY),
  paid: few({ minor: 5n, currency: "EUR" }, { minor: 7n, currency: "JPY" }, { minor: -(2n ** 58n), currency: "JPY" }),
  time: fc.constantFrom(Number.NEGATIVE_INFINITY, 1, 2, 3),
});

describe("compiled aggregates", () => {
  it("are those of all rows at once, also of parts that are merged, through any checkpoint", () => {
    const compiled = compileAggregates("sales", saleFields, key, spec);
    fc.assert(
      fc.property(
        fc.array(fc.array(sales, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 }),
        (drawn) => {
          // As of windows, the times of parts that are merged do not meet.
          const parts = drawn.map((rows, part) => rows.map((row) => ({ ...row, time: row.time + 10 * part })));
          const rows = parts.flat();
          compiled.bind(batchOf(saleFields, rows));
          let row = 0;
          const accumulators = parts.map((part) => {
            const accumulator = compiled.create();
            for (const _ of part) compiled.add(accumulator, row++);
            return throughCheckpoint(compiled, accumulator);
          });
          const [all, ...others] = accumulators;
          for (const other of others) compiled.merge(all!, other);
          expect(resultOf(compiled, all!)).toEqual(everyAggregateOf(rows));
        },
      ),
      { numRuns },
    );
  });

  it("of changes are those of the rows that are left", () => {
    const compiled = compileAggregates("sales", saleFields, key, spec, { retracts: true });
    const steps = fc.array(fc.oneof(sales, fc.nat()), { maxLength: 20 });
    fc.assert(
      fc.property(steps, (drawn) => {
        let accumulator = compiled.create();
        const left: Sale[] = [];
        const edges = new Edges();
        for (const step of drawn) {
          if (typeof step !== "number") {
            left.push(step);
            edges.add(step);
            compiled.bind(batchOf(saleFields, [step]));
            compiled.add(accumulator, 0);
          } else if (left.length > 0) {
            const [gone] = left.splice(step % left.length, 1);
            edges.retract(gone!);
            compiled.bind(batchOf(saleFields, [gone!]));
            compiled.retract(accumulator, 0);
          }
          accumulator = throughCheckpoint(compiled, accumulator);
          expect(compiled.isEmpty(accumulator)).toBe(left.length === 0);
          const expected = { ...everyAggregateOf(left), ...edges.results() };
          if (left.length > 0) expect(resultOf(compiled, accumulator)).toEqual(expected);
        }
      }),
      { numRuns },
    );
  });

  it("show the key and the window, and money in the key's currency", () => {
    const fields = { shop: text(), paid: money() };
    const byCurrency = keySpec("sales", fields, ["shop", "paid.currency"]);
    const shown = windowAggregatesOf<typeof fields, readonly ["shop", "paid.currency"], Aggregates>(
      "sales",
      fields,
      byCurrency,
      (rows) => ({
        shop: rows.key("shop"),
        currency: rows.key("paid.currency"),
        paid: rows.sum("paid"),
        least: rows.min("paid"),
        last: rows.last("paid"),
        from: rows.windowStart(),
        to: rows.windowEnd(),
      }),
    );
    const compiled = compileAggregates("sales", fields, byCurrency, shown);
    const accumulator = compiled.create();
    compiled.bind(batchOf(fields, [{ time: 1, shop: "x|y", paid: { minor: 5n, currency: "CHF" } }]));
    compiled.add(accumulator, 0);
    compiled.add(accumulator, 0);
    expect(resultOf(compiled, accumulator, "'x\\|y|'CHF")).toEqual({
      shop: "x|y",
      currency: "CHF",
      paid: { minor: 10n, currency: "CHF" },
      least: { minor: 5n, currency: "CHF" },
      last: { minor: 5n, currency: "CHF" },
      from: 100,
      to: 200,
    });
  });

  it("fail where a sum is past 64 bits, and not before it is shown", () => {
    const fields = { shop: text(), pieces: integer() };
    const sum = windowAggregatesOf<typeof fields, readonly ["shop"], Aggregates>("sales", fields, key, (rows) => ({
      pieces: rows.sum("pieces"),
    }));
    const compiled = compileAggregates("sales", fields, key, sum);
    const accumulator = compiled.create();
    compiled.bind(
      batchOf(
        fields,
        [2n ** 62n, 2n ** 62n, -1n].map((pieces) => ({ time: 0, shop: "a", pieces })),
      ),
    );
    compiled.add(accumulator, 0);
    compiled.add(accumulator, 1);
    expect(() => resultOf(compiled, accumulator)).toThrow(
      expect.objectContaining({ code: "AGGREGATE_TOO_LARGE", details: { field: "pieces", value: String(2n ** 63n) } }),
    );
    compiled.add(accumulator, 2);
    expect(resultOf(compiled, accumulator)).toEqual({ pieces: 2n ** 63n - 1n });
  });

  it("take over the state of aggregates that they still have, and of no others", () => {
    const fields = { shop: text(), pieces: integer() };
    const compiled = (...names: ("count" | "sum" | "max" | "last" | "distinct")[]) =>
      compileAggregates(
        "sales",
        fields,
        key,
        windowAggregatesOf<typeof fields, readonly ["shop"], Aggregates>("sales", fields, key, (rows) =>
          Object.fromEntries(names.map((name) => [`${name}OfIt`, (rows[name] as typeof rows.last)("pieces")])),
        ),
      );
    const before = compiled("count", "sum", "max", "distinct", "last");
    const accumulator = before.create();
    before.bind(batchOf(fields, [{ time: 3, shop: "a", pieces: 2n ** 60n }]));
    before.add(accumulator, 0);
    const now = compiled("distinct", "last", "sum");
    const out = new ByteWriter();
    before.codec.write(accumulator, out);
    const read = now.codec.readsFrom(before.codec.schema)!(new ByteReader(out.bytes()));
    expect(resultOf(now, read)).toEqual({ distinctOfIt: 1n, lastOfIt: 2n ** 60n, sumOfIt: 2n ** 60n });
    expect(before.codec.readsFrom(now.codec.schema)).toBeUndefined();
  });
});

function batchOf(fields: Fields, rows: readonly (Readonly<Record<string, unknown>> & { readonly time: number })[]) {
  const output = new RowOutput(fields);
  for (const row of rows) writeFields(output.batch, FIRST_ROW_FIELD, output.add(1, row.time), fields, row);
  return output.batch;
}

function resultOf(compiled: CompiledAggregates, accumulator: Accumulator, of = "'a"): Record<string, unknown> {
  const output = new RowOutput(compiled.fields);
  compiled.write(accumulator, output.batch, output.add(1, 0), of, 100, 200);
  return { ...rowCursor(output.batch, compiled.fields).at(0) };
}

function throughCheckpoint({ codec }: CompiledAggregates, accumulator: Accumulator): Accumulator {
  const out = new ByteWriter();
  codec.write(accumulator, out);
  const bytes = Buffer.from(out.bytes());
  const sameSchema = codec.read(new ByteReader(bytes));
  const resolved = codec.readsFrom(codec.schema)!(new ByteReader(bytes));
  expect(resolved).toEqual(sameSchema);
  return sameSchema;
}

/**
 * A retract does not say when its row was added, so that of equal values the earliest goes: first and last are of values,
 * not of rows.
 */
class Edges {
  readonly #values = new Map<keyof Sale, { readonly time: number; readonly value: unknown }[]>(
    (["pieces", "isGift", "user", "paid"] as const).map((name) => [name, []]),
  );

  add(sale: Sale): void {
    for (const [name, values] of this.#values) {
      if (sale[name] !== null) values.push({ time: sale.time, value: sale[name] });
      values.sort((a, b) => compareNumbers(a.time, b.time));
    }
  }

  retract(sale: Sale): void {
    for (const [name, values] of this.#values) {
      const at = values.findIndex(({ value }) => isDeepStrictEqual(value, sale[name]));
      if (at >= 0) values.splice(at, 1);
    }
  }

  results() {
    const of = (name: keyof Sale, at: number) => this.#values.get(name)!.at(at)?.value ?? null;
    return {
      firstPieces: of("pieces", 0),
      lastPieces: of("pieces", -1),
      lastGift: of("isGift", -1),
      lastUser: of("user", -1),
      firstPaid: of("paid", 0),
    };
  }
}
