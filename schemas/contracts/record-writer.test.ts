import avro from "avsc";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../base/bytes.ts";
import type { AvroSchema } from "../avro-schema.ts";
import { contractSchemas } from "../contracts.ts";
import { decodeValue } from "../decoder.ts";
import { parseSchema, type SchemaNode } from "../schema-tree.ts";
import { compileWriter } from "./record-writer.ts";

const seed = Number(process.env.COUNTERCHECK_SEED ?? Date.now() % 2 ** 31);

describe.each(Object.entries(contractSchemas))(`records of the contract %s, COUNTERCHECK_SEED=${seed}`, (_, schema) => {
  it("are written as avsc writes them, one behind the other", () => {
    const node = parseSchema(schema, "contract");
    const write = compileWriter(node);
    const type = avro.Type.forSchema(schema, { wrapUnions: "never" });
    const out = new ByteWriter(1);
    fc.assert(
      fc.property(fc.array(anyOf(node), { minLength: 1, maxLength: 3 }), (records) => {
        out.clear();
        for (const record of records) write(out, record as object);
        const expected = Buffer.concat(records.map((record) => type.toBuffer(record)));
        expect(out.bytes().toString("hex")).toBe(expected.toString("hex"));
      }),
      { seed, numRuns: 200 },
    );
  });
});

it("writes every long that is a safe integer exactly", () => {
  const schema = { type: "record", name: "R", fields: [{ name: "n", type: "long" }] } as AvroSchema;
  const write = compileWriter(parseSchema(schema, "R"));
  for (const n of [
    0,
    -1,
    63,
    -64,
    64,
    2 ** 31,
    2 ** 52,
    -(2 ** 52) - 1,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
  ]) {
    const out = new ByteWriter();
    write(out, { n });
    expect(decodeValue(schema, out.bytes())).toEqual({ n: BigInt(n) });
  }
});

describe("a record that does not fit", () => {
  const text = { name: "text", type: "string" };
  const writing = (record: object, field: object = text) => {
    const write = compileWriter(parseSchema({ type: "record", name: "R", fields: [field] } as AvroSchema, "R"));
    return () => write(new ByteWriter(), record);
  };

  it.each([
    ["a text", "string", 5],
    ["bytes", "bytes", "text"],
    ["an int", "int", 2 ** 31],
    ["a long", "long", 2 ** 53],
    ["a flag", "boolean", 0],
    ["a symbol", { type: "enum", name: "E", symbols: ["A", "B"] }, "C"],
    ["a list", { type: "array", items: "int" }, { length: 1 }],
    ["an item", { type: "array", items: "int" }, [1, "2"]],
    ["a map", { type: "map", values: "int" }, null],
    ["a record", { type: "record", name: "Inner", fields: [] }, undefined],
    ["what may be null, and is not there", ["null", "string"], undefined],
  ])("is refused for %s that is none", (_, type, value) => {
    expect(writing({ field: value }, { name: "field", type })).toThrow(/field cannot be/);
  });

  it("is refused as a whole", () => {
    expect(writing({})).toThrow(/text cannot be undefined/);
  });
});

it("writes no type that contracts do not have", () => {
  for (const type of ["double", ["string", "int"], { type: "fixed", name: "F", size: 3 }]) {
    const schema = { type: "record", name: "R", fields: [{ name: "field", type }] } as AvroSchema;
    expect(() => compileWriter(parseSchema(schema, "R"))).toThrow(/contract/);
  }
});

/** Any value of a schema, as contracts have it. */
function anyOf(node: SchemaNode): fc.Arbitrary<unknown> {
  switch (node.kind) {
    case "string":
      return fc.oneof(fc.string({ unit: "grapheme", maxLength: 100 }), fc.string({ unit: "binary", maxLength: 70 }));
    case "bytes":
      return fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    case "int":
      return fc.integer();
    case "long":
      // avsc rounds what is beyond.
      return fc.oneof(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), fc.integer());
    case "boolean":
      return fc.boolean();
    case "enum":
      return fc.constantFrom(...node.symbols);
    case "array":
      return fc.array(anyOf(node.items), { maxLength: 4 });
    case "map":
      return fc.dictionary(fc.string({ unit: "grapheme" }), anyOf(node.values), {
        noNullPrototype: true,
        maxKeys: 4,
      });
    case "union":
      return fc.option(anyOf(node.branches.find(({ kind }) => kind !== "null")!));
    case "record":
      return fc.record(Object.fromEntries(node.fields.map((field) => [field.name, anyOf(field.type)])), {
        requiredKeys: node.fields.filter((field) => field.default === undefined).map(({ name }) => name),
      });
    default:
      return fc.constant(null);
  }
}
