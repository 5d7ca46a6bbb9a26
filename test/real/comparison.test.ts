import { describe, expect, it } from "vitest";
import type { SqlTruth } from "../../shop/sql/sql-truth.ts";
import { compare, type JudgedVerdict } from "./comparison.ts";

const fault = { class: "missing", key: "1", currency: "EUR", atRisk: "12.30", failsFrom: 100, failsBy: 100 } as const;
const truthOf = (changes: Partial<SqlTruth> = {}, resolves = false): SqlTruth => ({
  seed: 1,
  orders: 2,
  faults: [{ ...fault, resolves, note: "" }],
  baseline: [],
  doubtful: [],
  lookAlikes: {},
  lastKey: "1",
  judgedBy: 100,
  ...changes,
});
const fail: JudgedVerdict = {
  key: "1",
  currency: "EUR",
  version: 1,
  status: "fail",
  class: "missing",
  time: 100,
  baseline: false,
  atRisk: "12.3",
};
const pass: JudgedVerdict = { ...fail, version: 2, status: "pass", class: null, time: 200, atRisk: "0" };
const well = { missed: [], false: [] };

describe("compare", () => {
  it("is content with what was injected, and nothing else", () => {
    expect(compare(truthOf(), [fail])).toEqual(well);
    expect(compare(truthOf({}, true), [fail, pass])).toEqual(well);
  });

  it("leaves out what could not be seen meanwhile", () => {
    const unseen = { ...fail, version: 2, status: "unobservable", class: null, atRisk: "0" } as const;
    expect(compare(truthOf(), [fail, unseen, { ...fail, version: 3 }])).toEqual(well);
  });

  it.each([
    ["nothing at all", []],
    ["another class", [{ ...fail, class: "under-charge" }]],
    ["another amount", [{ ...fail, atRisk: "12.31" }]],
    ["another point", [{ ...fail, time: 101 }]],
    ["a baseline", [{ ...fail, baseline: true }]],
    ["a pass that nothing brought about", [fail, pass]],
  ] as const)("misses a fault that gave %s", (_, verdicts) => {
    expect(compare(truthOf(), verdicts).missed).toHaveLength(1);
  });

  it("misses the end of a fault that was mended", () => {
    expect(compare(truthOf({}, true), [fail]).missed).toHaveLength(1);
  });

  it("calls any other failure false, resolved or not", () => {
    const other = { ...fail, key: "2" };
    expect(compare(truthOf(), [fail, other, { ...pass, key: "2" }]).false).toHaveLength(1);
    expect(compare(truthOf({ doubtful: ["2"] }), [fail, other])).toEqual(well);
  });

  it("wants the baseline", () => {
    const baseline = [{ key: "3", currency: "USD", class: "missing" }] as const;
    const verdict = { ...fail, key: "3", currency: "USD", baseline: true, time: 5 };
    expect(compare(truthOf({ baseline }), [fail, verdict])).toEqual(well);
    expect(compare(truthOf({ baseline }), [fail]).missed).toEqual(["baseline missing 3 USD"]);
  });
});
