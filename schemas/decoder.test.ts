import { describe, expect, it } from "vitest";
import { Batch } from "../base/batch.ts";
import { type AvroSchema, avroType } from "./avro-schema.ts";
import { type CompiledDecoder, compileProjection, decodeValue, describeField, type Projection } from "./decoder.ts";

type Fields = readonly (readonly [name: string, type: AvroSchema])[];

const record = (...fields: Fields): AvroSchema => named("Row", ...fields);
const named = (name: string, ...fields: Fields): AvroSchema => ({
  type: "record",
  name,
  fields: fields.map(([field, type]) => ({ name: field, type })),
});
const decimal = { logicalType: "decimal", precision: 30, scale: 2 };

function encoded(schema: AvroSchema, value: unknown): Buffer {
  return avroType(schema, "test").toBuffer(value);
}

function rowOf(decoder: CompiledDecoder, body: Uint8Array): Record<string, unknown> {
  const batch = new Batch(decoder.layout, 1);
  decoder.decode(body, 0, body.length, batch, 0);
  return batch.row(0);
}

function project(schema: AvroSchema, body: Uint8Array, ...fields: readonly (string | Projection)[]) {
  const projections = fields.map((field) => (typeof field === "string" ? { path: field } : field));
  return rowOf(compileProjection(schema, projections, "test"), body);
}

const corrupt = (reason: string) =>
  expect.objectContaining({ code: "AVRO_CORRUPT", message: expect.stringContaining(reason) });

describe("the column of a field", () => {
  it.each<[AvroSchema, string, unknown, unknown]>([
    ["null", "value", null, null],
    ["boolean", "bool", true, true],
    ["int", "int32", -2147483648, -2147483648],
    ["float", "float64", 0.5, 0.5],
    ["double", "float64", -0.1, -0.1],
    ["string", "text", "Café ☕ 🧾", "Café ☕ 🧾"],
    ["bytes", "bytes", Buffer.of(0, 255), Buffer.of(0, 255)],
    [{ type: "fixed", name: "F", size: 2 }, "bytes", Buffer.of(1, 2), Buffer.of(1, 2)],
    [{ type: "enum", name: "E", symbols: ["A", "B"] }, "text", "B", "B"],
    [{ type: "int", logicalType: "date" }, "int32", -1, -1],
    [{ type: "bytes", ...decimal }, "bytes", Buffer.of(255), Buffer.of(255)],
    [["null", "int"], "int32", null, null],
    [["int", "null"], "int32", { int: 7 }, 7],
    [{ type: "array", items: "long" }, "value", [1n, 2n], [1n, 2n]],
    [{ type: "map", values: "string" }, "value", { a: "b" }, { a: "b" }],
    [["null", "int", "string"], "value", { string: "x" }, "x"],
  ])("of type %j is %s", (type, column, value, expected) => {
    const schema = record(["x", type]);
    expect(compileProjection(schema, [{ path: "x" }], "test").layout).toEqual([{ name: "x", type: column }]);
    expect(project(schema, encoded(schema, { x: value }), "x")).toEqual({ x: expected });
  });

  it.each([
    0n,
    -1n,
    63n,
    -64n,
    64n,
    2n ** 31n,
    -(2n ** 31n),
    2n ** 53n + 1n,
    -(2n ** 53n) - 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
  ])("holds the long %d exactly", (x) => {
    const schema = record(["x", { type: "long", logicalType: "timestamp-nanos" }]);
    expect(project(schema, encoded(schema, { x }), "x")).toEqual({ x });
  });

  it("is asked for in any order, and the rest is skipped", () => {
    const schema = record(
      ["a", "string"],
      ["b", { type: "array", items: "double" }],
      ["c", "long"],
      ["d", ["null", "bytes"]],
    );
    const body = encoded(schema, { a: "a", b: [1, 2], c: 3n, d: { bytes: Buffer.of(4) } });
    expect(project(schema, body, "d", "a")).toEqual({ d: Buffer.of(4), a: "a" });
  });

  it("belongs to a row: the others of a batch stay as they are", () => {
    const schema = record(["x", ["null", "string"]]);
    const decoder = compileProjection(schema, [{ path: "x" }], "test");
    const batch = new Batch(decoder.layout, 3);
    const bodies = [{ string: "one" }, null, { string: "three" }].map((x) => encoded(schema, { x }));
    const all = Buffer.concat(bodies);
    let at = 0;
    for (const [row, { length }] of bodies.entries()) {
      decoder.decode(all, at, at + length, batch, row);
      at += length;
    }
    expect([0, 1, 2].map((row) => batch.row(row).x)).toEqual(["one", null, "three"]);
  });
});

