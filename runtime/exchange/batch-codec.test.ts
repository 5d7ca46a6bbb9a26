import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Batch } from "../../base/batch.ts";
import { arbitraryRows, batchOf, plainRows } from "./batch.test-helper.ts";
import { decodeBatch, encodeBatch } from "./batch-codec.ts";
import { FrameBuffer } from "./frame-buffer.ts";

describe("a batch in a frame", () => {
  it("comes out as it went in: all types, nulls, any number of rows, into a batch that is used again", () => {
    fc.assert(
      fc.property(arbitraryRows(20), fc.nat(20), ({ layout, rows }, startAt) => {
        const frame = new FrameBuffer();
        const into = new Batch(layout);
        for (const part of [rows, rows.slice(startAt), [...rows, ...rows]]) {
          frame.clear();
          frame.claim(startAt);
          const at = (frame.length + 7) & ~7;
          encodeBatch(batchOf(layout, part), frame);
          decodeBatch(frame, at, into);
          frame.bytes.fill(255);
          expect(plainRows(into)).toEqual(part);
        }
      }),
    );
  });

  it("needs no order in the heap: rows that were replaced, or written backwards", () => {
    const layout = [{ name: "text", type: "text" }] as const;
    const rows = ["a long text that is longer than the others", "b", null, "", "c"].map((text) => [text]);
    const backwards = batchOf(layout, [...rows].reverse());
    const batch = new Batch(layout, 5);
    for (const row of [4, 1, 3, 2, 0]) batch.columns[0]!.copy(row, backwards.columns[0]!, 4 - row);
    batch.count = 5;
    const frame = new FrameBuffer();
    encodeBatch(batch, frame);
    const into = new Batch(layout);
    decodeBatch(frame, 0, into);
    expect(plainRows(into)).toEqual(rows);
  });

  it("can be appended to where it came out", () => {
    fc.assert(
      fc.property(arbitraryRows(10), ({ layout, rows }) => {
        const batch = batchOf(layout, rows);
        const frame = new FrameBuffer();
        encodeBatch(batch, frame);
        const into = new Batch(layout);
        decodeBatch(frame, 0, into);
        for (const row of rows.keys()) into.append(batch, row);
        expect(plainRows(into)).toEqual([...rows, ...rows]);
      }),
    );
  });
});
