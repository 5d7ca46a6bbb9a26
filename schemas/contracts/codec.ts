import avro from "avsc";
import { ByteWriter } from "../../base/bytes.ts";
import { assert, messageOf, raise } from "../../base/errors.ts";
import type { AvroSchema } from "../avro-schema.ts";
import { parseSchema } from "../schema-tree.ts";
import { compileWriter, type RecordWriter } from "./record-writer.ts";

/**
 * Encodes and decodes the records of one contract. Bytes are in Avro's single-object encoding: `C3 01`, the CRC-64-AVRO
 * fingerprint of the schema that wrote them, the record. So what is kept for years names its own schema. A long is a
 * number; one beyond 2^53 − 1 is refused, never rounded.
 */
export class ContractCodec<T extends object> {
  readonly name: string;
  /** Fingerprint of the schema that is written: 16 hex digits. */
  readonly fingerprint: string;
  readonly #type: avro.Type;
  readonly #header: Buffer;
  readonly #writer: RecordWriter;
  readonly #readers = new Map<string, Reader>();

  /** `current` is what is written; records of the `earlier` ones are read too, as Avro resolves them. */
  constructor(current: avro.Schema, earlier: readonly avro.Schema[] = []) {
    this.#type = typeOf(current);
    this.name = this.#type.branchName!;
    this.fingerprint = fingerprintOf(this.#type);
    this.#header = headerOf(this.fingerprint);
    this.#writer = compileWriter(parseSchema(current as AvroSchema, this.name));
    for (const schema of earlier) {
      const type = typeOf(schema);
      this.#readers.set(fingerprintOf(type), { type: this.#type, resolver: this.#type.createResolver(type) });
    }
    this.#readers.set(this.fingerprint, { type: this.#type, resolver: undefined });
  }

  /** A record's bytes, the caller's own. A record that does not fit the contract is a defect of the caller: BUG. */
  encode(record: T): Uint8Array {
    scratch.clear();
    this.write(scratch, record);
    return new Uint8Array(scratch.bytes());
  }

  /** Appends the same bytes to what was written. */
  write(out: ByteWriter, record: T): void {
    out.raw(this.#header, 0, SINGLE_OBJECT_HEADER);
    this.#writer(out, record);
  }

  /**
   * The record in the current layout, independent of `bytes`. CONTRACT_UNKNOWN for a schema that is not known here,
   * CONTRACT_CORRUPT for bytes that are no such record.
   */
  decode(bytes: Uint8Array): T {
    const contract = this.name;
    const fingerprint = contractFingerprint(bytes);
    if (fingerprint === null) raise("CONTRACT_CORRUPT", { contract, reason: "it does not begin with a fingerprint" });
    const reader = this.#readers.get(fingerprint);
    if (reader === undefined) {
      raise("CONTRACT_UNKNOWN", { contract, fingerprint, known: [...this.#readers.keys()].join(", ") });
    }
    try {
      return reader.type.fromBuffer(Buffer.from(bytes.subarray(SINGLE_OBJECT_HEADER)), reader.resolver) as T;
    } catch (error) {
      raise("CONTRACT_CORRUPT", { contract, reason: messageOf(error) }, { cause: error });
    }
  }
}

interface Reader {
  readonly type: avro.Type;
  readonly resolver: ReturnType<avro.Type["createResolver"]> | undefined;
}

/** Bytes in front of a record in Avro's single-object encoding. */
export const SINGLE_OBJECT_HEADER = 10;

/** What comes in front of a record that was written under a schema, in Avro's single-object encoding. */
export function singleObjectHeader(schema: AvroSchema): Uint8Array {
  return headerOf(fingerprintOf(typeOf(schema as avro.Schema)));
}

const MARKER = Buffer.from([0xc3, 0x01]);
/** Shared by all codecs: encoding is synchronous and copies out. */
const scratch = new ByteWriter(16_384);

/** Fingerprint of the schema that encoded these bytes, 16 hex digits; null for bytes of another encoding. */
export function contractFingerprint(bytes: Uint8Array): string | null {
  if (bytes.length < SINGLE_OBJECT_HEADER || bytes[0] !== MARKER[0] || bytes[1] !== MARKER[1]) return null;
  return Buffer.from(bytes.subarray(2, SINGLE_OBJECT_HEADER)).reverse().toString("hex");
}

function headerOf(fingerprint: string): Buffer {
  return Buffer.concat([MARKER, Buffer.from(fingerprint, "hex").reverse()]);
}

/** A union of null and one type is that type's value or null, as in TypeScript. */
function typeOf(schema: avro.Schema): avro.Type {
  const type = avro.Type.forSchema(schema, { wrapUnions: "never", omitRecordMethods: true });
  assert(type.branchName !== undefined, "a contract is a named record");
  return type;
}

/** CRC-64-AVRO of the schema's parsing canonical form, as the Avro specification defines both. */
function fingerprintOf(type: avro.Type): string {
  let crc = EMPTY;
  for (const byte of Buffer.from(JSON.stringify(type.schema()))) {
    crc = (crc >> 8n) ^ CRC_TABLE[Number((crc ^ BigInt(byte)) & 0xffn)]!;
  }
  return crc.toString(16).padStart(16, "0");
}

const EMPTY = 0xc15d213aa4d7a795n;
const CRC_TABLE = Array.from({ length: 256 }, (_, byte) => {
  let crc = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (EMPTY & -(crc & 1n));
  return crc;
});
