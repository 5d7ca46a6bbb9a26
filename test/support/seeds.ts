import { expect, it } from "vitest";
import { jointJob } from "../../checks/joint-job.ts";
import { loadJob } from "../../cli/load-job.ts";
import { shippedJob, shippedJobs } from "../../cli/shipped-jobs.ts";
import { ShopLog, type ShopRun } from "./shop-run.ts";

/** All jobs that ship, as the demo runs them. */
const allJobs = jointJob(await Promise.all(shippedJobs.map((name) => loadJob(shippedJob(name)))));

/**
 * The promise of the checks of all jobs that ship, for each seed: every fault that is due is found, at exactly the point where it falls due;
 * nothing else is ever alerted; and however the tables are interleaved, by however many workers, verdicts and history are the same, byte for byte.
 */
export function testSeeds(first: number, last: number, orders: number, otherOrders: number): void {
  const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  it.each(seeds)(
    "seed %i: nothing missed, nothing false, the same in ten other orders of reading, by up to three workers",
    { timeout: 10 * 60_000 },
    async (seed) => {
      using log = await ShopLog.write(seed, orders, shippedJobs);
      const run = await log.run(undefined, 1, allJobs);
      expect(run.score.injected, "faults are injected").toBeGreaterThanOrEqual(10);
      expect(run.score).toMatchObject({ missed: 0, falseAlarms: 0, misses: [], falseAlarmKeys: [] });
      expect(firstFailures(run)).toEqual(faultTimes(log));
      expect([run.faults, run.engineAlerts]).toEqual([0, []]);
      for (let order = 1; order <= otherOrders; order++) {
        const other = await log.run(order, 1 + (order % 3), allJobs);
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
  for (const { status, baseline, check, class: cause, key, currency, time } of recorder.history) {
    if (status === "fail" && !baseline) first[`${check}/${cause} ${key} ${currency}`] ??= time;
  }
  return first;
}

function faultTimes({ truth }: ShopLog): Record<string, number> {
  return Object.fromEntries(
    truth.faults.map((fault) => [`${fault.check}/${fault.class} ${fault.key} ${fault.currency}`, fault.dueAt]),
  );
}
