import avro from "avsc";
import kafkajs from "kafkajs";
import { decompressFrameSync } from "lz4-napi";

/** What the program is told: where it reads, and when it has read all. */
export interface PlainNodeOptions {
  readonly brokers: readonly string[];
  readonly group: string;
  readonly topics: { readonly payments: string; readonly lines: string; readonly refunds?: string };
  /** A schema of the registry. */
  readonly schema: (id: number) => Promise<object>;
  /** Told how many records have been read. */
  readonly onRead: (records: number) => void;
}

/** A payment of which what was settled is not what was captured, in one currency. Amounts in ten-thousandths. */
export interface Mismatch {
  readonly payment: string;
  readonly currency: string;
  readonly expected: number;
  readonly settled: number;
  /** The newest of its captures and refunds; 0 where there is none. */
  readonly newest: number;
}

/**
 * Payments against settlements as a team writes it in an afternoon: kafkajs, avsc with the fields that are needed, a Map. It
 * knows no deadlines, keeps nothing, and starts again from the beginning. Reads up to the ends that topics have when it
 * begins, and then tells what does not match.
 */
export async function plainNode(options: PlainNodeOptions): Promise<{ records: number; mismatches: Mismatch[] }> {
  const { payments, refunds, lines } = options.topics;
  const join = new Join();
  const tables = new Map<string, Table>([
    [payments, { fields: ["id", "payment_id", "amount", "currency", "status", "captured_at"], put: onPayment }],
    [lines, { fields: ["batch_id", "line_no", "payment_id", "net", "fee", "currency"], put: onLine }],
  ]);
  const refundFields = ["id", "payment_id", "amount", "currency", "status", "refunded_at"];
  if (refunds !== undefined) tables.set(refunds, { fields: refundFields, put: onRefund });
  const decoders = new Decoders(options.schema);
  const kafka = new kafkajs.Kafka({ brokers: [...options.brokers], logLevel: kafkajs.logLevel.NOTHING });
  const total = await recordsOf(kafka, [...tables.keys()]);
  const consumer = kafka.consumer({ groupId: options.group });
  await consumer.connect();
  await consumer.subscribe({ topics: [...tables.keys()], fromBeginning: true });
  let records = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  consumer.on("consumer.crash", ({ payload: { error, restart } }) => {
    if (!restart) reject(error);
  });
  await consumer.run({
    eachBatch: async ({ batch }) => {
      const { fields, put } = tables.get(batch.topic)!;
      for (const { value } of batch.messages) {
        if (value === null) continue;
        const id = value.readUInt32BE(1);
        const decode = decoders.get(id) ?? (await decoders.load(id, fields));
        put(join, decode(value));
      }
      records += batch.messages.length;
      options.onRead(records);
      if (records >= total) resolve();
    },
  });
  await promise.finally(() => consumer.disconnect());
  return { records, mismatches: join.mismatches() };
}

// biome-ignore lint/suspicious/noExplicitAny: rows are what avsc makes of them
type Row = any;
type Change = { readonly before: Row | null; readonly after: Row | null };
type Put = (join: Join, change: Change) => void;

interface Table {
  readonly fields: readonly string[];
  readonly put: Put;
}

/** A row that counts; `leg` says how. */
interface Part {
  readonly leg: "captured" | "refunded" | "settled";
  readonly row: bigint | string;
  readonly currency: string;
  readonly amount: number;
  readonly time: number;
}

function onPayment(join: Join, { before, after }: Change): void {
  if (after === null) return join.remove(before.payment_id, "captured", before.id);
  if (before !== null && before.payment_id !== after.payment_id) join.remove(before.payment_id, "captured", before.id);
  const { id, payment_id: payment, status, amount, currency, captured_at: time } = after;
  if (status !== "captured") return join.remove(payment, "captured", id);
  join.put(payment, { leg: "captured", row: id, currency, amount: 10 * unscaled(amount), time });
}

function onRefund(join: Join, { before, after }: Change): void {
  if (after === null) return join.remove(before.payment_id, "refunded", before.id);
  if (before !== null && before.payment_id !== after.payment_id) join.remove(before.payment_id, "refunded", before.id);
  const { id, payment_id: payment, status, amount, currency, refunded_at: time } = after;
  if (status !== "succeeded") return join.remove(payment, "refunded", id);
  join.put(payment, { leg: "refunded", row: id, currency, amount: 10 * unscaled(amount), time });
}

