import { describe, expect, it } from "vitest";
import { seededRandom } from "../base/random.ts";
import { days, hours } from "../base/time.ts";
import { decodeLog } from "./decoded-log.test-helper.ts";
import { type FaultName, faults } from "./faults.ts";
import { type LookAlikeName, lookAlikes } from "./look-alikes.ts";
import { MemoryLog } from "./memory-log.test-helper.ts";
import { judgeLog } from "./oracle.test-helper.ts";
import { Order } from "./order.ts";
import { digitsOf } from "./prices.ts";
import { END_MS, START_MS, terms } from "./terms.ts";
import { World } from "./world.ts";

const ORDERS = 60;

/** Lets orders of one kind arrive in the first days of the log, and judges what comes of them. */
async function judged<P>(plan: (order: Order) => P) {
  const log = new MemoryLog();
  const world = new World(log);
  await world.create();
  world.schedule.at(START_MS, () => world.snapshot(START_MS));
  const random = seededRandom(9);
  const plans: { order: Order; planned: P }[] = [];
  for (let i = 0; i < ORDERS; i++) {
    const own = random.fork(String(i));
    const order = new Order(world, own, i, START_MS + hours(1) + own.below(days(2)));
    plans.push({ order, planned: plan(order) });
    order.enter();
  }
  world.schedule.runBefore(END_MS);
  const failures = judgeLog(decodeLog(log), { ...terms, firstTime: START_MS, endTime: END_MS });
  return { plans, failures, records: log.records.length };
}

describe("faults, each kind alone", () => {
  it.each(Object.keys(faults) as FaultName[])("%s fails as planned, and in no other way", async (name) => {
    const { plans, failures } = await judged((order) => faults[name].plan(order));
    const found = failures.map(({ key, currency, class: class_, from, atRisk, until }) => {
      return { key, currency, class: class_, dueAt: from, atRisk, resolves: until !== Infinity };
    });
    const expected = plans.map(({ order, planned: { class: class_, dueAt, atRisk, resolvedAt } }) => {
      const units = BigInt(atRisk) * 10n ** BigInt(4 - digitsOf(order.currency));
      const resolves = resolvedAt !== undefined;
      return { key: String(order.paymentId), currency: order.currency, class: class_, dueAt, atRisk: units, resolves };
    });
    expect(found).toEqual(expected);
  });

  it.each(Object.keys(faults) as FaultName[])("%s mends, where it does, ten minutes late at least", async (name) => {
    const { plans, failures } = await judged((order) => faults[name].plan(order));
    for (const [i, { planned }] of plans.entries()) {
      if (planned.resolvedAt === undefined) continue;
      expect(failures[i]!.until - planned.dueAt).toBeGreaterThanOrEqual(600_000);
      expect(Math.abs(failures[i]!.until - planned.resolvedAt)).toBeLessThanOrEqual(terms.longestTransaction);
    }
  });
});

describe("look-alikes, each kind alone", () => {
  it.each(Object.keys(lookAlikes) as LookAlikeName[])("%s never fails", async (name) => {
    const { failures, records } = await judged((order) => lookAlikes[name].plan(order));
    expect(failures).toEqual([]);
    expect(records).toBeGreaterThan(3 * ORDERS);
  });
});
