import { describe, expect, it } from "vitest";
import { TextColumn } from "../../base/columns.ts";
import { seededRandom } from "../../base/random.ts";
import { KeyWriter, putInteger } from "./key-text.ts";

const seed = Number(process.env.COUNTERCHECK_SEED ?? Date.now() % 2 ** 31);

/** The words of integers of all lengths, and of those where something changes. */
function* integers(): Generator<bigint> {
  const random = seededRandom(seed);
  for (let exponent = 0n; exponent <= 18n; exponent++) {
    for (const near of [-1n, 0n, 1n]) yield* [10n ** exponent + near, -(10n ** exponent) + near];
    for (const factor of [4n, 9n]) yield* [factor * 10n ** exponent - 1n, factor * 10n ** exponent];
  }
  for (let bits = 1n; bits <= 63n; bits++) yield* [2n ** bits - 1n, -(2n ** bits), 2n ** bits - 2n];
  for (let i = 0; i < 20_000; i++) {
    const words = BigInt(Math.floor(random.next() * 2 ** 32)) << 32n;
    yield BigInt.asIntN(64, words | BigInt(Math.floor(random.next() * 2 ** 32))) >> BigInt(random.below(63));
  }
}

describe(`the text of an integer, COUNTERCHECK_SEED=${seed}`, () => {
  it("is its digits, whatever 64 bits it has", () => {
    const column = new TextColumn();
    column.grow(1);
    const writer = new KeyWriter();
    for (const integer of integers()) {
      const low = Number(BigInt.asIntN(32, integer));
      const high = Number(BigInt.asIntN(64, integer) >> 32n);
      putInteger(column, 0, low, high);
      writer.reset();
      writer.words(low, high);
      const digits = String(BigInt.asIntN(64, integer));
      if (column.text(0) !== digits || writer.toString() !== digits) {
        expect([column.text(0), writer.toString()]).toEqual([digits, digits]);
      }
    }
  });
});
