import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf, idOf } from "./hash.ts";

const parts = fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.integer()));

describe("an id", () => {
  it("is the same for ever", () => {
    expect(idOf("payment-settlement", "42", "EUR", "", 1)).toBe("287e30fdea2c5e47ada7bf77eeba2850");
    expect(digestOf("0/7/0/1544/0/1/12345\n")).toBe("b941e7042ef9db1aab09cd0defabc93b");
  });

  it("is SHA-256 over its parts, each behind its length in bytes", () => {
    fc.assert(
      fc.property(parts, (of) => {
        const hash = createHash("sha256");
        for (const part of of.map(String)) hash.update(`${Buffer.byteLength(part)}:`).update(part);
        expect(idOf(...of)).toBe(hash.digest("hex").slice(0, 32));
      }),
    );
  });

  it("tells where one part ends and the next begins", () => {
    expect(idOf("a", "b1", 2)).not.toBe(idOf("a", "b", 12));
    expect(idOf("ab")).not.toBe(idOf("a", "b"));
  });
});
