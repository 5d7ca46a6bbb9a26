import { describe, expect, it } from "vitest";
import { Batch } from "../base/batch.ts";
import { type AvroSchema, avroType } from "./avro-schema.ts";
import { compileDecoder } from "./decoder.ts";

type Field = {
  readonly name: string;
  readonly type: AvroSchema;
  readonly default?: unknown;
  readonly aliases?: readonly string[];
};
const record = (...fields: readonly Field[]): AvroSchema => ({ type: "record", name: "Row", fields });
const x = (type: AvroSchema): AvroSchema => record({ name: "x", type });
const choice = (symbols: readonly string[], fallback?: string): AvroSchema => ({
  ...{ type: "enum", name: "Choice", symbols },
  ...(fallback === undefined ? {} : { default: fallback }),
});

/** The row that a reader gets of what a writer wrote. */
function read(writer: AvroSchema, value: unknown, reader: AvroSchema): Record<string, unknown> {
  const decoder = compileDecoder(writer, reader, "test");
  const body = avroType(writer, "test").toBuffer(value);
  const batch = new Batch(decoder.layout, 1);
  decoder.decode(body, 0, body.length, batch, 0);
  return batch.row(0);
}

const error = (code: string) => expect.objectContaining({ code });

describe("a reader's schema", () => {
  it.each<[AvroSchema, unknown, AvroSchema, unknown]>([
    ["int", -3, "long", -3n],
    ["int", 16777217, "float", 16777216],
    ["int", 2147483647, "double", 2147483647],
    ["long", 16777217n, "float", 16777216],
    ["long", 2n ** 53n + 1n, "double", 2 ** 53],
    ["long", -(2n ** 63n), "double", -(2 ** 63)],
    ["float", 0.5, "double", 0.5],
    ["string", "é", "bytes", Buffer.from("é")],
    ["bytes", Buffer.from("é"), "string", "é"],
  ])("promotes %s %s to %s", (from, value, to, expected) => {
    expect(read(x(from), { x: value }, x(to))).toEqual({ x: expected });
    expect(read(x({ type: "array", items: from }), { x: [value] }, x({ type: "array", items: to })).x).toEqual([
      expected instanceof Buffer ? new Uint8Array(expected) : expected,
    ]);
  });

  it.each<[AvroSchema, AvroSchema]>([
    ["long", "int"],
    ["double", "float"],
    ["double", "string"],
    ["string", "int"],
    [
      { type: "fixed", name: "F", size: 2 },
      { type: "fixed", name: "F", size: 3 },
    ],
    [
      { type: "array", items: "long" },
      { type: "array", items: "int" },
    ],
    [
      { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 },
      { type: "bytes", logicalType: "decimal", precision: 9, scale: 3 },
    ],
  ])("refuses %j for %j", (from, to) => {
    expect(() => compileDecoder(x(from), x(to), "test")).toThrow(error("AVRO_INCOMPATIBLE"));
  });

  it("drops, adds, renames and reorders fields", () => {
    const writer = record(
      { name: "old", type: "int" },
      { name: "gone", type: "string" },
      { name: "same", type: "boolean" },
    );
    const reader = record(
      { name: "same", type: "boolean" },
      { name: "added", type: ["null", "string"], default: null },
      { name: "channel", type: "string", default: 'web "é`' },
      { name: "now", type: "long", aliases: ["older", "old"] },
    );
    const row = read(writer, { old: 7, gone: "x", same: true }, reader);
    expect(Object.entries(row)).toEqual([
      ["same", true],
      ["added", null],
      ["channel", 'web "é`'],
      ["now", 7n],
    ]);
  });

  it("takes a writer's field for two of its own", () => {
    const reader = record({ name: "y", type: "long", aliases: ["x"] }, { name: "x", type: "int" });
    expect(read(x("int"), { x: 5 }, reader)).toEqual({ y: 5n, x: 5 });
  });

  it("needs a default for what is not written", () => {
    expect(() => compileDecoder(x("int"), record({ name: "y", type: "int" }), "test")).toThrow(/Row.y is not written/);
  });

  it("takes the null of a union for a nullable field, and any value for a union", () => {
    expect(read(x("int"), { x: 1 }, x(["null", "int"]))).toEqual({ x: 1 });
    expect(read(x(["null", "int"]), { x: null }, x(["long", "null"]))).toEqual({ x: null });
    expect(read(x("int"), { x: 1 }, x(["null", "string", "double"]))).toEqual({ x: 1 });
  });

  it("prefers the same type to a promotion in a union, so that every schema reads itself", () => {
    expect(read(x(["long", "int"]), { x: { int: 1 } }, x(["long", "int"]))).toEqual({ x: 1 });
  });

  it("judges by record where only some branches fit", () => {
    const writer = x(["null", "int", "string"]);
    expect(read(writer, { x: { int: 1 } }, x("int"))).toEqual({ x: 1 });
    expect(() => read(writer, { x: null }, x("int"))).toThrow(error("AVRO_CORRUPT"));
  });

  it("maps symbols, to its default where it has not got them", () => {
    expect(read(x(choice(["A", "B"])), { x: "B" }, x(choice(["C", "B", "A"])))).toEqual({ x: "B" });
    expect(read(x(choice(["A", "B"])), { x: "B" }, x(choice(["A", "OTHER"], "OTHER")))).toEqual({ x: "OTHER" });
    expect(() => read(x(choice(["A", "B"])), { x: "B" }, x(choice(["A"])))).toThrow(error("AVRO_CORRUPT"));
  });

  it("knows renamed types by their aliases", () => {
    const writer = x({ type: "fixed", name: "shop.Old", size: 1 });
    const reader = x({ type: "fixed", name: "shop.New", aliases: ["Old"], size: 1 });
    expect(read(writer, { x: Buffer.of(9) }, reader)).toEqual({ x: Buffer.of(9) });
    expect(() => compileDecoder(writer, x({ type: "fixed", name: "shop.New", size: 1 }), "test")).toThrow(
      error("AVRO_INCOMPATIBLE"),
    );
  });

  it("defaults whole records, each leaf in its column", () => {
    const money: AvroSchema = {
      type: "record",
      name: "Money",
      fields: [
        { name: "minor", type: "long" },
        { name: "currency", type: "string", default: "EUR" },
        { name: "raw", type: "bytes" },
      ],
    };
    const reader = record(
      { name: "x", type: "int" },
      { name: "fee", type: money, default: { minor: -1, raw: "\u00ff" } },
    );
    const row = read(x("int"), { x: 1 }, reader);
    expect(row).toEqual({ x: 1, "fee.minor": -1n, "fee.currency": "EUR", "fee.raw": Buffer.of(255) });
  });
});
