import { describe, expect, it } from "vitest";
import { type ErrorCode, errorCatalogue } from "./error-catalogue.ts";
import { assert, CountercheckError, isError, messageOf, raise } from "./errors.ts";

const codes = Object.keys(errorCatalogue) as ErrorCode[];
const placeholders = (message: string) => [...message.matchAll(/\{(\w*)\}/g)].map((match) => match[1]!);

describe("the error catalogue", () => {
  it("is sorted by code, so that two people add theirs in different places", () => {
    expect(codes).toEqual([...codes].sort());
  });

  it.each(codes)("%s: a code in capitals, a message of whole sentences, placeholders that are names", (code) => {
    const { message } = errorCatalogue[code];
    expect(code).toMatch(/^[A-Z]+(_[A-Z0-9]+)*$/);
    expect(message).toMatch(/^[A-Z{0-9]/);
    expect(message).toMatch(/(\.|: \{reason\})$/);
    expect(message).not.toMatch(/\$\{|\s{2}|\n/);
    for (const name of placeholders(message)) expect(name).toMatch(/^[a-z][A-Za-z]*$/);
    expect(message.replace(/\{\w+\}/g, "")).not.toMatch(/\{\S|\S\}/);
  });

  it("each message can be filled from its details", () => {
    for (const code of codes) {
      const { message } = errorCatalogue[code];
      const details = Object.fromEntries(placeholders(message).map((name) => [name, `<${name}>`]));
      const filled = new CountercheckError(code, details).message;
      expect(filled).toBe(message.replace(/\{(\w+)\}/g, "<$1>"));
    }
  });

  it("only what lies outside can get better by itself: no user's error and no bug is retryable, but for locks", () => {
    const retryable = codes.filter(
      (code) => errorCatalogue[code].retryable && errorCatalogue[code].fault !== "external",
    );
    expect(retryable).toEqual(["LOCK_HELD", "LOG_LOCKED", "STATE_LOCKED"]);
  });
});

describe("errors", () => {
  it("carry code, fault, whether a retry helps, details and cause", () => {
    const cause = new Error("ENOSPC");
    try {
      raise("DESK_BUSY", { path: "desk.db", timeoutMs: 5_000 }, { cause });
    } catch (error) {
      expect(isError(error) && isError(error, "DESK_BUSY") && !isError(error, "BUG")).toBe(true);
      expect(error).toMatchObject({ name: "CountercheckError", fault: "external", retryable: true, cause });
      expect(messageOf(error)).toContain("desk.db is locked by another process for more than 5000 ms");
    }
  });

  it("show a question mark for a detail that was forgotten", () => {
    expect(new CountercheckError("BUG").message).toContain("impossible: ?.");
  });

  it("an assertion that does not hold is a bug of ours", () => {
    assert(true, "never said");
    expect(() => assert(false, "two keys are one")).toThrow(expect.objectContaining({ code: "BUG", fault: "bug" }));
  });

  it("whatever is thrown has a message", () => {
    expect([messageOf(new Error("a")), messageOf("b"), messageOf(7)]).toEqual(["a", "b", "7"]);
    expect(isError(new Error("BUG"), "BUG")).toBe(false);
  });
});
