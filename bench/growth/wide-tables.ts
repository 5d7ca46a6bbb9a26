import type { TableSpec } from "../../shop/captured-table.ts";
import { bigInt, type Cell, type Column, decimal, int, nullable, text } from "../../shop/column-types.ts";

/** What a table has besides what is read. */
export interface Width {
  /** Of all columns; those that are read included, which are eight. */
  readonly columns: number;
  /** Length of a text in the middle of each row; without it there is none. */
  readonly textBytes: number;
}

/** A table with more columns among its own, and the values that rows have in them. */
export function widened(
  spec: TableSpec,
  { columns, textBytes }: Width,
): { spec: TableSpec; rest: Record<string, Cell> } {
  const more = Array.from({ length: Math.max(0, columns - spec.columns.length) }, (_, i) =>
    KINDS[i % KINDS.length]!(i),
  );
  if (textBytes > 0) more.push({ column: text("document"), value: "x".repeat(textBytes) });
  const rest = Object.fromEntries(more.map(({ column, value }) => [column.name, value]));
  return {
    spec: {
      ...spec,
      columns: spread(
        spec.columns,
        more.map(({ column }) => column),
      ),
    },
    rest,
  };
}

type Kind = (i: number) => { readonly column: Column; readonly value: Cell };

/** What tables of shops are full of. */
const KINDS: readonly Kind[] = [
  (i) => ({ column: text(`text_${i}`), value: `value ${i}` }),
  (i) => ({ column: int(`int_${i}`), value: i }),
  (i) => ({ column: decimal(`decimal_${i}`, 12, 2), value: 100 * i }),
  (i) => ({ column: bigInt(`long_${i}`), value: 1_000_000_000_000 + i }),
  (i) => ({ column: nullable(int(`nothing_${i}`)), value: null }),
];

/** Both in their orders, the second evenly among the first. */
function spread(own: readonly Column[], more: readonly Column[]): Column[] {
  const columns = [...own.entries()].flatMap(([i, column]) => [
    column,
    ...more.slice(Math.floor((i * more.length) / own.length), Math.floor(((i + 1) * more.length) / own.length)),
  ]);
  return columns;
}
