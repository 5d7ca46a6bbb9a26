import { Batch } from "../../base/batch.ts";
import type { Column, Int64Column, TextColumn } from "../../base/columns.ts";
import { OP } from "../../dataflow/change-layout.ts";
import { type AvroSchema, compileProjection, describeField } from "../../schemas/decoder.ts";
import type { DatabaseKind } from "./config.ts";
import { type EnvelopePlan, MESSAGE, type TableModel } from "./envelope-plan.ts";
import type { Mapper } from "./mapping.ts";
import { transactionIdMapping } from "./transaction-id.ts";

/** The paths of Debezium's records of transactions, all of which are read. */
const PATHS = ["status", "id", "event_count", "data_collections", "ts_ms"] as const;

/** The table that a data collection, such as `public.orders`, is known as; undefined for one that is not bound. */
export type CollectionName = (collection: string) => string | undefined;

/** The first path that a schema of transactions lacks. */
export function missingTransactionPath(schema: AvroSchema): string | undefined {
  return PATHS.find((path) => describeField(schema, path) === undefined);
}

/**
 * How Debezium's records of transactions are decoded: an END is a row that is gone at once, at its offset. A BEGIN says nothing
 * that the changes and the END do not say, and opens much that never ends (DDL in MariaDB), so it is passed over.
 */
export function transactionPlan(
  kind: DatabaseKind,
  schemaId: number,
  schema: AvroSchema,
  models: readonly TableModel[],
  nameOf: CollectionName,
): EnvelopePlan {
  const decoder = compileProjection(
    schema,
    PATHS.map((path) => ({ path })),
    String(schemaId),
  );
  const raw = new Batch(decoder.layout);
  const status = raw.column("status") as TextColumn;
  return {
    schemaId,
    schema,
    decoder,
    raw,
    op: status,
    opAt: (row) => (status.text(row) === "END" ? OP.delete : status.text(row) === "BEGIN" ? MESSAGE : 0),
    hasAfter: () => false,
    tsMs: raw.column("ts_ms") as Int64Column,
    position: (row, head) => {
      head.major.values[row] = 0;
      head.minor.values[row] = head.offset.values[row]!;
      head.sub.values[row] = 0;
      return true;
    },
    before: undefined,
    snapshot: undefined,
    models: models.map(({ batch }) => mappersOf(kind, raw, batch, nameOf)),
  };
}

function mappersOf(kind: DatabaseKind, raw: Batch, to: Batch, nameOf: CollectionName): readonly Mapper[] {
  const counts = to.column("eventCount") as Int64Column;
  const tables = to.column("tableCounts") as TextColumn;
  return [
    transactionIdMapping(kind, raw.column("id") as TextColumn, to.column("transactionId") as TextColumn).map,
    (count, base) => {
      for (let row = 0; row < count; row++) counts.copy(base + row, raw.column("event_count"), row);
    },
    (count, base) => {
      for (let row = 0; row < count; row++)
        tables.set(base + row, countsText(raw.column("data_collections"), row, nameOf));
    },
  ];
}

/** Changes by table as JSON, in order of names. */
function countsText(column: Column, row: number, nameOf: CollectionName): string {
  const collections = (column.get(row) ?? []) as readonly (Collection | null)[];
  const counts = collections.flatMap((each): [string, number][] => {
    const name = each === null ? undefined : nameOf(each.data_collection);
    return name === undefined ? [] : [[name, Number(each!.event_count)]];
  });
  return JSON.stringify(Object.fromEntries(counts.sort(([left], [right]) => (left < right ? -1 : 1))));
}

interface Collection {
  readonly data_collection: string;
  readonly event_count: number | bigint;
}
