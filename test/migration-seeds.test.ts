import { describe, expect, it } from "vitest";
import migration from "../jobs/migration/job.ts";
import { liveLookAlikes, seedLookAlikes } from "../shop/migration/look-alikes.ts";
import type { InjectedFault } from "../shop/truth.ts";
import { ShopLog, type ShopRun } from "./support/shop-run.ts";

const ORDERS = 1_000;
const CHECK = "account-migration";
const CLASSES = ["delete-not-propagated", "field-differs", "missing-in-new", "missing-in-old", "stale"];

describe("the job of the migration and the shop's accounts", () => {
  it.each([1, 2, 3])(
    "seed %i of the shop: each fault at its point, nothing else, in any order of reading",
    async (seed) => {
      using log = await ShopLog.write(seed, ORDERS, ["migration"]);
      const run = await log.run(undefined, 1, migration);
      expect(stories(run), `seed ${seed}`).toEqual(Object.fromEntries(faultsOf(log).map(storyOf)));
      expect([run.faults, run.engineAlerts]).toEqual([0, []]);
      for (const [interleave, workers] of [
        [1, 1],
        [2, 2],
      ] as const) {
        const other = await log.run(interleave, workers, migration);
        expect(other.verdicts === run.verdicts && other.history === run.history, `order ${interleave}`).toBe(true);
      }
    },
  );

  it("has each class of fault at least twice before the log's end, and every look-alike", async () => {
    using log = await ShopLog.write(4, ORDERS, ["migration"]);
    const counts = CLASSES.map((cause) => faultsOf(log).filter(({ class: own }) => own === cause).length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(2);
    const names = [...Object.keys(liveLookAlikes), ...Object.keys(seedLookAlikes)];
    expect(names.filter((name) => log.truth.lookAlikes[name] === 0)).toEqual([]);
  });
});

function faultsOf({ truth }: ShopLog): InjectedFault[] {
  return truth.faults.filter(({ check }) => check === CHECK);
}

/** What must be said of an account: its fault at its point, and that it passes where it is mended. */
function storyOf({ key, class: cause, dueAt, resolves }: InjectedFault): [string, string] {
  return [key, `fail ${cause} at ${new Date(dueAt).toISOString()}${resolves ? ", pass" : ""}`];
}

/** All that was said of each account. */
function stories({ recorder }: ShopRun): Record<string, string> {
  const all: Record<string, string> = {};
  for (const { key, status, class: cause, time } of recorder.history.toSorted((a, b) => a.version - b.version)) {
    const what = cause === null ? status : `${status} ${cause} at ${new Date(time).toISOString()}`;
    all[key] = all[key] === undefined ? what : `${all[key]}, ${what}`;
  }
  return all;
}