describe("a nested record", () => {
  const inner = named("Inner", ["id", "long"], ["tag", ["null", "string"]]);
  const schema = record(["after", ["null", inner]], ["op", "string"]);

  it("has columns for its leaves, and one that says whether it is there", () => {
    const there = encoded(schema, { after: { Inner: { id: 5n, tag: null } }, op: "c" });
    const gone = encoded(schema, { after: null, op: "d" });
    const paths = ["after", "after.id", "after.tag", "op"];
    expect(project(schema, there, ...paths)).toEqual({ after: true, "after.id": 5n, "after.tag": null, op: "c" });
    expect(project(schema, gone, ...paths)).toEqual({ after: false, "after.id": null, "after.tag": null, op: "d" });
  });

  it("is one value where it is recursive", () => {
    const tree = record(["id", "int"], ["next", ["null", "Row"]]);
    const body = encoded(tree, { id: 1, next: { Row: { id: 2, next: null } } });
    expect(project(tree, body, "id", "next")).toEqual({ id: 1, next: { id: 2, next: null } });
    expect(describeField(tree, "next.id")).toBeUndefined();
  });
});

describe("an unscaled decimal", () => {
  const schema = record(
    ["x", { type: "bytes", ...decimal }],
    ["y", ["null", { type: "fixed", name: "F", size: 10, ...decimal }]],
  );
  const fields: Projection[] = [
    { path: "x", as: "unscaled" },
    { path: "y", as: "unscaled" },
  ];
  const body = (hex: string, y = "00000000000000000000") =>
    encoded(schema, { x: Buffer.from(hex, "hex"), y: { F: Buffer.from(y, "hex") } });

  it.each([
    ["00", 0n],
    ["ff", -1n],
    ["2f12", 12050n],
    ["ff80", -128n],
    ["7fffffffffffffff", 2n ** 63n - 1n],
    ["8000000000000000", -(2n ** 63n)],
    ["00007fffffffffffffff", 2n ** 63n - 1n],
    ["ffff8000000000000000", -(2n ** 63n)],
  ])("%s is %d", (hex, x) => {
    expect(project(schema, body(hex), ...fields)).toEqual({ x, y: 0n });
  });

  it.each(["008000000000000000", "ff7fffffffffffffff", "01000000000000000000"])("%s is past 64 bits", (hex) => {
    expect(() => project(schema, body(hex), ...fields)).toThrow(
      expect.objectContaining({ code: "DECIMAL_OUT_OF_RANGE" }),
    );
  });

  it("of a fixed is read, or out of range, too", () => {
    expect(project(schema, body("00", "ffffffffffffffffff38"), ...fields)).toEqual({ x: 0n, y: -200n });
    const past = () => project(schema, body("00", "01000000000000000000"), ...fields);
    expect(past).toThrow(expect.objectContaining({ code: "DECIMAL_OUT_OF_RANGE" }));
  });

  it("has digits", () => {
    expect(() => project(schema, body(""), ...fields)).toThrow(corrupt("without digits"));
  });
});

describe("a corrupt record", () => {
  const schema = record(["a", "long"], ["s", "string"], ["z", "boolean"]);
  const body = encoded(schema, { a: 1n, s: "text", z: true });

  it.each<[string, string, string]>([
    ["ends early", "02087465", "beyond the end"],
    ["has bytes left over", "0208746578740100", "left over"],
    ["has a length beyond the end", "02feffffff0f746578", "beyond the end"],
    ["has a negative length", "020974657874", "negative"],
    ["has an integer without end", "ffffffffffffffffffffff01", "64 bits"],
    ["has a boolean of its own", "02087465787407", "neither 0 nor 1"],
  ])("that %s is recognised, with the schema's name", (_, hex, reason) => {
    const decoder = compileProjection(schema, [{ path: "a" }, { path: "z" }], "shop.payments-value");
    expect(() => rowOf(decoder, Buffer.from(hex, "hex"))).toThrow(corrupt(reason));
    expect(() => rowOf(decoder, Buffer.from(hex, "hex"))).toThrow("shop.payments-value");
  });

  it.each(["00", "ff", "ffffffffffffffffffffffffffffffff"])("is told of in the same words with %s behind it", (hex) => {
    const longs = record(["a", "long"], ["z", "long"]);
    const decoder = compileProjection(longs, [{ path: "a" }, { path: "z" }], "test");
    const cut = encoded(longs, { a: 1n, z: 1n << 60n }).subarray(0, -3);
    const batch = new Batch(decoder.layout, 1);
    const decode = (buffer: Buffer) => () => decoder.decode(buffer, 0, cut.length, batch, 0);
    expect(decode(cut)).toThrow(corrupt("it ends too early, at byte 8"));
    expect(decode(Buffer.concat([cut, Buffer.from(hex, "hex")]))).toThrow(corrupt("it ends too early, at byte 8"));
  });

  it("leaves its row to be decoded into again", () => {
    const decoder = compileProjection(schema, [{ path: "s" }, { path: "z" }], "test");
    const batch = new Batch(decoder.layout, 1);
    expect(() => decoder.decode(body, 0, body.length - 1, batch, 0)).toThrow();
    decoder.decode(body, 0, body.length, batch, 0);
    expect(batch.row(0)).toEqual({ s: "text", z: true });
  });

  it("is checked up to the last field that is wanted", () => {
    expect(project(schema, body.subarray(0, 3), "a")).toEqual({ a: 1n });
    expect(() => project(schema, body.subarray(0, 0), "a")).toThrow(corrupt("too early"));
  });

  it.each<[string, AvroSchema, string]>([
    ["an array of nulls without end", { type: "array", items: "null" }, "feffffff0f"],
    [
      "arrays of empty arrays of nulls",
      { type: "array", items: { type: "array", items: "null" } },
      `10${"feffffff0f00".repeat(8)}00`,
    ],
    ["more items than bytes", { type: "array", items: "long" }, "feffffff0f02"],
    ["a map that does not end", { type: "map", values: "null" }, "feffffff0f0261"],
  ])("cannot make decoding long: %s", (_, type, hex) => {
    expect(() => decodeValue(type, Buffer.from(hex, "hex"))).toThrow(corrupt(""));
  });

  it("cannot exhaust the stack", () => {
    const tree = record(["next", ["null", "Row"]]);
    expect(() => decodeValue(tree, Buffer.alloc(1_000_000, 2))).toThrow(corrupt("too deep"));
    const nested = record(["tree", named("Tree", ["next", ["null", "Tree"]])], ["z", "int"]);
    expect(() => project(nested, Buffer.alloc(1_000_000, 2), "z")).toThrow(corrupt("too deep"));
  });
});

