import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { seededRandom } from "../../base/random.ts";
import { text } from "../model.ts";
import { KeptPairs, keptPairsCodec } from "./kept-pairs.ts";

const fields = { name: text() };
const codec = keptPairsCodec("tested", fields, fields);

/** A packed row without a partner, of one short text. */
function packed(name: string): Buffer {
  const out = new ByteWriter();
  for (const byte of [0, 1]) out.byte(byte);
  out.text(name);
  return out.bytes();
}

const shown = (kept: KeptPairs, side: 0 | 1): string[] => {
  const rows = kept.sides[side];
  return rows.times.slice(rows.first).map((time, i) => {
    const at = rows.first + i;
    const bytes = kept.heap.subarray(rows.starts[at]! + 2, rows.starts[at]! + rows.lengths[at]!);
    return `${time} ${new ByteReader(bytes).text()}`;
  });
};

describe("what a join keeps of a key", () => {
  it("is both sides' rows by time, while thousands come about in order and are forgotten in order", () => {
    const random = seededRandom(7);
    let kept = new KeptPairs();
    const expected: [string[], string[]] = [[], []];
    for (let n = 0; n < 6_000; n++) {
      const side = random.below(2) as 0 | 1;
      if (expected[side].length > random.below(400)) {
        kept.dropFirst(side);
        expected[side].shift();
        continue;
      }
      const time = n + random.below(30);
      const name = "x".repeat(random.below(60)) + n;
      const bytes = packed(name);
      kept.add(side, time, bytes, bytes.length);
      const before = expected[side].filter((row) => Number.parseInt(row, 10) <= time);
      expected[side].splice(before.length, 0, `${time} ${name}`);
      if (n % 1_000 === 999) kept = rewritten(kept);
    }
    expect([shown(kept, 0), shown(kept, 1)]).toEqual(expected);
    expect(kept.heap.length).toBeLessThan(60 * 4 * (expected[0].length + expected[1].length));
    expect(kept.sides[0].times.length).toBeLessThan(3 * expected[0].length + 100);
  });
});

function rewritten(kept: KeptPairs): KeptPairs {
  const out = new ByteWriter();
  codec.write(kept, out);
  return codec.read(new ByteReader(out.bytes()));
}
