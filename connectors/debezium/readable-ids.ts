import { Batch } from "../../base/batch.ts";
import { isError } from "../../base/errors.ts";
import type { Key } from "../../base/key.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import { columnOf, type Fields } from "../../dataflow/model.ts";
import { type AvroSchema, type CompiledDecoder, compileProjection, describeField } from "../../schemas/decoder.ts";
import { FRAME_LENGTH } from "../../schemas/wire-format.ts";
import { type KeyPartWriter, KeyWriter, keyPart } from "./key-text.ts";

interface IdReader {
  readonly model: string;
  readonly field: string;
  readonly decoder: CompiledDecoder;
  readonly batch: Batch;
  readonly write: KeyPartWriter;
}

/** Reads what id fields can still be read of a record that cannot be used as a whole. */
export class ReadableIds {
  readonly #readers: readonly IdReader[];

  /** One decoder for each field, so that a record which breaks off behind one of them still yields that one. */
  constructor(schema: AvroSchema, name: string, models: readonly { readonly name: string; readonly fields: Fields }[]) {
    this.#readers = models.flatMap((model) =>
      Object.entries(model.fields).flatMap(([field, declared]) => {
        const path = `after.${columnOf(field, declared)}`;
        const type = describeField(schema, path);
        if (declared.kind !== "id" || type === undefined) return [];
        const decoder = compileProjection(schema, [{ path }], name);
        const batch = new Batch(decoder.layout, 1);
        const part = keyPart(type, batch.columns[0]!);
        return part === undefined ? [] : [{ model: model.name, field, decoder, batch, write: part.write }];
      }),
    );
  }

  /** Canonical key text by model and field; undefined when nothing could be read. */
  read(records: RecordBatch, i: number): Record<string, Record<string, Key>> | undefined {
    const fields: Record<string, Record<string, Key>> = {};
    for (const reader of this.#readers) {
      const key = readOne(reader, records, i);
      if (key !== undefined) fields[reader.model] = { ...fields[reader.model], [reader.field]: key };
    }
    return Object.keys(fields).length === 0 ? undefined : fields;
  }
}

function readOne(reader: IdReader, records: RecordBatch, i: number): Key | undefined {
  const { batch, decoder, write } = reader;
  batch.clear();
  try {
    decoder.decode(records.buffer, records.valueStarts[i]! + FRAME_LENGTH, records.valueEnds[i]!, batch, 0);
  } catch (error) {
    if (isError(error)) return undefined;
    throw error;
  }
  if (batch.columns[0]!.nulls[0] === 1) return undefined;
  const writer = new KeyWriter();
  write(writer, 0);
  return writer.toString();
}
