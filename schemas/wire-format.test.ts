import { describe, expect, it } from "vitest";
import { FRAME_LENGTH, schemaIdAt, writeFrame } from "./wire-format.ts";

describe("Confluent's wire format", () => {
  it.each([0, 1, 24, 0x01020304, 0xffffffff])("carries schema id %i", (id) => {
    const message = new Uint8Array(2 + FRAME_LENGTH);
    writeFrame(id, message, 2);
    expect(schemaIdAt(message, 2, message.length)).toBe(id);
  });

  it("is big-endian behind a zero byte", () => {
    const message = new Uint8Array(FRAME_LENGTH);
    writeFrame(0x01020304, message, 0);
    expect([...message]).toEqual([0, 1, 2, 3, 4]);
  });

  it.each([
    ["a message of JSON", Buffer.from('{"op":"c"}'), "first byte is 123"],
    ["a message that is too short", Buffer.of(0, 0, 0, 1), "too short"],
    ["an empty message", Buffer.of(), "too short"],
  ])("is not taken for %s", (_, message, reason) => {
    expect(() => schemaIdAt(message, 0, message.length)).toThrow(
      expect.objectContaining({ code: "AVRO_NOT_FRAMED", message: expect.stringContaining(reason) }),
    );
  });
});
