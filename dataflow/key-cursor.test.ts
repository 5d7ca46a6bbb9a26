import { expect, it } from "vitest";
import { Batch } from "../base/batch.ts";
import type { TextColumn } from "../base/columns.ts";
import { KeyCursor } from "./key-cursor.ts";

const batch = new Batch([{ name: "id", type: "text" }]);

function fill(keys: readonly (string | null)[]): void {
  batch.clear();
  batch.grow(keys.length);
  const column = batch.column("id") as TextColumn;
  for (const [row, key] of keys.entries()) {
    if (key === null) column.nulls[row] = 1;
    else column.set(row, key);
  }
  batch.count = keys.length;
}

function walk(cursor: KeyCursor): (string | null)[] {
  cursor.begin(batch);
  return Array.from({ length: batch.count }, (_, row) => {
    if (cursor.isNull(row)) return null;
    return cursor.moveTo(row) ? `${cursor.key} begins` : cursor.key;
  });
}

it("says where another key begins, and skips rows that have none", () => {
  fill(["a", "a", null, "a", "b", "a"]);
  expect(walk(new KeyCursor("id"))).toEqual(["a begins", "a", null, "a", "b begins", "a begins"]);
});

it("begins anew with a batch that was refilled", () => {
  const cursor = new KeyCursor("id");
  fill(["a"]);
  walk(cursor);
  fill(["b", "b"]);
  expect(walk(cursor)).toEqual(["b begins", "b"]);
  fill(["b"]);
  expect(walk(cursor)).toEqual(["b begins"]);
});
