import type { Batch, Layout } from "../base/batch.ts";
import type { Column, Float64Column, Int32Column, TextColumn } from "../base/columns.ts";
import type { FieldKind, Fields, Model } from "./model.ts";

/** Columns that every batch of changes begins with; the model's fields follow. */
const META = [
  /** Before the row stage: the operation's letter as a char code; after it: +1 for add, −1 for retract. */
  { name: "$kind", type: "int32" },
  /** Event time in milliseconds; −∞ for the seed, which says nothing of when a row changed. */
  { name: "$time", type: "float64" },
  /** The seed's own time (`source.ts_ms`) for a row of the initial snapshot, else null. */
  { name: "$seed", type: "float64" },
  /** The row's primary key in canonical text. */
  { name: "$row", type: "text" },
  /**
   * Position in the source's log, most significant first: (file, pos, row) or (lsn high, lsn low, 0). The major part
   * has the source's epoch in front of it: epoch × `EPOCH_UNIT` is added.
   */
  { name: "$major", type: "float64" },
  { name: "$minor", type: "float64" },
  { name: "$sub", type: "float64" },
  /** Which of the model's tables the row belongs to: an index into `model.from`. */
  { name: "$table", type: "int32" },
  /** Bit i is set where field i was left out by Debezium (`__debezium_unavailable_value`); 0 after the row stage. */
  { name: "$absent", type: "int32" },
  /** Offset of the record in its partition. */
  { name: "$offset", type: "float64" },
] as const satisfies Layout;

/** Columns of each field kind; money has its currency, packed, beside it. */
const FIELD_COLUMNS = {
  id: "text",
  text: "text",
  integer: "int64",
  number: "float64",
  flag: "bool",
  instant: "float64",
  money: "int64",
} as const satisfies Record<FieldKind, Column["type"]>;

/** The name of the column that holds the packed currency of a money field. */
export const currencyColumn = (field: string): string => `${field}.currency`;

/** True for the name of a column that holds packed currencies. Field names have no dot. */
export const isCurrencyColumn = (name: string): boolean => name.endsWith(".currency");

/** The layout of changes of a model. */
export function changeLayout(model: Model): Layout {
  return [...META, ...fieldLayout(model.fields)];
}

/** The columns of a model's fields alone. */
export function fieldLayout(fields: Fields): Layout {
  return Object.entries(fields).flatMap(([name, field]) => {
    const own = { name, type: FIELD_COLUMNS[field.kind] };
    return field.kind === "money" ? [own, { name: currencyColumn(name), type: "int32" as const }] : [own];
  });
}

/** The first column after the fixed ones. */
export const FIRST_FIELD = META.length;

/** The fixed columns of a batch of changes, typed. */
export interface ChangeColumns {
  readonly kind: Int32Column;
  readonly time: Float64Column;
  readonly seed: Float64Column;
  readonly row: TextColumn;
  readonly major: Float64Column;
  readonly minor: Float64Column;
  readonly sub: Float64Column;
  readonly table: Int32Column;
  readonly absent: Int32Column;
  readonly offset: Float64Column;
}

/** Gives the fixed columns of a batch that has the layout of `changeLayout`. */
export function changeColumns(batch: Batch): ChangeColumns {
  const [kind, time, seed, row, major, minor, sub, table, absent, offset] = batch.columns as unknown as [
    Int32Column,
    Float64Column,
    Float64Column,
    TextColumn,
    Float64Column,
    Float64Column,
    Float64Column,
    Int32Column,
    Int32Column,
    Float64Column,
  ];
  return { kind, time, seed, row, major, minor, sub, table, absent, offset };
}

/** What one epoch of a source adds to `$major`; file numbers and halves of an LSN stay below it. */
export const EPOCH_UNIT = 2 ** 32;

/**
 * Letters of Debezium's operations as they stand in `$kind` before the row stage. `before` is none of them: the row as it was
 * before the update or delete in the next row, with all else the same, of a table that is declared `before: full`.
 * `incremental`: a read of an incremental snapshot, of such a table.
 */
export const OP = { create: 99, update: 117, delete: 100, read: 114, before: 98, incremental: 105 } as const;

/** True for a row of a snapshot, of whatever kind. */
export function isRead(kind: number): boolean {
  return kind === OP.read || kind === OP.incremental;
}

/** `$kind` after the row stage. */
export const ADD = 1;
export const RETRACT = -1;
/** `$absent` of an add without a row stage that says what the row before it said: the update left the model's fields as they were. */
export const AS_IT_WAS = -1;
