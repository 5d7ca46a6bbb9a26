import { describe, expect, it } from "vitest";
import { AvroWriter } from "./avro-writer.ts";
import { parseSchema, unscaledOf } from "./decoded-log.test-helper.ts";

const write = (run: (writer: AvroWriter) => void) => {
  const writer = new AvroWriter();
  writer.begin(7);
  run(writer);
  return Buffer.from(writer.finish()).subarray(5);
};

const long = parseSchema({ type: "long" });
const edges = [0n, 1n, -1n, 63n, 64n, -64n, -65n, 2n ** 31n, 2n ** 32n, 2n ** 53n - 1n, 1n - 2n ** 53n];

describe("AvroWriter, read by avsc", () => {
  it.each([...edges, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])("writes the long %i", (value) => {
    expect(long.fromBuffer(write((writer) => writer.bigLong(value)))).toBe(value);
  });

  it.each(edges)("writes the number %i", (value) => {
    expect(long.fromBuffer(write((writer) => writer.long(Number(value))))).toBe(value);
  });

  it.each([...edges, 127n, 128n, -128n, -129n, 255n, 256n, 32767n, 32768n])("writes the decimal %i, short", (value) => {
    const bytes = parseSchema({ type: "bytes" }).fromBuffer(write((writer) => writer.decimal(Number(value)))) as Buffer;
    expect(unscaledOf(bytes)).toBe(value);
    const isShorter = bytes.length > 1 && unscaledOf(bytes.subarray(1)) === value;
    expect(isShorter).toBe(false);
  });

  it.each(["", "EUR", "Café ☕ 🙂", "é".repeat(5000)])("writes text", (value) => {
    expect(parseSchema({ type: "string" }).fromBuffer(write((writer) => writer.text(value)))).toBe(value);
  });

  it("frames as Confluent does", () => {
    const writer = new AvroWriter();
    writer.begin(258);
    expect([...writer.finish()]).toEqual([0, 0, 0, 1, 2]);
  });
});