describe("arrays and maps in blocks with their size", () => {
  const schema = record(
    ["skipped", { type: "array", items: "string" }],
    ["map", { type: "map", values: "int" }],
    ["z", "int"],
  );
  const body = Buffer.from("03080261026202026300" + "0106026b0e00" + "06", "hex");

  it("are skipped and read", () => {
    expect(project(schema, body, "z")).toEqual({ z: 3 });
    expect(decodeValue(schema, body)).toEqual({ skipped: ["a", "b", "c"], map: { k: 7 }, z: 3 });
  });
});

describe("what comes from outside", () => {
  it("is never code: names, symbols and defaults", () => {
    const schema = record(["__proto__", "int"], ["constructor", { type: "map", values: "int" }], ["return", "int"]);
    const body = Buffer.from(`0204${"125f5f70726f746f5f5f"}06${"0261"}08000a`, "hex");
    expect(project(schema, body, "return", "__proto__")).toEqual(
      Object.fromEntries([
        ["return", 5],
        ["__proto__", 1],
      ]),
    );
    const value = decodeValue(schema, body) as Record<string, object>;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.entries(value)[0]).toEqual(["__proto__", 1]);
    expect(Object.entries(value.constructor as object)).toEqual([
      ["__proto__", 3],
      ["a", 4],
    ]);
  });

  it("cannot make a program without end of few names", () => {
    const level = (n: number): AvroSchema => {
      const type = n === 0 ? "int" : level(n - 1);
      const again = n === 0 ? "int" : `L${n - 1}`;
      return {
        type: "record",
        name: `L${n}`,
        fields: [
          { name: "a", type },
          { name: "b", type: again },
        ],
      };
    };
    const schema = record(["deep", level(17)], ["z", "int"]);
    const body = Buffer.alloc(2 ** 18 + 1, 2);
    expect(project(schema, body, "z")).toEqual({ z: 1 });
    expect(decodeValue(schema, body)).toMatchObject({ deep: { a: { b: {} } }, z: 1 });
  });
});

describe("a projection", () => {
  it.each([
    ["a field that is not there", record(["a", "int"]), { path: "b" }],
    ["a path into an array", record(["a", { type: "array", items: "int" }]), { path: "a.b" }],
    ["digits of what is no decimal", record(["a", "bytes"]), { path: "a", as: "unscaled" }],
  ] as const)("cannot ask for %s", (_, schema, field) => {
    expect(() => compileProjection(schema, [field], "test")).toThrow(
      expect.objectContaining({ code: "AVRO_INCOMPATIBLE" }),
    );
  });

  it.each<AvroSchema>(["nothing", { type: "record", name: "R" }, record(["a", "Unknown"]), ["int", "int"]])(
    "cannot be made of the schema %j",
    (schema) => {
      expect(() => compileProjection(schema, [], "test")).toThrow(
        expect.objectContaining({ code: "AVRO_SCHEMA_INVALID" }),
      );
    },
  );

  it("of the empty path is the whole value", () => {
    expect(project("long", Buffer.of(3), "")).toEqual({ "": -2n });
  });
});
