import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compositeKey, displayKey, type KeyPart, keyOf, parseKey } from "./key.ts";

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
    const part = fc.oneof(fc.bigInt(), fc.string({ unit: fc.constantFrom("a", "|", "\\", "'", "1") }), fc.boolean());
    const parts = fc.array(part, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(parts, parts, (left, right) => {
        const same = left.length === right.length && left.every((value, index) => value === right[index]);
        expect(compositeKey(left.map(keyOf)) === compositeKey(right.map(keyOf))).toBe(same);
      }),
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
  ])("%s is %s", (typed, key) => expect(parseKey(typed)).toBe(key));

  it("is what displayKey shows of a string", () => {
    const letters = fc.string({ unit: fc.constantFrom(..."abc-ÄÖ "), minLength: 1 });
    fc.assert(
      fc.property(letters, (text) => {
        expect(parseKey(displayKey(keyOf(text)))).toBe(keyOf(text));
      }),
    );
  });
});
