import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { keySpec } from "../keys.ts";
import { idOf } from "../model.ts";
import type { Aggregates } from "./aggregate.ts";
import { windowAggregatesOf } from "./builder.ts";
import { batchOf, everyAggregate, everyAggregateOf, resultOf, type Sale, saleFields } from "./compile.test-helper.ts";
import { compileAggregates } from "./compile.ts";
import type { Accumulator, CompiledAggregates } from "./compiled.ts";
import { compareNumbers } from "./order.ts";

const numRuns = Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 50);

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

describe("compiled aggregates of random rows", () => {
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
});

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
