import { describe, expect, it } from "vitest";
import { KEY_GROUPS, subtaskOf } from "../state/key-groups.ts";
import { splitKeyGroup } from "./split-key-group.ts";

describe("key groups of splits", () => {
  it.each([
    ["shop.public.orders", 0, 63],
    ["shop.public.orders", 1, 127],
    ["shop.public.orders", 2, 95],
    ["shop.public.orders", 3, 31],
    ["shop.public.orders", 7, 47],
    ["shop.public.orders", 128, 63],
    ["shop.public.payments", 0, 53],
    ["bestellungen-ä", 0, 123],
    ["bestellungen-ä", 5, 75],
    ["", 0, 6],
  ])("stay what they are: %s/%i is in %i", (topic, partition, group) => {
    expect(splitKeyGroup(topic, partition)).toBe(group);
  });

  it("are different for as many partitions as there are groups", () => {
    const groups = Array.from({ length: KEY_GROUPS }, (_, partition) => splitKeyGroup("orders", partition));
    expect(new Set(groups).size).toBe(KEY_GROUPS);
    for (const group of groups) expect(group >= 0 && group < KEY_GROUPS).toBe(true);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("give no subtask of %i much more than its share", (parallelism) => {
    for (const topic of ["orders", "shop.public.payments", "warehouse.stock"]) {
      for (let partitions = 1; partitions <= 64; partitions++) {
        const shares = new Array<number>(parallelism).fill(0);
        for (let partition = 0; partition < partitions; partition++)
          shares[subtaskOf(splitKeyGroup(topic, partition), parallelism)]!++;
        expect(Math.max(...shares), `${partitions} of ${topic}`).toBeLessThanOrEqual(
          Math.ceil(partitions / parallelism) + 2,
        );
      }
    }
  });
});
