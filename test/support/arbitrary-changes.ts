import fc from "fast-check";
import type { DatabaseKind } from "../../connectors/debezium/config.ts";
import { type Field, type Fields, flag, id, instant, integer, money, number, text } from "../../dataflow/model.ts";
import { type Draw, SchemaArbitrary, toSchema } from "../../schemas/arbitrary-avro.ts";
import { encodable } from "../../schemas/arbitrary-values.ts";
import { type AvroSchema, type AvroType, avroType } from "../../schemas/avro-schema.ts";
import { parseSchema, type SchemaNode } from "../../schemas/schema-tree.ts";

/** A message as a topic has it. */
export interface Sent {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** A column that models read: mostly of values that suit them, and of some that do not. */
interface Column {
  readonly type: AvroSchema;
  readonly fields: readonly ((column: string) => Field)[];
  readonly values: (draw: Draw) => unknown;
}

const pick = <T>(draw: Draw, items: readonly T[]): T => items[draw(fc.nat, items.length - 1)]!;
const oneIn = (draw: Draw, count: number): boolean => draw(fc.nat, count - 1) === 0;
const PLACEHOLDER = "__debezium_unavailable_value";
const TEXTS = ["", "captured", "a|b\\c", "é\u20ac", "x".repeat(28), PLACEHOLDER, "y".repeat(300), "12.5", "-7"];
const TIMES = [
  "2026-11-22T15:11:07Z",
  "2024-02-29T00:00:00.123456Z",
  "2026-11-22T15:11:07+02:00",
  "1969-12-31T23:59:59.9Z",
];
const BAD_TIMES = [
  "",
  "2026-02-30T00:00:00Z",
  "202\xef-11-22T15:11:07Z",
  "2026-11-22T15:11:07",
  "2026-11-22T15:11:07.Z",
];
const LONGS = [
  0n,
  -1n,
  1n,
  42n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 53n,
  2n ** 53n + 1n,
  -(2n ** 53n),
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const NUMBERS = [0, 1, -1, 2, 127, -128, 300, 2 ** 31 - 1, -(2 ** 31)];
const connect = (type: string, name: string) => ({ type, "connect.name": name });
const decimal = (scale: number) => ({ type: "bytes", logicalType: "decimal", scale, precision: 38 });
/** Values that suit most fields, but for one in many. */
const isOdd = (draw: Draw) => oneIn(draw, 60);
const someText = (draw: Draw) => (isOdd(draw) ? pick(draw, TEXTS) : "captured");
const someLong = (draw: Draw) => (isOdd(draw) ? pick(draw, LONGS) : BigInt(draw(fc.nat)));
const someId = (draw: Draw) =>
  oneIn(draw, 3) ? pick(draw, LONGS) : draw(fc.bigInt, { min: -(2n ** 63n), max: 2n ** 63n - 1n });
const someInt = (draw: Draw) => (isOdd(draw) ? pick(draw, NUMBERS) : draw(fc.integer));
const someDecimal = (draw: Draw) => {
  if (isOdd(draw)) return Buffer.from(draw(fc.uint8Array, { maxLength: 20 }));
  const whole = Buffer.alloc(6);
  whole.writeIntBE(10_000 * draw(fc.integer), 0, 6);
  return whole;
};
const eur = (column: string) => money({ column, currency: "EUR" });
const rounded = (column: string) => money({ column, currency: "JPY", scale: 1, rounding: "halfEven" });
const fromCurrency = (column: string) => money({ column, scale: 6 });
const renamed = (column: string) => text({ column, values: { captured: "paid", "": "none", "42": "answer" } });
const coarse = (column: string) => text({ column, values: { 1: "one", captured: "paid" }, otherwise: "other" });

const COLUMNS: readonly Column[] = [
  {
    type: "string",
    fields: [id, text, (c) => text({ column: c, default: "-" }), renamed, coarse, eur],
    values: someText,
  },
  { type: "int", fields: [id, integer, number, flag, coarse, eur, rounded, fromCurrency], values: someInt },
  { type: "int", fields: [renamed], values: (draw) => (isOdd(draw) ? draw(fc.integer) : 42) },
  { type: "int", fields: [(c) => instant({ column: c, unit: "s" })], values: someInt },
  { type: "long", fields: [id, integer, number, coarse], values: someId },
  { type: "long", fields: [coarse, eur, fromCurrency], values: someLong },
  {
    type: "long",
    fields: [(c) => integer({ column: c, default: 9n }), (c) => money({ column: c, minorUnits: true })],
    values: someLong,
  },
  { type: "long", fields: [(c) => instant({ column: c, unit: "us" })], values: someLong },
  { type: "double", fields: [number, rounded], values: (draw) => (oneIn(draw, 2) ? 0.125 : draw(fc.double)) },
  { type: "float", fields: [number, rounded], values: (draw) => Math.fround(draw(fc.nat, 100) / 8) },
  { type: "boolean", fields: [flag, (c) => flag({ column: c, default: true })], values: (draw) => draw(fc.boolean) },
  { type: decimal(0), fields: [id, integer, eur, rounded], values: someDecimal },
  { type: decimal(2), fields: [eur, rounded, fromCurrency], values: someDecimal },
  { type: decimal(4), fields: [eur, rounded, fromCurrency], values: someDecimal },
  {
    type: { type: "fixed", name: "F", size: 5, logicalType: "decimal", scale: 2, precision: 12 } as AvroSchema,
    fields: [eur, rounded],
    values: (draw) => Buffer.from(draw(fc.uint8Array, { minLength: 5, maxLength: 5 })),
  },
  {
    type: { type: "enum", name: "State", symbols: ["captured", "failed"] },
    fields: [id, text, renamed],
    values: (draw) => pick(draw, ["captured", "failed"]),
  },
  {
    type: connect("string", "io.debezium.time.ZonedTimestamp"),
    fields: [instant],
    values: (draw) => pick(draw, isOdd(draw) ? BAD_TIMES : TIMES),
  },
  ...["Timestamp", "MicroTimestamp", "NanoTimestamp"].map((name) => ({
    type: connect("long", `io.debezium.time.${name}`),
    fields: [instant],
    values: someLong,
  })),
  { type: connect("int", "io.debezium.time.Date"), fields: [instant], values: someInt },
  { type: { type: "long", logicalType: "timestamp-millis" }, fields: [instant], values: someLong },
];

const CURRENCY: Column = {
  type: "string",
  fields: [text],
  values: (draw) => pick(draw, isOdd(draw) ? ["", "eur", "XXQ", "EURO"] : ["EUR", "JPY", "KWD"]),
};
const KEYS: readonly Column[] = [
  { type: "long", fields: [id], values: someId },
  { type: "int", fields: [id], values: someInt },
  { type: "string", fields: [id], values: someText },
  { type: "boolean", fields: [flag], values: (draw) => draw(fc.boolean) },
  { type: decimal(0), fields: [id], values: someDecimal },
];

interface Named {
  readonly name: string;
  readonly column: Column;
  readonly isNullable: boolean;
}

/** A table of random columns, and random changes of its rows, some of them damaged (for tests). */
export class ArbitraryTable {
  readonly valueSchemas: ReadonlyMap<number, AvroSchema>;
  readonly keySchemas: ReadonlyMap<number, AvroSchema>;
  readonly #draw: Draw;
  readonly #kind: DatabaseKind;
  readonly #keys: readonly Named[];
  readonly #columns: readonly Named[];
  readonly #types = new Map<number, { readonly type: AvroType; readonly unread: ReadonlyMap<string, SchemaNode> }>();
  #pos = 0n;

  constructor(draw: Draw, kind: DatabaseKind) {
    this.#draw = draw;
    this.#kind = kind;
    this.#keys = this.#some(KEYS, 1 + draw(fc.nat, 1), "k", 20);
    const currency = { name: "currency", column: CURRENCY, isNullable: draw(fc.boolean) };
    this.#columns = [...this.#some(COLUMNS, 1 + draw(fc.nat, 7), "c", 2), currency];
    this.valueSchemas = new Map([7, 70_000].map((id) => [id, this.#valueSchema(id)]));
    this.keySchemas = new Map([[8, recordOf("Key", this.#keys.map(fieldOf))]]);
    this.#types.set(8, { type: avroType(this.keySchemas.get(8)!, "key"), unread: new Map() });
  }

  /** Fields of one model or two, which read some of the columns. */
  fieldsOfModels(): Fields[] {
    return Array.from({ length: 1 + this.#draw(fc.nat, 1) }, () => {
      const read = this.#columns.filter(() => !oneIn(this.#draw, 4));
      const fields = read.map(({ name, column }) => [`f${name}`, pick(this.#draw, column.fields)(name)] as const);
      return Object.fromEntries([
        ...fields,
        ["file", text(this.#kind === "mariadb" ? "source.file" : "source.version")],
      ]);
    });
  }

  /** Messages as a reader hands them out. */
  chunks(): Sent[][] {
    const chunks = Array.from({ length: 1 + this.#draw(fc.nat, 3) }, () => this.#draw(fc.nat, 20));
    return chunks.map((length) => Array.from({ length }, () => this.#message()));
  }

  #some(columns: readonly Column[], count: number, prefix: string, nullableOneIn: number): Named[] {
    return Array.from({ length: count }, (_, i) => {
      return { name: `${prefix}${i}`, column: pick(this.#draw, columns), isNullable: oneIn(this.#draw, nullableOneIn) };
    });
  }

  /** The envelope of the table with unread columns of any type among those that are read. */
  #valueSchema(id: number): AvroSchema {
    const any = new SchemaArbitrary(this.#draw, fc.nat, "U");
    const unread = new Map<string, SchemaNode>();
    const defined = new Set<SchemaNode>();
    const enumsAndFixed = new Set<string>();
    const columns = [...this.#keys, ...this.#columns].flatMap((column) => {
      const field = fieldOf(column);
      const { name } = column.column.type as { name?: string };
      if (name !== undefined) {
        // A named type is defined once.
        if (enumsAndFixed.has(name)) field.type = column.isNullable ? ["null", name] : name;
        enumsAndFixed.add(name);
      }
      if (!oneIn(this.#draw, 3)) return [field];
      const node = any.node(3);
      unread.set(`u${unread.size}`, node);
      return [{ name: `u${unread.size - 1}`, type: toSchema(node, defined) }, field];
    });
    const position =
      this.#kind === "mariadb"
        ? [
            { name: "file", type: "string" },
            { name: "pos", type: "long" },
            { name: "row", type: "int" },
            { name: "query", type: ["null", "string"] },
          ]
        : [{ name: "lsn", type: ["null", "long"] }];
    const source = [{ name: "version", type: "string" }, { name: "ts_ms", type: "long" }, ...position];
    const transaction = [
      "null",
      recordOf("Transaction", [
        { name: "id", type: "string" },
        { name: "order", type: "long" },
      ]),
    ];
    const schema = recordOf("Envelope", [
      { name: "before", type: ["null", recordOf("Row", columns)] },
      { name: "after", type: ["null", "Row"] },
      { name: "source", type: recordOf("Source", source) },
      { name: "op", type: "string" },
      { name: "ts_ms", type: ["null", "long"] },
      ...(this.#draw(fc.boolean) ? [{ name: "transaction", type: transaction }] : []),
    ]);
    // What avsc writes is told from the parsed tree, in which names are resolved.
    parseSchema(schema, "value");
    this.#types.set(id, { type: avroType(schema, "value"), unread });
    return schema;
  }

  #message(): Sent {
    const draw = this.#draw;
    const key = oneIn(draw, 40) ? null : this.#framed(8, this.#row(this.#keys, new Map()));
    const value = oneIn(draw, 40) ? null : this.#framed(oneIn(draw, 10) ? 70_000 : 7, undefined);
    return { key: key && this.#damaged(key), value: value && this.#damaged(value) };
  }

  #framed(id: number, value: unknown): Buffer {
    const { type, unread } = this.#types.get(id)!;
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(id, 1);
    return Buffer.concat([frame, type.toBuffer(value ?? this.#envelope(unread))]);
  }

  #envelope(unread: ReadonlyMap<string, SchemaNode>): unknown {
    const draw = this.#draw;
    const op = oneIn(draw, 40) ? pick(draw, ["t", "m", "x", "", "cc"]) : pick(draw, ["c", "c", "u", "d", "r"]);
    const row = () => ({ Row: this.#row([...this.#keys, ...this.#columns], unread) });
    const isGone = (op === "d") !== oneIn(draw, 60);
    this.#pos++;
    const position =
      this.#kind === "mariadb"
        ? { file: oneIn(draw, 60) ? "binlog" : "mysql-bin.000007", pos: this.#pos, row: draw(fc.nat, 300), query: null }
        : { lsn: oneIn(draw, 60) ? null : { long: this.#pos << 30n } };
    return {
      before: oneIn(draw, 3) ? row() : null,
      after: isGone ? null : row(),
      source: {
        version: "3",
        ts_ms: oneIn(draw, 30) ? pick(draw, LONGS) : BigInt(1_000_000 + draw(fc.nat, 1_000_000)),
        ...position,
      },
      op,
      ts_ms: draw(fc.boolean) ? { long: 5n } : null,
      transaction: draw(fc.boolean) ? { Transaction: { id: "9:8", order: 4n } } : null,
    };
  }

  #row(columns: readonly Named[], unread: ReadonlyMap<string, SchemaNode>): Record<string, unknown> {
    const draw = this.#draw;
    const values = columns.map(({ name, column, isNullable }) => {
      const value = column.values(draw);
      if (!isNullable) return [name, value] as const;
      return [name, oneIn(draw, 3) ? null : { [branchOf(column.type)]: value }] as const;
    });
    const others = [...unread].map(([name, node]) => [name, encodable(draw, node)] as const);
    return Object.fromEntries([...values, ...others]);
  }

  #damaged(bytes: Buffer): Buffer {
    const draw = this.#draw;
    if (!oneIn(draw, 30)) return bytes;
    const at = draw(fc.nat, bytes.length - 1);
    const how = draw(fc.nat, 5);
    if (how === 0) return bytes.subarray(0, at);
    if (how === 1) return Buffer.concat([bytes, Buffer.of(1)]);
    const damaged = Buffer.from(bytes);
    damaged[how === 2 ? at : Math.max(5, at) % bytes.length] = draw(fc.nat, 255);
    return damaged;
  }
}

interface FieldSchema {
  readonly name: string;
  type: unknown;
}

function fieldOf({ name, column, isNullable }: Named): FieldSchema {
  return { name, type: isNullable ? ["null", column.type] : column.type };
}

function recordOf(name: string, fields: readonly FieldSchema[]): AvroSchema {
  return { type: "record", name, fields } as AvroSchema;
}

/** What avsc calls a branch of a type. */
function branchOf(type: AvroSchema): string {
  const { name, type: kind } = type as { name?: string; type?: string };
  return typeof type === "string" ? type : (name ?? kind!);
}

/** Fields that the captured tables have. */
export const fieldsOfSamples: Readonly<Record<string, Fields>> = {
  payments: {
    id: id(),
    merchantId: integer(),
    amount: money({ scale: 2 }),
    status: text(),
    description: text(),
    isTest: flag(),
    createdAt: instant(),
    updatedAt: instant(),
  },
  refunds: { paymentId: id(), amount: money({ currency: "EUR" }), reason: text(), requestedAt: instant() },
};
