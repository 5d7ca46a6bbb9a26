import { describe, expect, it } from "vitest";
import { Batch } from "../base/batch.ts";
import { compileProjection } from "./decoder.ts";

const types = ["int", "long", "boolean", "double", "long", "string", "string"];
const fields = types.map((type, i) => ({ name: `f${i}`, type }));
const decoder = compileProjection({ type: "record", name: "R", fields }, [{ path: "f6" }], "skipped");

/** An integer in so many bytes, most of which say nothing. */
const integer = (bytes: number) => Buffer.from([...new Array(bytes - 1).fill(0x80), 0]);

/** Reads the last field behind integers of so many bytes. */
function read(...[first, second, third]: [number, number, number]): unknown {
  const fixed = Buffer.alloc(9);
  const texts = [Buffer.from([140, 1]), Buffer.alloc(70), Buffer.from([2, 97])];
  const body = Buffer.concat([integer(first), integer(second), fixed, integer(third), ...texts]);
  const batch = new Batch(decoder.layout, 1);
  decoder.decode(body, 0, body.length, batch, 0);
  return batch.columns[0]!.get(0);
}

describe("fields that nobody reads", () => {
  it("are passed over together, whatever the lengths of their integers", () => {
    for (const bytes of [1, 2, 6, 7, 10]) {
      expect(read(bytes, 1, 1)).toBe("a");
      expect(read(1, bytes, 10)).toBe("a");
      expect(read(10, 10, bytes)).toBe("a");
    }
  });

  it("have integers of ten bytes at most, wherever they stand", () => {
    const corrupt = expect.objectContaining({ code: "AVRO_CORRUPT" });
    for (const bytes of [11, 12, 40]) {
      expect(() => read(bytes, 1, 1)).toThrow(corrupt);
      expect(() => read(1, bytes, 1)).toThrow(corrupt);
      expect(() => read(1, 1, bytes)).toThrow(corrupt);
    }
  });
});
