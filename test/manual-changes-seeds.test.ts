import { describe, expect, it } from "vitest";
import manualChanges from "../jobs/manual-changes/job.ts";
import { lookAlikes } from "../shop/manual-changes/faults.ts";
import type { InjectedFault } from "../shop/truth.ts";
import { ShopLog } from "./support/shop-run.ts";

const ORDERS = 1_000;
const CLASSES = ["bulk-change", "deleted-row", "outside-ticket", "terminal-left", "unauthorised", "unguarded-change"];
const CHECKS = ["credit-limit-changes", "ledger-changes"].flatMap((uid) => [uid, `${uid}.rows`]);

describe("the job of manual changes and the shop's books", () => {
  it.each([1, 2])(
    "seed %i of the shop: each finding at its point, nothing else, in any order of reading",
    async (seed) => {
      using log = await ShopLog.write(seed, ORDERS, ["manual-changes"]);
      const run = await log.run(undefined, 1, manualChanges);
      const said = run.recorder.history.map(({ check, key, status, class: cause, currency, atRisk, time }) => {
        return `${check} ${key} ${status} ${cause} ${atRisk} ${currency} ${time}`;
      });
      expect(said.sort(), `seed ${seed}`).toEqual(faultsOf(log).map(storyOf).sort());
      expect([run.faults, run.engineAlerts]).toEqual([0, []]);
      for (const [interleave, workers] of [
        [1, 1],
        [2, 2],
      ] as const) {
        const other = await log.run(interleave, workers, manualChanges);
        expect(other.verdicts === run.verdicts && other.history === run.history, `order ${interleave}`).toBe(true);
      }
    },
  );

  it("has each class of fault at least twice in either book, and every look-alike", async () => {
    using log = await ShopLog.write(3, ORDERS, ["manual-changes"]);
    const counts = CLASSES.map((cause) => faultsOf(log).filter(({ class: own }) => own === cause).length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(4);
    const names = ["auditContextLast", ...Object.keys(lookAlikes)];
    expect(names.filter((name) => (log.truth.lookAlikes[name] ?? 0) === 0)).toEqual([]);
  });
});

function faultsOf({ truth }: ShopLog): InjectedFault[] {
  return truth.faults.filter(({ check }) => CHECKS.includes(check));
}

/** The one verdict that a transaction gets: nothing mends what was found. */
function storyOf({ check, key, class: cause, currency, atRisk, dueAt }: InjectedFault): string {
  return `${check} ${key} fail ${cause} ${atRisk} ${currency} ${dueAt}`;
}
