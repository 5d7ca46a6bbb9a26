import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BytesColumn,
  type Column,
  type ColumnType,
  Float64Column,
  Int64Column,
  makeColumn,
  TextColumn,
} from "./columns.ts";

const values: { [T in ColumnType]: fc.Arbitrary<unknown> } = {
  bool: fc.boolean(),
  int32: fc.integer(),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  float64: fc.double({ noNaN: true }),
  text: fc.oneof(fc.string({ maxLength: 40, unit: "binary" }), fc.string({ maxLength: 40 })),
  bytes: fc.uint8Array({ maxLength: 40 }),
  value: fc.array(fc.integer()),
};

function write(column: Column, row: number, value: unknown): void {
  if (value === null) column.nulls[row] = 1;
  else if (column instanceof Int64Column) column.setBig(row, value as bigint);
  else if (column instanceof TextColumn) column.set(row, value as string);
  else if (column instanceof BytesColumn) column.put(row, value as Uint8Array, 0, (value as Uint8Array).length);
  else if (column instanceof Float64Column) column.set(row, value as number);
  else
    (column as { set(row: number, value: unknown): void }).set(row, value === true ? 1 : value === false ? 0 : value);
}

const read = (column: Column, row: number) => {
  const value = column.get(row);
  return value instanceof Uint8Array ? new Uint8Array(value) : value;
};

describe("columns", () => {
  it.each(Object.keys(values) as ColumnType[])(
    "a %s column gives back what was put in, also after growing and copying",
    (type) => {
      const rows = fc.array(fc.option(values[type]), { maxLength: 30 });
      fc.assert(
        fc.property(rows, (expected) => {
          const column = makeColumn(type);
          for (const [row, value] of expected.entries()) {
            column.grow(row + 1);
            write(column, row, value);
          }
          const copy = makeColumn(type);
          copy.grow(expected.length);
          for (const row of expected.keys()) copy.copy(row, column, row);
          expect(expected.map((_, row) => read(column, row))).toEqual(expected);
          expect(expected.map((_, row) => read(copy, row))).toEqual(expected);
        }),
      );
    },
  );

  it("64-bit integers are exact as words and as numbers where they are safe", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const column = new Int64Column();
        column.grow(1);
        column.setNumber(0, value);
        expect([column.big[0], column.number(0), column.isSafe(0)]).toEqual([BigInt(value), value, true]);
      }),
    );
  });

  it.each([
    [2n ** 53n - 1n, true],
    [2n ** 53n, false],
    [-(2n ** 53n) + 1n, true],
    [-(2n ** 53n), false],
    [2n ** 63n - 1n, false],
  ])("%i is safe as a number: %s", (value, safe) => {
    const column = new Int64Column();
    column.grow(1);
    column.setBig(0, value);
    expect(column.isSafe(0)).toBe(safe);
  });
});

describe("variable-length rows that are replaced", () => {
  it("hold the last value each, through any order of replacements", () => {
    const changes = fc.array(fc.tuple(fc.nat(4), fc.option(fc.string({ maxLength: 60 }))), { maxLength: 60 });
    fc.assert(
      fc.property(changes, (drawn) => {
        const column = new TextColumn();
        column.grow(5);
        const expected: (string | null)[] = ["", "", "", "", ""];
        for (const row of expected.keys()) column.set(row, "");
        for (const [row, value] of drawn) {
          const from = new TextColumn();
          from.grow(1);
          write(from, 0, value);
          column.replace(row, from, 0);
          expected[row] = value;
        }
        expect(expected.map((_, row) => column.get(row))).toEqual(expected);
      }),
    );
  });

  it("do not make the heap grow for ever", () => {
    const column = new BytesColumn();
    column.grow(2);
    const from = new BytesColumn();
    from.grow(1);
    column.put(0, Buffer.from("stays"), 0, 5);
    for (let size = 1; size < 3_000; size++) {
      from.clear();
      from.put(0, Buffer.alloc(size % 1_500, size), 0, size % 1_500);
      column.replace(1, from, 0);
    }
    expect(column.heap.length).toBeLessThan(8 << 20);
    expect([Buffer.from(column.get(0) as Uint8Array).toString(), (column.get(1) as Uint8Array).length]).toEqual([
      "stays",
      1_499,
    ]);
  });

  it("past 2 GiB together are refused, and change nothing", () => {
    const column = new TextColumn();
    column.grow(3);
    column.set(0, "kept");
    column.used = 2 ** 31 - 1 - 3;
    const tooLarge = expect.objectContaining({
      code: "BATCH_TOO_LARGE",
      details: { bytes: 2 ** 31, limit: 2 ** 31 - 1 },
    });
    expect(() => column.set(1, "more")).toThrow(tooLarge);
    expect(() => column.copy(1, column, 0)).toThrow(tooLarge);
    expect(() => column.put(2, Buffer.alloc(4), 0, 4)).toThrow(tooLarge);
    expect([column.get(0), column.used]).toEqual(["kept", 2 ** 31 - 4]);
  });

  it("are compared byte by byte", () => {
    const column = new TextColumn();
    column.grow(3);
    for (const [row, text] of ["é", "é", "e"].entries()) column.set(row, text);
    expect([column.equals(0, column, 1), column.equals(0, column, 2)]).toEqual([true, false]);
  });
});
