import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { StateCodec } from "../operator.ts";

/** How the windows of a key are written down, around the contents of each. */
export interface WindowsFormat<T, A> {
  /** Says in an Avro name which windows they are, where others could not go on with them. */
  readonly windows: string;
  write(value: T, out: ByteWriter, contents: StateCodec<A>["write"]): void;
  read(input: ByteReader, contents: StateCodec<A>["read"]): T;
}

/** The codec of a key's windows: contents may change as far as their own codec allows it. */
export function windowsCodec<T, A>(format: WindowsFormat<T, A>, contents: StateCodec<A>): StateCodec<T> {
  const schemaOf = (inner: unknown) => ({
    type: "array",
    items: {
      type: "record",
      name: "Window",
      fields: [
        { name: "contents", type: inner },
        { name: format.windows, type: "null" },
      ],
    },
  });
  const reader = (read: StateCodec<A>["read"]) => (input: ByteReader) => format.read(input, read);
  return {
    schema: JSON.stringify(schemaOf(JSON.parse(contents.schema))),
    write: (value, out) => format.write(value, out, contents.write),
    read: reader(contents.read),
    readsFrom(schema) {
      const other = JSON.parse(schema) as Partial<ReturnType<typeof schemaOf>>;
      const inner = other.items?.fields?.[0]?.type;
      if (inner === undefined || JSON.stringify(schemaOf(inner)) !== schema) return undefined;
      const read = contents.readsFrom(JSON.stringify(inner));
      return read && reader(read);
    },
  };
}
