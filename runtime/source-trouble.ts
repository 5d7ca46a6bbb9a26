import type { Batch } from "../base/batch.ts";
import { CountercheckError, isError } from "../base/errors.ts";
import type { Key } from "../base/key.ts";
import { formatTime } from "../base/time.ts";
import { changeColumns, OP } from "../dataflow/change-layout.ts";
import { columnOf, fieldsFrom, type Model } from "../dataflow/model.ts";
import type { RecordFault, SourceReader, Split, Suspension } from "../dataflow/source.ts";
import { timeOf } from "./operators/source-position.ts";
import type { EngineAlert } from "./outbox.ts";

/** A change that leaves values out which are not known from earlier. */
export function incompleteRow(
  reader: SourceReader,
  split: number,
  model: Model,
  batch: Batch,
  row: number,
): RecordFault {
  const change = changeColumns(batch);
  const fields = Object.entries(fieldsFrom(model, change.table.values[row]!));
  const left = fields.filter((_, index) => (change.absent.values[row]! & (1 << index)) !== 0);
  const columns = left.map(([name, field]) => columnOf(name, field)).join(", ");
  return faultOf(reader, split, model, batch, row, new CountercheckError("ROW_INCOMPLETE", { columns }));
}

/**
 * A change of a table that is declared `before: full`, whose rows leave values out that neither has. `row`: the one that does;
 * `before`: where there is one, the row before the change, in front of the change's own.
 */
export function incompleteWholeRow(
  reader: SourceReader,
  split: number,
  model: Model,
  batch: Batch,
  row: number,
  before: number | undefined,
): RecordFault {
  const fault = incompleteRow(reader, split, model, batch, row);
  if (before === undefined) return { ...fault, fields: { [model.name]: idsAt(model, batch, row) }, only: "after" };
  const fieldsBefore = { [model.name]: idsAt(model, batch, before) };
  const isDelete = changeColumns(batch).kind.values[before + 1] === OP.delete;
  if (isDelete) return { ...fault, fieldsBefore, only: "before" };
  return { ...fault, fields: { [model.name]: idsAt(model, batch, before + 1) }, fieldsBefore };
}

/** The id fields of a row that were not left out. */
function idsAt({ fields }: Model, batch: Batch, row: number): Record<string, Key> {
  const ids = Object.keys(fields).filter((name) => fields[name]!.kind === "id");
  const values = ids.map((name) => [name, batch.column(name).get(row)] as const);
  return Object.fromEntries(values.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/**
 * A snapshot was begun anew of a table that is declared `before: full`: a row that changed its key between the two counts
 * under both, which no key can tell.
 */
export function snapshotAgain(
  reader: SourceReader,
  split: number,
  model: Model,
  batch: Batch,
  row: number,
): Suspension {
  const change = changeColumns(batch);
  const { topic, partition } = reader.splits[split]!;
  const { table } = model.from[change.table.values[row]!]!;
  return {
    id: `${topic}/${partition}/${change.offset.values[row]!}/${model.name}`,
    source: reader.source,
    table,
    models: [model.name],
    cause: "snapshot",
    message:
      `A snapshot of ${table} was begun anew, so changes may have been missed. The table is declared \`before: full\`: ` +
      "a row that was moved to another key meanwhile counts under both. Begin the job anew with the snapshot, or resume it where nothing was missed.",
    time: timeOf(change, row),
  };
}

/** A change that is no insert, of a model that says there is no other. */
export function notInserted(reader: SourceReader, split: number, model: Model, batch: Batch, row: number): RecordFault {
  const { table } = model.from[changeColumns(batch).table.values[row]!]!;
  const error = new CountercheckError("ROW_NOT_INSERTED", { table, model: model.name });
  return faultOf(reader, split, model, batch, row, error);
}

/** A row that a later snapshot read is not as it was known. */
export function seedDiffers(source: string, model: Model, batch: Batch, row: number): EngineAlert {
  const { table, row: rows } = changeColumns(batch);
  const name = model.from[table.values[row]!]!.table;
  return {
    id: `SEED_DIFFERS/${source}/${name}`,
    code: "SEED_DIFFERS",
    source,
    message: `A later snapshot of ${name} differs from the changes seen of row ${rows.text(row)}: changes were missed.`,
  };
}

/** A change whose position went back, at which its source is stopped. */
export function positionWentBack(reader: SourceReader, model: Model, batch: Batch, row: number): EngineAlert {
  const change = changeColumns(batch);
  const { source } = reader;
  const at = reader.formatPosition(change.major.values[row]!, change.minor.values[row]!, change.sub.values[row]!);
  const table = model.from[change.table.values[row]!]!.table;
  return {
    id: `POSITION_WENT_BACK/${source}`,
    code: "POSITION_WENT_BACK",
    source,
    message:
      `Positions of ${source} went back to ${at} (${table}, ${formatTime(change.time.values[row]!)}) while time went on: ` +
      "a failover or a restore. The source is stopped. Name the time in `epochs` of the source (`countercheck source new-epoch`) and run again.",
  };
}

/** A source whose frontier stands still although nothing is left to be read. */
export function sourceStale(source: string): EngineAlert {
  const message = `Nothing proves that ${source} was read further, and its frontier stands still: is its connector running, and is there a heartbeat table?`;
  return { id: `SOURCE_STALE/${source}`, code: "SOURCE_STALE", source, message };
}

/** What keeps a source from being read for now; throws what trying again does not help against. */
export function unreadable(source: string, error: unknown): EngineAlert {
  if (!isError(error) || !error.retryable) throw error;
  const { code, message } = error;
  return { id: `${code}/${source}`, code, source, message };
}

/**
 * What the rows of a batch failed with, and where they were read: where a function of the job failed, people look at the
 * record, or begin behind it.
 */
export function atRecord(error: unknown, { topic, partition }: Split, batch: Batch): unknown {
  if (!isError(error, "JOB_FUNCTION_FAILED") && !isError(error, "JOB_DERIVE_FAILED")) return error;
  const { values } = changeColumns(batch).offset;
  const [from, to] = [error.details.offset ?? values[0]!, error.details.offset ?? values[batch.count - 1]!];
  const place = `of ${topic}/${partition}`;
  const read =
    from === to ? `, while offset ${from} ${place} was read` : `, while offsets ${from} to ${to} ${place} were read`;
  return new CountercheckError(error.code, { ...error.details, read }, { cause: error.cause });
}

/** How long to wait before a read that failed so often in a row is tried again, in ms. */
export function retryAfterMs(attempt: number): number {
  return Math.min(RETRY_MS * 2 ** (attempt - 1), MAX_RETRY_MS);
}

const RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;

function faultOf(
  reader: SourceReader,
  split: number,
  model: Model,
  batch: Batch,
  row: number,
  { code, message }: CountercheckError,
): RecordFault {
  const change = changeColumns(batch);
  const { topic, partition } = reader.splits[split]!;
  const { table } = model.from[change.table.values[row]!]!;
  const offset = change.offset.values[row]!;
  const place = { source: reader.source, table, topic, partition, offset };
  const id = `${topic}/${partition}/${offset}`;
  return { id, ...place, code, message, row: change.row.text(row), key: null, value: null };
}
