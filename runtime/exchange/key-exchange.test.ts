import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Batch } from "../../base/batch.ts";
import { hashBytes, keyGroupOf, subtaskOf } from "../../state/key-groups.ts";
import { batchOf, plainRows } from "./batch.test-helper.ts";
import { KeyExchange, type RowReceiver } from "./key-exchange.ts";
import { appendRows } from "./rows.ts";

const LAYOUT = [
  { name: "n", type: "int32" },
  { name: "key", type: "text" },
] as const;

/** A subtask that notes what it gets. */
function subtask() {
  const got: unknown[] = [];
  const target: RowReceiver = {
    batch: (input, batch) => got.push([input, batch]),
    control: (input, element) => got.push([input, element]),
    end: (input) => got.push([input, "end"]),
    rows(input, batch, rows, count) {
      const copy = new Batch(batch.layout);
      appendRows(copy, batch, rows, 0, count);
      for (const row of plainRows(copy)) got.push([input, ...row]);
    },
  };
  return { got, target };
}

const groupOf = (key: string) => keyGroupOf(hashBytes(Buffer.from(key), 0, Buffer.byteLength(key)));

describe("an exchange by key", () => {
  it("brings each row to the subtask that owns its key, in order, and rows without one to the first", () => {
    const rows = fc.array(fc.tuple(fc.integer(), fc.option(fc.string({ unit: "binary", maxLength: 8 }))));
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 4 }), fc.integer({ min: 2, max: 9 }), (batches, parallelism) => {
        const subtasks = Array.from({ length: parallelism }, subtask);
        const exchange = new KeyExchange(
          "key",
          3,
          subtasks.map(({ target }) => target),
        );
        const expected = subtasks.map((): unknown[] => []);
        for (const values of batches) {
          exchange.batch(batchOf(LAYOUT, values));
          for (const [n, key] of values) {
            expected[key === null ? 0 : subtaskOf(groupOf(key), parallelism)]!.push([3, n, key]);
          }
        }
        expect(subtasks.map(({ got }) => got)).toEqual(expected);
      }),
    );
  });

  it("tells all subtasks of control elements and of the end", () => {
    const subtasks = [subtask(), subtask()];
    const exchange = new KeyExchange(
      "key",
      1,
      subtasks.map(({ target }) => target),
    );
    exchange.control({ type: "watermark", time: 5 });
    exchange.end();
    const expected = [
      [1, { type: "watermark", time: 5 }],
      [1, "end"],
    ];
    expect(subtasks.map(({ got }) => got)).toEqual([expected, expected]);
  });

  it("hands the batch itself on where there is one subtask", () => {
    const { got, target } = subtask();
    const batch = batchOf(LAYOUT, [[1, "a"]]);
    new KeyExchange("key", 0, [target]).batch(batch);
    expect((got as [number, Batch][])[0]![1]).toBe(batch);
  });
});
