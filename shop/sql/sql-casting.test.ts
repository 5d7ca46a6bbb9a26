import { expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { dealRoles } from "./sql-casting.ts";
import { sqlFaults } from "./sql-faults.ts";
import { slowOnPurpose, sqlLookAlikes, writingRefunds } from "./sql-look-alikes.ts";
import { shortTraffic } from "./sql-shop.ts";

const deal = (seed: number, orders = shortTraffic.orders) => dealRoles(orders, seededRandom(seed), []);

it.each([1, 2, 3])("deals every fault and every look-alike in short traffic, seed %i", (seed) => {
  const roles = new Set<string>(deal(seed));
  for (const name of [...Object.keys(sqlFaults), ...Object.keys(sqlLookAlikes)]) expect(roles, name).toContain(name);
});

it("deals refunds in the first half only, so that their table is quiet then", () => {
  const isRefund = (role: string) => writingRefunds.includes(role);
  expect(
    deal(7)
      .slice(shortTraffic.orders / 2)
      .filter(isRefund),
  ).toEqual([]);
});

it("deals the same for the same seed, and any number", () => {
  expect(deal(5)).toEqual(deal(5));
  for (const orders of [1, 10, 500]) expect(deal(5, orders)).toHaveLength(orders);
});

it("leaves out what is not wanted", () => {
  const roles = dealRoles(200, seededRandom(1), slowOnPurpose);
  expect(roles.filter((role) => (slowOnPurpose as readonly string[]).includes(role))).toEqual([]);
});
