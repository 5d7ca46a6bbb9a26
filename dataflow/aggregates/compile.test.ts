import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { keySpec } from "../keys.ts";
import { integer, money, text } from "../model.ts";
import type { Aggregates } from "./aggregate.ts";
import { windowAggregatesOf } from "./builder.ts";
import { batchOf, resultOf, saleFields } from "./compile.test-helper.ts";
import { compileAggregates } from "./compile.ts";

const key = keySpec("sales", saleFields, ["shop"]);

describe("compiled aggregates", () => {
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
