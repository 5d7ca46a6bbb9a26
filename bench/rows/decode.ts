import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Batch } from "../../base/batch.ts";
import { FileLogReader } from "../../connectors/file/reader.ts";
import { type AvroSchema, compileProjection } from "../../schemas/decoder.ts";
import { FRAME_LENGTH, schemaIdAt } from "../../schemas/wire-format.ts";
import { parseSchema } from "../../shop/decoded-log.test-helper.ts";
import { type BenchRow, type Measured, repeat } from "../row.ts";
import { shopLog } from "../shop-log.ts";

/** Nine fields of a Debezium envelope: what the payment–settlement job needs of a payment, and its place in the log. */
const PATHS = [
  "op",
  "source.ts_ms",
  "source.file",
  "source.pos",
  "source.row",
  "after.payment_id",
  "after.status",
  "after.amount",
  "after.captured_at",
];
const CPU_SECONDS = 3;

interface Values {
  readonly schema: AvroSchema;
  readonly bodies: readonly Uint8Array[];
}

/** The compiled, projecting decoder, from memory into columns. */
export const decode: BenchRow = {
  name: "decode",
  what: "9 fields of a Debezium envelope into columns, from memory",
  async measure(folder, orders): Promise<Measured> {
    const { schema, bodies } = await paymentValues(folder, orders);
    const decoder = compileProjection(
      schema,
      PATHS.map((path) => ({ path })),
      "bench",
    );
    const batch = new Batch(decoder.layout, bodies.length);
    const work = () => {
      batch.clear();
      for (let row = 0; row < bodies.length; row++)
        decoder.decode(bodies[row]!, FRAME_LENGTH, bodies[row]!.length, batch, row);
      return bodies.length;
    };
    const measured = repeat(CPU_SECONDS, work);
    return { ...measured, correct: agrees(batch, schema, bodies) };
  },
};

/** What most teams would use: avsc with exact longs, every field of every message into objects. */
export const decodeAvsc: BenchRow = {
  name: "decode-avsc",
  what: "the same messages with avsc 5.7.9, everything into objects, exact longs",
  peerOf: "decode",
  async measure(folder, orders): Promise<Measured> {
    const { schema, bodies } = await paymentValues(folder, orders);
    const type = parseSchema(schema as object);
    const work = () => {
      for (const body of bodies) type.fromBuffer(body.subarray(FRAME_LENGTH) as Buffer);
      return bodies.length;
    };
    return { ...repeat(CPU_SECONDS, work), correct: true };
  },
};

/** The values of the payments' first partition that have its first writer schema. */
async function paymentValues(folder: string, orders: number): Promise<Values> {
  const { log } = await shopLog(folder, orders);
  const reader = new FileLogReader(log, "maria.shop.payments", 0);
  const bodies: Uint8Array[] = [];
  let id: number | undefined;
  for (let read = reader.read(1 << 20); read !== null && "count" in read; read = reader.read(1 << 20)) {
    for (let i = 0; i < read.count; i++) {
      if (read.valueStarts[i]! < 0) continue;
      const value = Buffer.from(read.buffer.subarray(read.valueStarts[i], read.valueEnds[i]));
      id ??= schemaIdAt(value, 0, value.length);
      if (schemaIdAt(value, 0, value.length) === id) bodies.push(value);
    }
  }
  reader.close();
  return { schema: JSON.parse(readFileSync(join(log, "schemas", `${id}.json`), "utf8")) as AvroSchema, bodies };
}

function agrees(batch: Batch, schema: AvroSchema, bodies: readonly Uint8Array[]): boolean {
  const type = parseSchema(schema as object);
  return bodies.every((body, row) => {
    const envelope = type.fromBuffer(body.subarray(FRAME_LENGTH) as Buffer);
    return PATHS.every((path, column) => same(batch.columns[column]!.get(row), at(envelope, path)));
  });
}

function at(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((part, name) => (part as Record<string, unknown> | null)?.[name] ?? null, value);
}

function same(ours: unknown, theirs: unknown): boolean {
  if (ours instanceof Uint8Array) return theirs instanceof Uint8Array && Buffer.compare(ours, theirs) === 0;
  return String(ours) === String(theirs);
}
