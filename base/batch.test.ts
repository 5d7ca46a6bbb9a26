import { describe, expect, it } from "vitest";
import { Batch, type Layout } from "./batch.ts";
import type { Int64Column, TextColumn } from "./columns.ts";
import { isError } from "./errors.ts";

const layout: Layout = [
  { name: "after.id", type: "int64" },
  { name: "note", type: "text" },
];

function batchOf(...rows: readonly (readonly [bigint, string | null])[]): Batch {
  const batch = new Batch(layout, rows.length);
  for (const [id, note] of rows) {
    const row = batch.count++;
    (batch.column("after.id") as Int64Column).setBig(row, id);
    if (note === null) batch.column("note").nulls[row] = 1;
    else (batch.column("note") as TextColumn).set(row, note);
  }
  return batch;
}

describe("a batch", () => {
  it("shows a row as an object", () => {
    expect(batchOf([7n, "seven"], [8n, null]).row(1)).toEqual({ "after.id": 8n, note: null });
  });

  it("appends copies of rows, which stay when their batch is emptied and refilled", () => {
    const from = batchOf([7n, "seven"], [8n, "eight"]);
    const to = new Batch(layout);
    expect([to.append(from, 1), to.append(from, 0)]).toEqual([0, 1]);
    from.clear();
    (from.column("note") as TextColumn).set(0, "other");
    expect([to.row(0), to.row(1)]).toEqual([
      { "after.id": 8n, note: "eight" },
      { "after.id": 7n, note: "seven" },
    ]);
  });

  it("appends thousands of rows, growing as it must", () => {
    const from = batchOf([1n, "x"]);
    const to = new Batch(layout);
    for (let i = 0; i < 5_000; i++) to.append(from, 0);
    expect([to.count, to.row(4_999)]).toEqual([5_000, { "after.id": 1n, note: "x" }]);
  });

  it("is empty after clear, and an appended null does not stay behind for the next row", () => {
    const batch = batchOf([7n, null]);
    batch.clear();
    expect(batch.count).toBe(0);
    batch.append(batchOf([1n, "back"]), 0);
    expect(batch.row(0)).toEqual({ "after.id": 1n, note: "back" });
  });

  it("takes a name that is not there for a defect of its caller", () => {
    try {
      batchOf().column("amount");
      expect.unreachable();
    } catch (error) {
      expect(isError(error, "BUG")).toBe(true);
    }
  });
});
