import { deserialize, serialize } from "node:v8";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import {
  type AlertRecord,
  contractFingerprint,
  contractFingerprints,
  type Delivered,
  decodeAlert,
  decodeVerdict,
  type VerdictRecord,
  writeAlert,
  writeVerdict,
} from "../../schemas/contracts.ts";
import type { Emission, OutboxRecord } from "../outbox.ts";

/** How what is emitted under the name of an output lies in an outbox. */
interface Form {
  /** The first byte of each. */
  readonly kind: number;
  /** Gives where the record is by its contract, if it has one. */
  write(out: ByteWriter, record: unknown, epoch: number): Place | undefined;
  read(input: ByteReader): Pick<Emission, "record" | "encoded">;
}

interface Place {
  readonly start: number;
  readonly end: number;
}

/** By the outputs of checks, which are most of an outbox. */
const FORMS: ReadonlyMap<string, Form> = new Map([
  ["verdicts", byContract<VerdictRecord>(1, contractFingerprints.verdict, writeVerdict, decodeVerdict)],
  ["alerts", byContract<AlertRecord>(2, contractFingerprints.alert, writeAlert, decodeAlert)],
  ["counts", { kind: 3, write: writeCount, read: (input) => ({ record: readCount(input) }) }],
]);

/** The first byte of what has no form of its own, which comes last. */
const REST = 0;
const FIRST_BYTES = 1 << 16;

/**
 * An outbox as a checkpoint of this epoch keeps it: verdicts and alerts as they will be delivered, counts, and all else as
 * `v8.serialize` has it. Verdicts and alerts are given their bytes.
 */
export function encodeOutbox(records: readonly OutboxRecord[], epoch: number): Uint8Array {
  const out = new ByteWriter(FIRST_BYTES);
  const rest: OutboxRecord[] = [];
  const encoded: { readonly emission: Emission; readonly place: Place }[] = [];
  for (const each of records) {
    const form = each.kind === "emit" ? FORMS.get(each.output) : undefined;
    if (each.kind !== "emit" || form === undefined) {
      rest.push(each);
      continue;
    }
    out.byte(form.kind);
    const place = form.write(out, each.record, epoch);
    if (place !== undefined) encoded.push({ emission: each, place });
  }
  out.byte(REST);
  out.block(serialize(rest));
  const bytes = out.bytes();
  for (const { emission, place } of encoded) emission.encoded = bytes.subarray(place.start, place.end);
  return bytes;
}

/** The outbox in these bytes: what has a form of its own first. CONTRACT_UNKNOWN. */
export function decodeOutbox(bytes: Uint8Array): OutboxRecord[] {
  const input = new ByteReader(bytes);
  const records: OutboxRecord[] = [];
  for (let kind = input.byte(); kind !== REST; kind = input.byte()) {
    const [output, form] = [...FORMS].find(([, known]) => known.kind === kind)!;
    records.push({ kind: "emit", output, ...form.read(input) });
  }
  return [...records, ...(deserialize(input.block()) as OutboxRecord[])];
}

/** The record by its contract, behind its length, and as JSON what the contract does not have of it. */
function byContract<T extends object>(
  kind: number,
  fingerprint: string,
  write: (out: ByteWriter, record: T & Delivered) => void,
  decode: (bytes: Uint8Array) => Delivered,
): Form {
  return {
    kind,
    write(out, record, epoch) {
      out.uint32(0);
      const start = out.length;
      write(out, { ...(record as T), epoch });
      const end = out.length;
      out.buffer.writeUInt32LE(end - start, start - 4);
      out.text(besides(record as T));
      return { start, end };
    },
    read(input) {
      const length = input.uint32();
      const encoded = input.buffer.subarray(input.position, input.position + length);
      input.position += length;
      // As it was emitted: the epoch is that of the delivery.
      const { epoch: _, ...emitted } = decode(encoded);
      const record = { ...emitted, ...JSON.parse(input.text()) };
      // What an earlier version of the contract wrote is to be delivered by this one.
      return contractFingerprint(encoded) === fingerprint ? { record, encoded } : { record };
    },
  };
}

/** What the desk keeps of an alert. */
function besides({ fields }: { readonly fields?: readonly string[] | undefined }): string {
  return fields === undefined ? "{}" : JSON.stringify({ fields });
}

interface Count {
  readonly check: string;
  readonly minute: number;
  readonly pass: number;
  readonly pending: number;
}

function writeCount(out: ByteWriter, record: unknown): undefined {
  const { check, minute, pass, pending } = record as Count;
  out.text(check);
  out.float64(minute);
  out.uint(pass);
  out.uint(pending);
}

function readCount(input: ByteReader): Count {
  return { check: input.text(), minute: input.float64(), pass: input.uint(), pending: input.uint() };
}
