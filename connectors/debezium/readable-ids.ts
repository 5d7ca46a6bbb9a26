import { Batch } from "../../base/batch.ts";
import type { Column } from "../../base/columns.ts";
import { isError } from "../../base/errors.ts";
import type { Key } from "../../base/key.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import { OP } from "../../dataflow/change-layout.ts";
import { columnOf, type Fields } from "../../dataflow/model.ts";
import { type AvroSchema, compileProjection, describeField, type FieldDescription } from "../../schemas/decoder.ts";
import { FRAME_LENGTH } from "../../schemas/wire-format.ts";
import { KeyWriter, keyPart } from "./key-text.ts";
import { AFTER, BEFORE } from "./row-paths.ts";

/** A model that reads a table, and whether it is told of the rows before changes. */
interface IdModel {
  readonly name: string;
  readonly fields: Fields;
  readonly readsBefore: boolean;
}

/** Reads one value of a record; undefined where it is null or cannot be read. */
export type ReadOne<T> = (records: RecordBatch, i: number) => T | undefined;

interface IdReader {
  readonly model: string;
  readonly field: string;
  readonly column: string;
  readonly after: ReadOne<Key>;
  /** Only for a model that is told of the rows before changes. */
  readonly before: ReadOne<Key> | undefined;
}

/** Canonical key text by model and field. */
type IdFields = Record<string, Record<string, Key>>;

/** Reads what id fields can still be read of a record that cannot be used as a whole. */
export class ReadableIds {
  readonly #readers: readonly IdReader[];
  readonly #op: ReadOne<string> | undefined;

  /** One decoder for each field, so that a record which breaks off behind one of them still yields that one. */
  constructor(schema: AvroSchema, name: string, models: readonly IdModel[]) {
    this.#readers = models.flatMap((model) =>
      Object.entries(model.fields).flatMap(([field, declared]) => {
        if (declared.kind !== "id") return [];
        const column = columnOf(field, declared);
        const after = keyReader(schema, name, `${AFTER}.${column}`);
        const before = model.readsBefore ? keyReader(schema, name, `${BEFORE}.${column}`) : undefined;
        return after === undefined ? [] : [{ model: model.name, field, column, after, before }];
      }),
    );
    const isTold = models.some(({ readsBefore }) => readsBefore);
    this.#op = isTold ? textReader(schema, name, "op") : undefined;
  }

  /** Of the row after the change; undefined when nothing could be read. */
  read(records: RecordBatch, i: number): IdFields | undefined {
    return this.#read(({ after }) => after(records, i));
  }

  /**
   * Of the row before the change. `key`: where the record does not say what the row was, the columns of its Kafka key, which
   * are as they were.
   */
  readBefore(records: RecordBatch, i: number, key: readonly string[] | undefined): IdFields | undefined {
    return this.#read(({ before, after, column }) => {
      if (before === undefined || key?.includes(column) === false) return undefined;
      return before(records, i) ?? (key === undefined ? undefined : after(records, i));
    });
  }

  /** The row that the change is known to have alone, where some model is told of rows before changes. */
  onlyRow(records: RecordBatch, i: number): "before" | "after" | undefined {
    const op = this.#op?.(records, i)?.charCodeAt(0);
    if (op === OP.delete) return "before";
    return op === OP.create || op === OP.read ? "after" : undefined;
  }

  #read(one: (reader: IdReader) => Key | undefined): IdFields | undefined {
    const fields: IdFields = {};
    for (const reader of this.#readers) {
      const key = one(reader);
      if (key !== undefined) fields[reader.model] = { ...fields[reader.model], [reader.field]: key };
    }
    return Object.keys(fields).length === 0 ? undefined : fields;
  }
}

/** Reads a text of records of a schema; undefined where the schema has nothing of that path. */
export function textReader(schema: AvroSchema, name: string, path: string): ReadOne<string> | undefined {
  return oneReader(schema, name, path, (_, column) => () => String(column.get(0)));
}

function keyReader(schema: AvroSchema, name: string, path: string): ReadOne<Key> | undefined {
  return oneReader(schema, name, path, (type, column) => {
    const part = keyPart(type, column);
    return (
      part &&
      (() => {
        const writer = new KeyWriter();
        part.write(writer, 0);
        return writer.toString();
      })
    );
  });
}

/** `readerOf` gives what reads the value that stands in row 0 of a column. */
function oneReader<T>(
  schema: AvroSchema,
  name: string,
  path: string,
  readerOf: (type: FieldDescription, column: Column) => (() => T) | undefined,
): ReadOne<T> | undefined {
  const type = describeField(schema, path);
  if (type === undefined) return undefined;
  const decoder = compileProjection(schema, [{ path }], name);
  const batch = new Batch(decoder.layout, 1);
  const [column] = batch.columns as [Column];
  const value = readerOf(type, column);
  if (value === undefined) return undefined;
  return (records, i) => {
    batch.clear();
    try {
      decoder.decode(records.buffer, records.valueStarts[i]! + FRAME_LENGTH, records.valueEnds[i]!, batch, 0);
    } catch (error) {
      if (isError(error)) return undefined;
      throw error;
    }
    return column.nulls[0] === 1 ? undefined : value();
  };
}
