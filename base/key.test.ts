import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compositeKey, displayKey, type KeyPart, keyOf, keyParts, parseKey } from "./key.ts";

/** Parts that look alike, and lists of them. */
const part = fc.oneof(
  fc.bigInt({ min: -11n, max: 111n }),
  fc.bigInt(),
  fc.string({ unit: fc.constantFrom("a", "|", "\\", "'", "1", "-", "0"), maxLength: 4 }),
  fc.constantFrom("true", "false", "42", "-7", "007", "'", "1|2", "'a|'b", "a\nb"),
  fc.string({ unit: "binary" }),
  fc.boolean(),
);
const parts = fc.array(part, { minLength: 1, maxLength: 3 });

/** What a canonical text was made of, read letter by letter. */
function partsOf(key: string): KeyPart[] {
  const list: string[] = [""];
  for (let i = 0; i < key.length; i++) {
    if (key[i] === "|") list.push("");
    else if (key[i] === "\\") list[list.length - 1] += key[++i];
    else list[list.length - 1] += key[i];
  }
  return list.map((text) =>
    text.startsWith("'") ? text.slice(1) : text === "true" || text === "false" ? text === "true" : BigInt(text),
  );
}

describe("the canonical text of keys", () => {
  it.each<[KeyPart, string]>([
    [42, "42"],
    [42n, "42"],
    [-7, "-7"],
    [18446744073709551615n, "18446744073709551615"],
    ["42", "'42"],
    ["", "'"],
    ["a|b", "'a\\|b"],
    ["a\\b", "'a\\\\b"],
    ["'quoted'", "''quoted'"],
    [true, "true"],
  ])("of %s is %s; it is fixed, for state and ids are built on it", (part, key) => expect(keyOf(part)).toBe(key));

  it("differs for different values, composites included", () => {
    fc.assert(
      fc.property(parts, parts, (left, right) => {
        const same = left.length === right.length && left.every((value, index) => value === right[index]);
        expect(compositeKey(left.map(keyOf)) === compositeKey(right.map(keyOf))).toBe(same);
      }),
    );
  });

  it("can be read back into its parts, so that no two lists of parts have the same", () => {
    fc.assert(
      fc.property(parts, (list) => {
        expect(partsOf(compositeKey(list.map(keyOf)))).toEqual(list);
        expect(keyParts(compositeKey(list.map(keyOf)))).toEqual(list.map(keyOf));
      }),
      { numRuns: 1_000 },
    );
  });

  it("strings compare exactly: case, spaces and Unicode forms count", () => {
    expect(new Set(["a", "A", "a ", "\u00e9", "e\u0301"].map(keyOf)).size).toBe(5);
  });
});

describe("a key that a person typed", () => {
  it.each([
    ["42", "42"],
    ["-042", "-42"],
    ["ORD-7", "'ORD-7"],
    ["'42", "'42"],
    ["7|'eu", "7|'eu"],
    ["007|-0|'07", "7|0|'07"],
    ["true", "true"],
    ["7|eu", "'7\\|eu"],
    ["'a\\b", "''a\\\\b"],
    ["", "'"],
  ])("%s is %s", (typed, key) => expect(parseKey(typed)).toBe(key));

  it("is what displayKey shows of any key", () => {
    fc.assert(
      fc.property(parts, (list) => {
        const key = compositeKey(list.map(keyOf));
        expect(parseKey(displayKey(key))).toBe(key);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["42", "42"],
    ["'42", "'42"],
    ["'-7", "'-7"],
    ["'007", "'007"],
    ["'true", "'true"],
    ["''quoted'", "''quoted'"],
    ["'a\\|b", "'a\\|b"],
    ["'a\\\\b", "'a\\\\b"],
    ["'", "'"],
    ["7|'eu", "7|'eu"],
    ["'ORD-7", "ORD-7"],
  ])("so %s is shown as %s", (key, shown) => expect(displayKey(key)).toBe(shown));

  it("is what displayKey shows of a string, without its quote where it can be", () => {
    const letters = fc.string({ unit: fc.constantFrom(..."abc-ÄÖ "), minLength: 1 });
    fc.assert(
      fc.property(letters, (text) => {
        expect([displayKey(keyOf(text)), parseKey(text)]).toEqual([text, keyOf(text)]);
      }),
    );
  });
});
