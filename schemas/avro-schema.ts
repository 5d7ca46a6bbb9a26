import avro from "avsc";
import { messageOf, raise } from "../base/errors.ts";

/** An Avro schema in its JSON form: a name, a union, or an object with a `type`. */
export type AvroSchema =
  | string
  | readonly AvroSchema[]
  | { readonly type: string | AvroSchema; readonly [attribute: string]: unknown };

/** An Avro type that encodes: `toBuffer(value)` takes longs as bigint, bytes as Buffer, unions as `{ branch: value }`. */
export type AvroType = avro.Type;

/**
 * The avsc type of a schema: it validates the schema, and encodes. Longs are bigint, exact over 64 bits. Decoding is
 * left to `decoder.ts`, which is compiled for what is read. Throws AVRO_SCHEMA_INVALID; `name` is for its message.
 */
export function avroType(schema: AvroSchema, name: string): AvroType {
  try {
    return avro.Type.forSchema(schema as avro.Schema, {
      wrapUnions: true,
      noAnonymousTypes: false,
      typeHook: exactLong,
    });
  } catch (error) {
    raise("AVRO_SCHEMA_INVALID", { schema: name, reason: messageOf(error) }, { cause: error });
  }
}

/** avsc's own longs are numbers; its `registry` option would miss annotated ones, such as timestamps. */
function exactLong(schema: unknown): avro.Type | undefined {
  const type = typeof schema === "object" && schema !== null && "type" in schema ? schema.type : schema;
  return type === "long" ? (BIGINT_LONG as unknown as avro.Type) : undefined;
}

const BIGINT_LONG = avro.types.LongType.__with(
  {
    fromBuffer: (bytes: Uint8Array) => {
      let zigzag = 0n;
      for (let i = bytes.length - 1; i >= 0; i--) zigzag = (zigzag << 7n) | BigInt(bytes[i]! & 127);
      return BigInt.asIntN(64, (zigzag >> 1n) ^ -(zigzag & 1n));
    },
    toBuffer: (value: bigint) => {
      const bytes: number[] = [];
      let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
      for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
      bytes.push(Number(rest));
      return Buffer.from(bytes);
    },
    fromJSON: (value: number | string | bigint) => BigInt(value),
    toJSON: (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)),
    isValid: (value: unknown) => typeof value === "bigint" && BigInt.asIntN(64, value) === value,
    compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
  },
  true,
);
