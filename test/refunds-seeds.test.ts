import { describe, expect, it } from "vitest";
import refunds from "../jobs/refunds/job.ts";
import { ShopLog, type ShopRun } from "./support/shop-run.ts";

const ORDERS = 1_000;
const CLASSES = 12;

describe("the job over refunds and the shop's desk", () => {
  it.each([1, 2, 3])(
    "seed %i of the shop: each fault at its point, nothing else, in any order of reading",
    async (seed) => {
      using log = await ShopLog.write(seed, ORDERS, ["refunds"]);
      const run = await log.run(undefined, 1, refunds);
      const expected = faultsOf(log);
      expect(failuresOf(run), `seed ${seed}`).toEqual(expected.told);
      expect(openOf(run)).toEqual(expected.open);
      expect(baselineOf(run)).toEqual(expected.baseline);
      expect([run.faults, run.engineAlerts]).toEqual([0, []]);
      for (const [interleave, workers] of [
        [1, 1],
        [2, 2],
      ] as const) {
        const other = await log.run(interleave, workers, refunds);
        expect(other.verdicts === run.verdicts && other.history === run.history, `order ${interleave}`).toBe(true);
      }
    },
  );

  it.each([1, 2, 30])("works with %i orders", async (orders) => {
    using log = await ShopLog.write(5, orders, ["refunds"]);
    const run = await log.run(undefined, 1, refunds);
    expect(failuresOf(run)).toEqual(faultsOf(log).told);
  });

  it("has each class of fault at least twice before the log's end, and every look-alike", async () => {
    using log = await ShopLog.write(4, ORDERS, ["refunds"]);
    const counts = new Map<string, number>();
    for (const { check, class: cause } of log.truth.faults) {
      if (check !== "payment-settlement") counts.set(cause, (counts.get(cause) ?? 0) + 1);
    }
    expect(counts.size).toBe(CLASSES);
    expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(2);
    expect(Object.values(log.truth.lookAlikes).filter((count) => count === 0)).toEqual([]);
  });
});

/** When and with what at risk each failure was first told, the baseline apart. */
function failuresOf({ recorder }: ShopRun): Record<string, string> {
  const first: Record<string, string> = {};
  for (const { status, baseline, time, atRisk, ...what } of recorder.history) {
    if (status === "fail" && !baseline) first[nameOf(what)] ??= `${atRisk} at ${time}`;
  }
  return first;
}

function openOf({ recorder }: ShopRun): string[] {
  const open = new Set<string>();
  for (const alert of recorder.alerts) {
    if (alert.action === "resolved") open.delete(nameOf(alert));
    else open.add(nameOf(alert));
  }
  return [...open].sort();
}

function baselineOf({ recorder }: ShopRun): string[] {
  const old = recorder.history.filter(({ baseline }) => baseline);
  return old.map(({ check, key, currency }) => `${check} ${key} ${currency}`).sort();
}

function faultsOf({ truth }: ShopLog) {
  const isOurs = ({ check }: { readonly check: string }) => check !== "payment-settlement";
  const faults = truth.faults.filter(isOurs);
  return {
    told: Object.fromEntries(faults.map((fault) => [nameOf(fault), `${fault.atRisk} at ${fault.dueAt}`])),
    open: faults.flatMap((fault) => (fault.resolves ? [] : nameOf(fault))).sort(),
    baseline: truth.baseline
      .filter(isOurs)
      .map(({ check, key, currency }) => `${check} ${key} ${currency}`)
      .sort(),
  };
}

function nameOf(of: {
  readonly check: string;
  readonly class: string | null;
  readonly key: string;
  readonly currency: string;
}): string {
  return `${of.check} ${of.class} ${of.key} ${of.currency}`;
}
