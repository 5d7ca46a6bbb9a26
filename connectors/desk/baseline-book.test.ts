import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Desk } from "./desk.ts";
import type { BaselineVerdict } from "./records.ts";

let folder: string;
let desk: Desk;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countercheck-desk-"));
  desk = new Desk(join(folder, "desk.db"), { create: true });
});
afterEach(() => {
  desk.close();
  rmSync(folder, { recursive: true, force: true });
});

function verdict(key: string, version: number, changes: Partial<BaselineVerdict> = {}): BaselineVerdict {
  const where = { check: "settlement", key, currency: "EUR", period: "" };
  return { ...where, class: "missing", atRisk: "5.00", time: version, version, baseline: true, ...changes };
}

const keys = () =>
  desk.baseline.page().map(({ check, class: cause, key, atRisk }) => `${check} ${cause} ${key} ${atRisk}`);

describe("the baseline on the desk", () => {
  it("has what was overdue before the first change was seen, as its last verdict says, until that is over", () => {
    desk.baseline.record([verdict("1", 1), verdict("2", 1), verdict("3", 1, { baseline: false })]);
    expect(keys()).toEqual(["settlement missing 1 5.00", "settlement missing 2 5.00"]);
    desk.baseline.record([
      verdict("1", 2, { class: "under-charge", atRisk: "2.00" }),
      verdict("2", 2, { baseline: false }),
    ]);
    expect(keys()).toEqual(["settlement under-charge 1 2.00"]);
    expect(desk.baseline.countOver()).toBe(1);
  });

  it("is the same when verdicts are brought out again, and begins anew with a run that begins afresh", () => {
    const verdicts = [verdict("1", 1), verdict("2", 1), verdict("2", 2, { baseline: false })];
    desk.baseline.record(verdicts);
    desk.baseline.record(verdicts);
    expect(keys()).toEqual(["settlement missing 1 5.00"]);
    desk.beginRun({ job: "j", start: "afresh" }, 0);
    expect([keys(), desk.baseline.countOver()]).toEqual([[], 0]);
  });

  it("is read in pages", () => {
    const many = Array.from({ length: 2_100 }, (_, i) => verdict(String(10_000 + i), 1));
    desk.baseline.record([...many, verdict("1", 1, { check: "a" }), verdict("1", 1, { currency: "USD" })]);
    const seen = [];
    for (let page = desk.baseline.page(); page.length > 0; page = desk.baseline.page(page.at(-1))) seen.push(...page);
    expect(seen.map(({ check, key, currency }) => `${check} ${currency} ${key}`)).toEqual([
      "a EUR 1",
      ...many.map(({ key }) => `settlement EUR ${key}`),
      "settlement USD 1",
    ]);
  });
});
