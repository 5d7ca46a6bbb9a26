import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Batch, type Layout } from "../base/batch.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { arbitraryRows, batchOf, plainRows } from "../runtime/exchange/batch.test-helper.ts";
import { decodeRows, encodeRows } from "./row-codec.ts";
import { copyRows } from "./row-copy.ts";

describe("rows that are copied to another batch", () => {
  it("come out as they went in: all types, nulls, any of them in order, behind those that are there", () => {
    const drawn = arbitraryRows(40).chain(({ layout, rows }) =>
      fc.record({
        layout: fc.constant(layout),
        rows: fc.constant(rows),
        parts: fc.array(fc.subarray([...rows.keys()])),
      }),
    );
    fc.assert(
      fc.property(drawn, ({ layout, rows, parts }) => {
        const from = batchOf(layout, rows);
        const into = new Batch(layout);
        for (const part of parts) copyRows(from, Int32Array.from(part), part.length, into);
        const copied = plainRows(into);
        for (const column of from.columns) if ("heap" in column) column.heap.fill(255);
        expect(copied).toEqual(parts.flat().map((row) => plainRows(batchOf(layout, rows))[row]));
        expect(plainRows(into)).toEqual(copied);
      }),
    );
  });

  it("need no order in the heap, and share what they shared", () => {
    const layout: Layout = [{ name: "text", type: "text" }];
    const texts = ["same", "same", null, "same", "a long text that is longer than the others", "", "c", "same"];
    const rows = texts.map((text) => [text]);
    const backwards = batchOf(layout, [...rows].reverse());
    const from = new Batch(layout, rows.length);
    for (const row of [4, 1, 7, 3, 2, 0, 6, 5])
      from.columns[0]!.copy(row, backwards.columns[0]!, rows.length - 1 - row);
    from.count = rows.length;
    const every = Int32Array.from(rows.keys());
    const into = new Batch(layout);
    copyRows(from, every, rows.length, into);
    expect(plainRows(into)).toEqual(rows);

    const one = batchOf(layout, Array(100).fill(["the one value of this column"]));
    const out = new ByteWriter();
    encodeRows(
      one,
      Int32Array.from({ length: 100 }, (_, row) => row),
      100,
      out,
    );
    const shared = new Batch(layout);
    decodeRows(new ByteReader(out.bytes()), shared);
    const copy = new Batch(layout);
    copyRows(
      shared,
      Int32Array.from({ length: 100 }, (_, row) => row),
      100,
      copy,
    );
    expect(plainRows(copy)).toEqual(plainRows(one));
    expect((copy.columns[0] as { readonly used: number } & (typeof copy.columns)[0]).used).toBe(28);
  });
});
