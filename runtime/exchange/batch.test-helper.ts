import fc from "fast-check";
import { Batch, type Layout } from "../../base/batch.ts";
import { BytesColumn, type Column, type ColumnType, Int64Column, TextColumn } from "../../base/columns.ts";

const VALUES: { [T in ColumnType]: fc.Arbitrary<unknown> } = {
  bool: fc.boolean(),
  int32: fc.integer(),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  float64: fc.double(),
  text: fc.oneof(fc.string({ maxLength: 10 }), fc.string({ unit: "binary", maxLength: 60 })),
  bytes: fc.uint8Array({ maxLength: 60 }),
  value: fc.oneof(
    fc.array(fc.bigInt()),
    fc.uint8Array({ minLength: 1 }),
    fc.record({ a: fc.double(), b: fc.string() }),
  ),
};

/** Rows as lists of values, nulls among them, of a layout with columns of all types in any order and number. */
export function arbitraryRows(maxRows: number): fc.Arbitrary<{ layout: Layout; rows: unknown[][] }> {
  const types = fc.array(fc.constantFrom(...(Object.keys(VALUES) as ColumnType[])), { minLength: 1, maxLength: 8 });
  return types.chain((drawn) => {
    const layout = drawn.map((type, index) => ({ name: `${type}-${index}`, type }));
    const row = fc.tuple(...drawn.map((type) => fc.option(VALUES[type])));
    return fc.record({ layout: fc.constant(layout), rows: fc.array(row, { maxLength: maxRows }) });
  });
}

/** A batch of such rows. */
export function batchOf(layout: Layout, rows: readonly (readonly unknown[])[]): Batch {
  const batch = new Batch(layout, rows.length);
  for (const [row, values] of rows.entries()) {
    for (const [index, column] of batch.columns.entries()) write(column, row, values[index]);
  }
  batch.count = rows.length;
  return batch;
}

/** The rows of a batch as lists of values, copied. */
export function plainRows(batch: Batch): unknown[][] {
  return Array.from({ length: batch.count }, (_, row) =>
    batch.columns.map((column) => {
      const value = column.get(row);
      return column.type === "bytes" && value !== null ? new Uint8Array(value as Uint8Array) : value;
    }),
  );
}

function write(column: Column, row: number, value: unknown): void {
  if (value === null || value === undefined) column.nulls[row] = 1;
  else if (column instanceof Int64Column) column.setBig(row, value as bigint);
  else if (column instanceof TextColumn) column.set(row, value as string);
  else if (column instanceof BytesColumn) column.put(row, value as Uint8Array, 0, (value as Uint8Array).length);
  else (column as { set(row: number, value: unknown): void }).set(row, column.type === "bool" ? Number(value) : value);
}
