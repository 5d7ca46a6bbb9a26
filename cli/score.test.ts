import { describe, expect, it } from "vitest";
import type { InjectedFault, ShopTruth } from "../shop/truth.ts";
import { Recorder } from "./recorder.ts";
import { scoreOf } from "./score.ts";

/** A run in which keys failed, were resolved, or both, in order. */
function runOf(...steps: readonly (readonly [key: string, class_: string, step: "fails" | "resolves"])[]): Recorder {
  const recorder = new Recorder();
  for (const [key, cause, step] of steps) {
    const named = { check: "c", key, currency: "EUR", atRisk: "1.50", baseline: false };
    const failing = step === "fails";
    recorder.emitted("verdicts", { ...named, status: failing ? "fail" : "pass", class: failing ? cause : null });
    recorder.emitted("alerts", { ...named, class: cause, action: failing ? "opened" : "resolved" });
  }
  return recorder;
}

function truthOf(faults: readonly InjectedFault[], notDue: readonly InjectedFault[] = []): ShopTruth {
  const none = {} as ShopTruth["lookAlikes"];
  return { seed: 1, orders: 1, records: 1, firstTime: 0, endTime: 9, faults, notDue, baseline: [], lookAlikes: none };
}

function fault(key: string, cause: string, resolves = false): InjectedFault {
  return { check: "c", class: cause, key, currency: "EUR", atRisk: "1.50", dueAt: 1, resolves, note: "" };
}

describe("the score", () => {
  it("counts as found what failed with the fault's class, key and currency", () => {
    const truth = truthOf([fault("1", "missing"), fault("2", "missing"), fault("3", "over-charge")]);
    const score = scoreOf(truth, runOf(["1", "missing", "fails"], ["2", "under-charge", "fails"]));
    expect(score).toMatchObject({ injected: 3, found: 1, missed: 2, falseAlarms: 1 });
    expect(score.misses).toEqual(["c/missing 2 EUR", "c/over-charge 3 EUR"]);
    expect(score.falseAlarmKeys).toEqual(["c/under-charge 2 EUR"]);
    expect(score.byClass["c/missing"]).toEqual({ injected: 2, found: 1, missed: 1, falseAlarms: 0 });
    expect(score.injectedAtRisk).toEqual({ EUR: "4.50" });
    expect(score.foundAtRisk).toEqual({ EUR: "1.50" });
    expect(score.example).toEqual({ key: "1", class: "missing" });
  });

  it("wants a fault that is mended to be left again", () => {
    const truth = truthOf([fault("1", "missing", true), fault("2", "missing", true)]);
    const score = scoreOf(
      truth,
      runOf(["1", "missing", "fails"], ["2", "missing", "fails"], ["2", "missing", "resolves"]),
    );
    expect(score.misses).toEqual(["c/missing 1 EUR"]);
  });

  it("counts every alert without a fault as false: resolved ones, and those of faults that are not due", () => {
    const truth = truthOf([], [fault("2", "missing")]);
    const steps = [
      ["1", "missing", "fails"],
      ["1", "missing", "resolves"],
      ["1", "missing", "fails"],
      ["2", "missing", "fails"],
    ] as const;
    expect(scoreOf(truth, runOf(...steps))).toMatchObject({ falseAlarms: 2, missed: 0 });
  });

  it("tells checks apart, and no money of what concerns none", () => {
    const theirs = { ...fault("1", "missing"), check: "other" };
    const unpaid = { ...fault("2", "stale"), currency: "XXX", atRisk: "0" };
    const score = scoreOf(truthOf([theirs, unpaid]), runOf(["1", "missing", "fails"]));
    expect(score.misses).toEqual(["other/missing 1 EUR", "c/stale 2 XXX"]);
    expect(score.falseAlarmKeys).toEqual(["c/missing 1 EUR"]);
    expect(Object.keys(score.byClass)).toEqual(["c/missing", "c/stale", "other/missing"]);
    expect(score.injectedAtRisk).toEqual({ EUR: "1.50" });
  });

  it("does not take the baseline for a find", () => {
    const recorder = new Recorder();
    const verdict = { check: "c", key: "1", currency: "EUR", atRisk: "1.50", status: "fail", class: "missing" };
    recorder.emitted("verdicts", { ...verdict, baseline: true });
    expect(scoreOf(truthOf([fault("1", "missing")]), recorder)).toMatchObject({ found: 0, missed: 1 });
  });
});
