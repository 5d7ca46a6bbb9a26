import fc from "fast-check";
import { expect, it } from "vitest";
import { Batch } from "../../base/batch.ts";
import { arbitraryRows, batchOf, plainRows } from "./batch.test-helper.ts";
import { appendRows, heapBytes } from "./rows.ts";

it("rows of all types are appended as they are, nulls too, to a batch that is used again", () => {
  fc.assert(
    fc.property(arbitraryRows(20), fc.array(fc.nat(19)), fc.nat(10), ({ layout, rows }, drawn, start) => {
      const from = batchOf(layout, rows);
      const order = Int32Array.from(drawn.filter((row) => row < rows.length));
      const into = new Batch(layout);
      for (let round = 0; round < 2; round++) {
        into.clear();
        appendRows(into, from, order, 0, Math.min(start, order.length));
        appendRows(into, from, order, Math.min(start, order.length), order.length);
        expect(plainRows(into)).toEqual([...order].map((row) => rows[row]));
      }
    }),
  );
});

it("a row's bytes are those of its texts and byte strings", () => {
  const layout = [
    { name: "text", type: "text" },
    { name: "n", type: "int32" },
    { name: "bytes", type: "bytes" },
  ] as const;
  const rows = [
    ["ä", 1, new Uint8Array(5)],
    [null, 2, null],
  ];
  expect([0, 1].map((row) => heapBytes(batchOf(layout, rows), row))).toEqual([7, 0]);
});
