import { CountercheckError } from "../../base/errors.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import type { RecordFault, SourceOutput, Split } from "../../dataflow/source.ts";
import type { RowKeys } from "./row-keys.ts";
import type { TableSchema, TableSchemas } from "./table-schemas.ts";

/** What a split's decoder is made for. */
export interface SplitContext {
  readonly source: string;
  /** When the source's positions began anew; see `DebeziumSource`. */
  readonly epochs: readonly number[];
  readonly split: Split;
  /** The split's number in its reader. */
  readonly index: number;
  readonly table: TableSchemas;
  readonly keys: RowKeys;
}

/** Why schemas could not be had, by id; their records are faults. */
export type UnknownSchemas = ReadonlyMap<number, CountercheckError>;

/** Records that are decoded in one go, with where they go. */
export interface Chunk {
  readonly records: RecordBatch;
  readonly unknown: UnknownSchemas;
  readonly output: SourceOutput;
}

/** A record of a chunk that cannot be used. */
export interface Fault {
  readonly record: number;
  /** Undefined where it could not be told. */
  readonly schema: TableSchema | undefined;
  readonly error: CountercheckError;
}

/** All that can still be known of a record that cannot be used, with its bytes copied. */
export function recordFault(
  { source, split, table, keys }: SplitContext,
  records: RecordBatch,
  { record: i, schema, error }: Fault,
  unknown: UnknownSchemas,
): RecordFault {
  const row = keys.read(records, i, unknown) === undefined ? keys.last() : undefined;
  const ids = schema === undefined ? undefined : table.idsOf(schema);
  const fields = ids?.read(records, i);
  const isMissing = error.code === "ROW_BEFORE_MISSING";
  const fieldsBefore = ids?.readBefore(records, i, isMissing ? keys.lastColumns : undefined);
  const only = ids?.onlyRow(records, i);
  return {
    id: recordId(records, i),
    source,
    table: table.table,
    topic: split.topic,
    partition: split.partition,
    offset: records.offsets[i]!,
    code: error.code,
    message: error.message,
    ...(row === undefined ? {} : { row }),
    ...(fields === undefined ? {} : { fields }),
    ...(fieldsBefore === undefined ? {} : { fieldsBefore }),
    ...(only === undefined ? {} : { only }),
    key: copied(records.buffer, records.keyStarts[i]!, records.keyEnds[i]!),
    value: copied(records.buffer, records.valueStarts[i]!, records.valueEnds[i]!),
  };
}

/** Of a schema that was neither looked up nor found to be unknown. */
export function neverLookedUp(id: number): CountercheckError {
  return new CountercheckError("BUG", { what: `schema ${id} was not looked up` });
}

/** Names a record for ever. */
export function recordId(records: RecordBatch, i: number): string {
  return `${records.topic}/${records.partition}/${records.offsets[i]!}`;
}

function copied(bytes: Uint8Array, start: number, end: number): Uint8Array | null {
  return start < 0 ? null : new Uint8Array(bytes.subarray(start, end));
}
