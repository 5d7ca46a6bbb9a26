import { expect, it } from "vitest";
import type { Entry, RowEvidence } from "../row-set.ts";
import { transactionOf } from "./transaction.ts";

it("has any number of writes before its END is read", () => {
  const count = 200_000;
  const entries = Array.from({ length: count }, (_, i): Entry => {
    const from: RowEvidence = {
      ...{ id: `0/0/${i}`, input: 0, table: 0, row: String(i), major: 1, minor: 0, sub: i, time: i, seed: null },
      fields: ["insert", "'t", String(i), true, null, null],
    };
    return { leg: 0, side: "actual", captures: false, currency: 0, minor: 0n, dueAt: i, from };
  });
  const { counted, time, writes } = transactionOf(entries, 1, ["entries"]);
  expect(counted).toBeNull();
  expect(time).toBe(count - 1);
  expect(writes).toHaveLength(count);
});
