import { raise } from "../base/errors.ts";
import type { Field, Fields, Id, Model } from "./model.ts";
import { TRANSACTION_COLUMN } from "./source.ts";

/** What a write did to its row. A primary key that changes is a delete and an insert. */
export type WriteOperation = "insert" | "update" | "delete";

/**
 * The fields of a write of a model with fields `F`: what it did, by which transaction, to which row, and the model's fields
 * after it and before it. `…Before` is null where nothing is known of the former row; `isBeforeKnown` tells that from a
 * row that was not there.
 */
export type WriteFields<F extends Fields> = {
  readonly operation: Field<WriteOperation, "text">;
  /** The transaction's name in its source, null where the connector does not tell it. */
  readonly transactionId: Field<Id, "id">;
  /** The row's primary key. */
  readonly rowId: Field<Id, "id">;
  readonly isBeforeKnown: Field<boolean, "flag">;
} & F & { readonly [K in keyof F & string as `${K}Before`]: F[K] };

/** What the row stage hands on instead of a model's rows: each write of one as a row of its own, which never goes. */
export interface Writes {
  /** The model whose rows are written. */
  readonly of: Model;
  /** The model of what is handed on. */
  readonly rows: Model;
}

const OWN = {
  operation: { kind: "text" },
  transactionId: { kind: "id" },
  rowId: { kind: "id" },
  isBeforeKnown: { kind: "flag" },
} as const;

/** How many columns a batch of writes has before those of the model's fields, behind the fixed ones. */
export const WRITE_COLUMNS = Object.keys(OWN).length;

/** What a field is called of the row before the write. */
export function beforeName(field: string): string {
  return `${field}Before`;
}

/** The twin of a model that brings its writes: its fields and the transaction are what is decoded. MODEL_INVALID. */
export function writesModel(of: Model): Model {
  const name = `${of.name}Writes`;
  const fields = { ...of.fields, transactionId: { kind: "id", column: TRANSACTION_COLUMN } } as const;
  const before = Object.entries(of.fields).map(([field, declared]) => [beforeName(field), declared] as const);
  const taken = [...Object.keys(of.fields), ...before.map(([field]) => field)];
  const twice = taken.find((field, i) => Object.hasOwn(OWN, field) || taken.indexOf(field) !== i);
  if (twice !== undefined)
    raise("MODEL_INVALID", {
      model: of.name,
      reason: `${twice}: its writes have a field of that name; call it otherwise`,
    });
  // What a row was is told from what is kept of it.
  const from = of.from.map(({ before: _, ...table }) => table);
  const rows: Model = { name, from, fields: { ...OWN, ...of.fields, ...Object.fromEntries(before) } };
  return { name, from, fields, writes: { of, rows } };
}

/** The model of the rows that are handed on for a model. */
export function handedOn(model: Model): Model {
  return model.writes?.rows ?? model;
}

/** The model of what is kept of a model's rows: their transaction is that of a write alone. */
export function keptModel(model: Model): Model {
  return model.writes?.of ?? model;
}
