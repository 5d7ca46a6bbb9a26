import { describe, expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { decodeCellSet, encodeCellSet } from "./cell-set.ts";
import type { Cell } from "./row-value.ts";

describe("a CellSet", () => {
  it("is what HBase's own protobuf makes of it", () => {
    const cells: Cell[] = [
      { row: "a\u00011", column: "e:r", timestamp: 1001, value: Buffer.from("v1") },
      { row: "a\u00013", column: "e:r", timestamp: 1003, value: Buffer.from("v3") },
    ];
    // As HBase 2.6.1 answered.
    const message = "0a130a03610131120c1203653a7218e907220276310a130a03610133120c1203653a7218eb0722027633";
    expect(Buffer.from(encodeCellSet(cells)).toString("hex")).toBe(message);
  });

  it.each([1, 2, 3])("is read as it was written (seed %i)", (seed) => {
    const random = seededRandom(seed);
    const cells: Cell[] = Array.from({ length: 50 }, (_, i) => ({
      row: `${i}🧾`.repeat(random.below(60) + 1),
      column: "e:i",
      timestamp: random.pick([0, 127, 128, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]),
      value: new Uint8Array(random.below(20_000)).fill(i),
    }));
    const read = decodeCellSet(encodeCellSet(cells)).map((cell) => ({ ...cell, value: Uint8Array.from(cell.value) }));
    expect(read, `seed ${seed}`).toEqual(cells);
  });

  it("that is cut short or is none is refused", () => {
    const message = encodeCellSet([{ row: "r", column: "e:r", timestamp: 1, value: new Uint8Array(300) }]);
    expect(() => decodeCellSet(message.subarray(0, 200))).toThrow(RangeError);
    expect(() => decodeCellSet(Buffer.from("<html></html>"))).toThrow(RangeError);
  });
});
