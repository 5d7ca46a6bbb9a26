import type { AvroSchema } from "../../schemas/avro-schema.ts";
import type { Fields } from "../model.ts";
import type { StateCodec } from "../operator.ts";
import type { Row } from "../row-view.ts";
import { avroCodec, fieldsCodec } from "../state-codec.ts";
import type { StateKind } from "./state-spec.ts";

/** What is kept of one object of a state. */
export interface Stored {
  /** Event time of the write, which a ttl counts from; null where there is no ttl, or no time is known yet. */
  readonly since: number | null;
  readonly fields: Row<Fields>;
}

/** What is kept of one key, by the kind of the state. */
export interface Contents {
  readonly value: Stored;
  readonly list: Stored[];
  readonly map: Map<string, Stored>;
}

/** The codec of a declared state: a list is an Avro array, a map an Avro map of what a value is. */
export function stateCodec<K extends StateKind>(kind: K, fields: Fields): StateCodec<Contents[K]> {
  const stored: AvroSchema = {
    type: "record",
    name: "Stored",
    fields: [
      { name: "since", type: ["null", "double"], default: null },
      { name: "fields", type: JSON.parse(fieldsCodec(fields).schema) },
    ],
  };
  const schemas = { value: stored, list: { type: "array", items: stored }, map: { type: "map", values: stored } };
  return avroCodec(schemas[kind]);
}
