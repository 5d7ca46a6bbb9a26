import { describe, expect, it } from "vitest";
import type { RecordBatch } from "../../base/record-batch.ts";
import { type AvroSchema, avroType } from "../../schemas/avro-schema.ts";
import { KeyOnlyRows } from "./key-only-rows.ts";

/** Columns as PostgreSQL's connector has them, each with what it writes for nothing, and something. */
const COLUMNS: readonly (readonly [type: unknown, nothing: unknown, something: unknown, byDefault?: unknown])[] = [
  [["null", "string"], null, { string: "x" }, null],
  [["null", "long"], { long: 0n }, { long: 2n }],
  ["long", 0n, 1n],
  ["int", 0, -1],
  ["int", 7, 1, 7],
  ["double", 0, 0.5],
  ["boolean", false, true],
  ["boolean", true, true, true],
  ["string", "", " "],
  ["string", "new", "old", "new"],
  ["string", "{}", "{ }"],
  ["string", "1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:01Z"],
  [{ type: "bytes", logicalType: "decimal", precision: 12, scale: 2 }, Buffer.of(0), Buffer.of(0, 1)],
  [{ type: "bytes", logicalType: "decimal", precision: 12, scale: 2 }, Buffer.of(250), Buffer.of(25), "\u00fa"],
  [{ type: "array", items: "string" }, [], ["a"]],
];

const fields = [
  { name: "id", type: "long" },
  ...COLUMNS.map(([type, , , byDefault], i) => ({
    name: `c${i}`,
    type,
    ...(byDefault === undefined ? {} : { default: byDefault }),
  })),
];
const schema: AvroSchema = {
  type: "record",
  name: "Envelope",
  fields: [{ name: "before", type: ["null", { type: "record", name: "Value", fields }], default: null }],
};

function isKeyOnly(row: Record<string, unknown>, key: readonly string[] = ["id"]): boolean {
  const value = avroType(schema, "envelope").toBuffer({ before: { Value: row } });
  const framed = Buffer.concat([Buffer.alloc(5), value]);
  const records = { buffer: framed, valueStarts: [0], valueEnds: [framed.length] } as unknown as RecordBatch;
  return new KeyOnlyRows(schema, "test").isKeyOnly(records, 0, key);
}

const nothing = { id: 4n, ...Object.fromEntries(COLUMNS.map(([, value], i) => [`c${i}`, value])) };

describe("a row of which the log held the key alone", () => {
  it("is null, zero, empty or by default in all other columns", () => {
    expect(isKeyOnly(nothing)).toBe(true);
  });

  it.each(COLUMNS.flatMap(([, no, some], i) => (no === some ? [] : [[i, some]])))(
    "is none that has something in one of them: column %i",
    (i, some) => {
      expect(isKeyOnly({ ...nothing, [`c${i}`]: some })).toBe(false);
      expect(isKeyOnly({ ...nothing, [`c${i}`]: some }, ["id", `c${i}`])).toBe(true);
    },
  );

  it("is none where all columns are of the key", () => {
    expect(isKeyOnly(nothing, Object.keys(nothing))).toBe(false);
  });
});
