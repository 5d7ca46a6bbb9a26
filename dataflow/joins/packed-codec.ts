import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import type { StateCodec } from "../operator.ts";
import { avroCodec } from "../state-codec.ts";

/**
 * The codec of state with packed rows, whose bytes are those of the Avro codec of its schema: what was written under another
 * one is read as that reads it, and written again as this one has it.
 */
export function packedCodec<T>(
  schema: AvroSchema,
  write: (value: T, out: ByteWriter) => void,
  read: (input: ByteReader) => T,
): StateCodec<T> {
  const plain = avroCodec<unknown>(schema);
  return {
    schema: plain.schema,
    write,
    read,
    readsFrom: (other) => {
      const readOther = plain.readsFrom(other);
      if (readOther === undefined) return undefined;
      return (input) => {
        const out = new ByteWriter();
        plain.write(readOther(input), out);
        return read(new ByteReader(out.bytes()));
      };
    },
  };
}
