import { describe, expect, it } from "vitest";
import { compare, type Picture, type Truth } from "./truth.ts";

const MISSING: Picture = { currency: "EUR", lower: "100.00", upper: "100.00", actual: "0.00" };
const UNKNOWN: Picture = { currency: "EUR", lower: "0.00", upper: "0.00", actual: "80.00" };
const BETWEEN: Picture = { currency: "EUR", lower: "90.00", upper: "100.00", actual: "50.00" };
/** 100.00 may come in EUR, and came in another currency. */
const ELSEWHERE: Picture = { currency: "EUR", lower: "0.00", upper: "100.00", actual: "0.00" };

describe("the truth against a failure", () => {
  it.each<[string, Truth, Picture, boolean]>([
    ["nothing came there either", { actual: {} }, MISSING, true],
    ["all of it came", { actual: { EUR: "100" } }, MISSING, false],
    ["some of it came", { actual: { EUR: "99.99" } }, MISSING, true],
    ["more than all of it came", { actual: { EUR: "100.01" } }, MISSING, true],
    ["it came in another currency", { actual: { USD: "100.00" } }, MISSING, true],
    ["at a finer scale", { actual: { EUR: "100.0000" } }, MISSING, false],
    ["what is due came", { actual: { EUR: "95.00" } }, BETWEEN, false],
    ["it was never expected", { expected: {} }, UNKNOWN, true],
    ["it was expected", { expected: { EUR: "80.00" } }, UNKNOWN, false],
    ["both sides are equal there", { actual: { EUR: "70" }, expected: { EUR: "70" } }, MISSING, false],
    ["both sides differ there", { actual: { EUR: "70" }, expected: { EUR: "71" } }, MISSING, true],
    ["it says so", { wrong: true }, MISSING, true],
    ["it says that nothing is wrong", { wrong: false }, MISSING, false],
  ])("%s", (_, truth, verdict, isWrong) =>
    expect(compare(truth, verdict).outcome).toBe(isWrong ? "confirmed" : "refuted"),
  );

  it.each<[string, Truth, string]>([
    ["does not tell by an actual total", { actual: { USD: "100.00" } }, "unknown"],
    ["tells by what was expected", { expected: { EUR: "100.00" } }, "confirmed"],
    ["tells by what was expected and came", { actual: { EUR: "100.00" }, expected: { EUR: "100.00" } }, "refuted"],
    ["tells by its word", { wrong: true }, "confirmed"],
  ])("of a failure that is no inequality of one currency %s", (_, truth, outcome) => {
    expect(compare(truth, ELSEWHERE)).toMatchObject({ outcome });
  });

  it("is told with both pictures", () => {
    expect(compare({ actual: { EUR: "100.00" } }, BETWEEN).note).toBe(
      "change events: expected 90.00 to 100.00 EUR, found 50.00; source of truth: expected 90.00 to 100.00 EUR, found 100.00",
    );
  });
});
