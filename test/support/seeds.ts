import { expect, it } from "vitest";
import { ShopLog, type ShopRun } from "./shop-run.ts";

const ORDERS = 2_000;

/**
 * The promise of the checks, for each seed: every fault that is due is found, at exactly the point where it falls due;
 * nothing else is ever alerted; and however the tables are interleaved, by however many workers, verdicts and history are the same, byte for byte.
 */
export function testSeeds(first: number, last: number, otherOrders: number): void {
  const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  it.each(seeds)(
    "seed %i: nothing missed, nothing false, the same in ten other orders of reading, by up to three workers",
    async (seed) => {
      using log = await ShopLog.write(seed, ORDERS);
      const run = await log.run();
      expect(run.score.injected, "faults are injected").toBeGreaterThanOrEqual(10);
      expect(run.score).toMatchObject({ missed: 0, falseAlarms: 0, misses: [], falseAlarmKeys: [] });
      expect(firstFailures(run)).toEqual(faultTimes(log));
      expect([run.faults, run.engineAlerts]).toEqual([0, []]);
      for (let order = 1; order <= otherOrders; order++) {
        const other = await log.run(order, 1 + (order % 3));
        expect(other.verdicts === run.verdicts && other.history === run.history, `the same in order ${order}`).toBe(
          true,
        );
      }
    },
  );
}

/** When each class of failure was first told of each key, the baseline apart. */
function firstFailures({ recorder }: ShopRun): Record<string, number> {
  const first: Record<string, number> = {};
  for (const { status, baseline, class: cause, key, currency, time } of recorder.history) {
    if (status === "fail" && !baseline) first[`${cause} ${key} ${currency}`] ??= time;
  }
  return first;
}

function faultTimes({ truth }: ShopLog): Record<string, number> {
  return Object.fromEntries(
    truth.faults.map((fault) => [`${fault.class} ${fault.key} ${fault.currency}`, fault.dueAt]),
  );
}