function onLine(join: Join, { before, after }: Change): void {
  const row = before === null || after !== null ? lineOf(after) : lineOf(before);
  if (after === null) return join.remove(before.payment_id, "settled", row);
  if (before !== null && before.payment_id !== after.payment_id) join.remove(before.payment_id, "settled", row);
  const amount = unscaled(after.net) + unscaled(after.fee);
  join.put(after.payment_id, { leg: "settled", row, currency: after.currency, amount, time: 0 });
}

function lineOf({ batch_id, line_no }: Row): string {
  return `${batch_id}/${line_no}`;
}

/** What was captured, refunded and settled of each payment: repeats of a change leave it as it is. */
class Join {
  readonly #payments = new Map<bigint, Part[]>();

  put(payment: bigint, part: Part): void {
    const parts = this.#payments.get(payment);
    if (parts === undefined) {
      this.#payments.set(payment, [part]);
      return;
    }
    const at = parts.findIndex(({ leg, row }) => leg === part.leg && row === part.row);
    if (at < 0) parts.push(part);
    else parts[at] = part;
  }

  remove(payment: bigint, leg: Part["leg"], row: Part["row"]): void {
    const parts = this.#payments.get(payment);
    const at = parts?.findIndex((part) => part.leg === leg && part.row === row) ?? -1;
    if (at >= 0) parts!.splice(at, 1);
  }

  mismatches(): Mismatch[] {
    const found: Mismatch[] = [];
    for (const [payment, parts] of this.#payments) {
      for (const currency of new Set(parts.map((part) => part.currency))) {
        let [expected, settled, newest] = [0, 0, 0];
        for (const part of parts) {
          if (part.currency !== currency) continue;
          if (part.leg === "settled") settled += part.amount;
          else expected += part.leg === "captured" ? part.amount : -part.amount;
          newest = Math.max(newest, part.time);
        }
        if (expected !== settled) found.push({ payment: String(payment), currency, expected, settled, newest });
      }
    }
    return found;
  }
}

/** Up to 48 bits, which amounts of a shop do not exceed. */
function unscaled(bytes: Buffer): number {
  return bytes.readIntBE(0, bytes.length);
}

/** By schema id, what reads a value of Confluent's framing. */
class Decoders {
  readonly #schema: (id: number) => Promise<object>;
  readonly #decoders = new Map<number, (value: Buffer) => Change>();

  constructor(schema: (id: number) => Promise<object>) {
    this.#schema = schema;
  }

  get(id: number): ((value: Buffer) => Change) | undefined {
    return this.#decoders.get(id);
  }

  async load(id: number, fields: readonly string[]): Promise<(value: Buffer) => Change> {
    const written = (await this.#schema(id)) as Row;
    const writer = avro.Type.forSchema(written, { typeHook: exactLong });
    const reader = avro.Type.forSchema(projected(written, fields), { typeHook: exactLong });
    const resolver = reader.createResolver(writer);
    const decode = (value: Buffer) => reader.fromBuffer(value.subarray(5), resolver) as Change;
    this.#decoders.set(id, decode);
    return decode;
  }
}

/** The envelope with nothing but the row's images, and of these only some fields. */
function projected(envelope: Row, names: readonly string[]): avro.Schema {
  const fieldsOf = (record: Row, wanted: readonly string[]) =>
    record.fields.filter(({ name }: { readonly name: string }) => wanted.includes(name));
  const [before, after] = fieldsOf(envelope, ["before", "after"]);
  const [nothing, row] = before.type;
  const type = [nothing, { ...row, fields: fieldsOf(row, names) }];
  return { ...envelope, fields: [{ ...before, type }, after] };
}

/** Ids are beyond what a number holds; what is annotated is a time, which is not. */
function exactLong(schema: unknown): avro.Type | undefined {
  return schema === "long" ? (bigintLong as unknown as avro.Type) : undefined;
}

const bigintLong = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0),
});

kafkajs.CompressionCodecs[kafkajs.CompressionTypes.LZ4] = () => ({
  compress: () => Promise.reject(new Error("it writes nothing")),
  decompress: async (bytes: Buffer) => decompressFrameSync(bytes),
});

async function recordsOf(kafka: kafkajs.Kafka, topics: readonly string[]): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  let records = 0;
  for (const topic of topics) {
    for (const { low, high } of await admin.fetchTopicOffsets(topic)) records += Number(high) - Number(low);
  }
  await admin.disconnect();
  return records;
}
