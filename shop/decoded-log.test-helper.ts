import avro from "avsc";
import type { LoggedRecord, MemoryLog } from "./memory-log.test-helper.ts";

/** A change event as avsc reads it; longs are bigints, decimals are `Buffer`s. */
export interface DecodedRecord {
  readonly record: LoggedRecord;
  readonly key: Row;
  readonly value: Envelope | null;
}

export type Row = Readonly<Record<string, unknown>>;

export interface Envelope {
  readonly before: Row | null;
  readonly after: Row | null;
  readonly source: Row & { readonly ts_ms: bigint; readonly snapshot: string };
  /** When the connector saw it. */
  readonly ts_ms: bigint;
  readonly op: "r" | "c" | "u" | "d";
}

/** Reads the whole log with avsc. */
export function decodeLog(log: MemoryLog): DecodedRecord[] {
  const types = log.schemas.map(({ schema }) => parseSchema(schema));
  const decode = (bytes: Uint8Array): unknown => {
    const framed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (framed[0] !== 0) throw new Error("not in Confluent framing");
    return types[framed.readUInt32BE(1) - 1]!.fromBuffer(framed.subarray(5));
  };
  return log.records.map((record) => ({
    record,
    key: decode(record.key!) as Row,
    value: record.value === null ? null : (decode(record.value) as Envelope),
  }));
}

/** An Avro type with exact longs and without unions' wrappers. */
export function parseSchema(schema: object): avro.Type {
  const typeHook = (attributes: { type?: unknown } | string) => {
    const name = typeof attributes === "string" ? attributes : attributes.type;
    return name === "long" ? exactLong : undefined;
  };
  return avro.Type.forSchema(
    schema as avro.Schema,
    { typeHook, wrapUnions: false } as unknown as avro.ForSchemaOptions,
  );
}

/** The unscaled value of a decimal. */
export function unscaledOf(bytes: unknown): bigint {
  const hex = (bytes as Buffer).toString("hex");
  return BigInt.asIntN(hex.length * 4, BigInt(`0x${hex}`));
}

const exactLong = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
} as never);
