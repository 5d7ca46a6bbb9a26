import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decimalOfDouble,
  divide,
  exponentOf,
  fitsInt64,
  formatDecimal,
  packCurrency,
  parseDecimal,
  type RoundingMode,
  rescale,
  unpackCurrency,
} from "./money.ts";

describe("currencies", () => {
  it.each([
    ["EUR", 2],
    ["JPY", 0],
    ["KWD", 3],
    ["CLF", 4],
    ["XXY", undefined],
    ["eur", undefined],
  ])("%s has %s digits by ISO 4217", (code, digits) => expect(exponentOf(code)).toBe(digits));

  it("codes are packed without loss, and anything else is refused", () => {
    const code = fc.string({ unit: fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"), minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(code, (text) => {
        expect(unpackCurrency(packCurrency(text))).toBe(text);
      }),
    );
    for (const wrong of ["eur", "EU", "EURO", "€UR"]) expect(() => packCurrency(wrong)).toThrow("impossible");
  });
});

describe("rounding", () => {
  const modes = ["halfEven", "halfUp", "halfDown", "up", "down", "ceiling", "floor"] as const;
  /** Tenths, rounded to units by each mode in order. */
  const table: readonly (readonly [bigint, ...bigint[]])[] = [
    [5n, 0n, 1n, 0n, 1n, 0n, 1n, 0n],
    [15n, 2n, 2n, 1n, 2n, 1n, 2n, 1n],
    [25n, 2n, 3n, 2n, 3n, 2n, 3n, 2n],
    [24n, 2n, 2n, 2n, 3n, 2n, 3n, 2n],
    [26n, 3n, 3n, 3n, 3n, 2n, 3n, 2n],
    [-5n, 0n, -1n, 0n, -1n, 0n, 0n, -1n],
    [-15n, -2n, -2n, -1n, -2n, -1n, -1n, -2n],
    [-26n, -3n, -3n, -3n, -3n, -2n, -2n, -3n],
    [30n, 3n, 3n, 3n, 3n, 3n, 3n, 3n],
  ];

  it.each(table)("%i tenths", (tenths, ...wanted) => {
    expect(modes.map((mode) => divide(tenths, 10n, mode))).toEqual(wanted);
  });

  it("never happens without a mode", () => {
    expect([divide(30n, 10n), divide(31n, 10n), rescale(1250n, 3, 2), rescale(1255n, 3, 2)]).toEqual([
      3n,
      null,
      125n,
      null,
    ]);
  });

  it("is off by less than a unit, and by half of one for the half modes", () => {
    const draw = fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.bigInt({ min: 1n, max: 10n ** 6n }));
    fc.assert(
      fc.property(draw, fc.constantFrom<RoundingMode>(...modes), ([numerator, denominator], mode) => {
        const off = divide(numerator, denominator, mode)! * denominator - numerator;
        const size = off < 0n ? -off : off;
        if (mode.startsWith("half")) expect(size * 2n <= denominator).toBe(true);
        else expect(size < denominator).toBe(true);
      }),
    );
  });

  it("a finer scale loses nothing", () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.nat(12), fc.nat(12), (value, from, more) => {
        expect(rescale(rescale(value, from, from + more)!, from + more, from)).toBe(value);
      }),
    );
  });
});

describe("decimal text", () => {
  it("is written and read back exactly", () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.nat(18), (unscaled, scale) => {
        expect(parseDecimal(formatDecimal(unscaled, scale))).toEqual({ unscaled, scale });
      }),
    );
  });

  it.each([
    [1234n, 2, "12.34"],
    [-5n, 2, "-0.05"],
    [0n, 3, "0.000"],
    [7n, 0, "7"],
  ])("%i at scale %i is %s", (unscaled, scale, text) => expect(formatDecimal(unscaled, scale)).toBe(text));

  it.each([
    ["3e-7", { unscaled: 3n, scale: 7 }],
    ["+1.5E2", { unscaled: 150n, scale: 0 }],
    ["5.", { unscaled: 5n, scale: 0 }],
  ])("%s is read", (text, decimal) => expect(parseDecimal(text)).toEqual(decimal));

  it.each(["", ".5", "1,5", "0x10", "NaN", "Infinity", "1e9999", "1e99999", " 1", "1.2.3"])(
    "%j is no decimal number",
    (text) => {
      expect(parseDecimal(text)).toBe(null);
    },
  );

  it("a double is taken by its shortest text, not by its binary expansion", () => {
    expect([
      decimalOfDouble(1.005, 2, "halfUp"),
      decimalOfDouble(0.1, 1, "down"),
      decimalOfDouble(1e21, 0, "down"),
    ]).toEqual([101n, 1n, 10n ** 21n]);
    expect([Number.NaN, Number.POSITIVE_INFINITY].map((value) => decimalOfDouble(value, 2, "down"))).toEqual([
      null,
      null,
    ]);
  });
});

it("64 bits end where they end", () => {
  expect([2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n].map(fitsInt64)).toEqual([
    true,
    false,
    true,
    false,
  ]);
});
