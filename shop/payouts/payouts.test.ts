import { describe, expect, it } from "vitest";
import { decodeLog } from "../decoded-log.test-helper.ts";
import { MemoryLog } from "../memory-log.test-helper.ts";
import { runShop } from "../shop.ts";
import { START_MS } from "../terms.ts";
import type { InjectedFault } from "../truth.ts";

async function run(seed: number, orders: number, departments = ["payment-settlement"]) {
  const log = new MemoryLog();
  const truth = await runShop({ seed, orders, sink: log, departments });
  const faults = truth.faults.filter(({ check }) => check === "batch-payout");
  return { log, truth, faults };
}

describe.each([1, 2, 3])("payouts of seed %i", (seed) => {
  it("have every class of fault twice before the end, some that resolve, and every look-alike", async () => {
    const { faults, truth } = await run(seed, 1000);
    const count = (wanted: (fault: InjectedFault) => boolean) => faults.filter(wanted).length;
    for (const name of ["missing", "under-paid", "over-paid", "currency-mismatch", "unknown-batch"]) {
      expect(
        count((fault) => fault.class === name),
        name,
      ).toBeGreaterThanOrEqual(2);
    }
    expect(count(({ resolves }) => resolves)).toBeGreaterThanOrEqual(2);
    for (const [name, n] of Object.entries(truth.lookAlikes)) {
      if (name.startsWith("payout") || name === "splitPayout") expect(n, name).toBeGreaterThanOrEqual(1);
    }
  });

  it("are wrong in one account at most once", async () => {
    const { faults } = await run(seed, 1000);
    expect(new Set(faults.map(({ key, currency }) => `${key} ${currency}`)).size).toBe(faults.length);
  });
});

it("some were overdue when the snapshots were taken", async () => {
  const seeds = await Promise.all([1, 2, 3, 4].map((seed) => run(seed, 2000)));
  const baseline = seeds.flatMap(({ truth }) => truth.baseline.filter(({ check }) => check === "batch-payout"));
  expect(baseline.length).toBeGreaterThanOrEqual(2);
});

it("change nothing of what happens to orders", async () => {
  const [alone, together] = await Promise.all([run(5, 300, []), run(5, 300)]);
  const rows = ({ log }: typeof alone) =>
    decodeLog(log).flatMap(({ record, value }) => {
      const isOrders = /payments$|refunds$|settlement_lines$/.test(record.topic);
      return isOrders && value !== null && value.op !== "r" ? [[record.topic, value.op, value.after]] : [];
    });
  const withoutRepeats = (all: unknown[][]) => [...new Set(all.map((row) => JSON.stringify(row, bigints)))].sort();
  expect(withoutRepeats(rows(together))).toEqual(withoutRepeats(rows(alone)));
  expect(together.truth.faults.filter(({ check }) => check !== "batch-payout")).toEqual(alone.truth.faults);
});

it("go on for every number of orders", async () => {
  for (const orders of [1, 2, 30]) {
    const { faults } = await run(5, orders);
    for (const { dueAt } of faults) expect(dueAt).toBeGreaterThan(START_MS);
  }
});

function bigints(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
