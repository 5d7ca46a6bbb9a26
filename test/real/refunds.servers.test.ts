import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, it } from "vitest";
import type { VerdictRecord } from "../../schemas/contracts.ts";
import { refundChecks } from "../../shop/refunds/terms.ts";
import { bookingTables, deskTables } from "../../shop/sql/refunds/refund-tables.ts";
import type { SqlRefundTruth } from "../../shop/sql/refunds/refund-truth.ts";
import { SqlRefundDesk } from "../../shop/sql/refunds/sql-refund-desk.ts";
import { root } from "../support/cli.ts";
import { compare } from "./comparison.ts";
import { LiveRun } from "./live-run.ts";
import { openRealShop } from "./real-shop.ts";
import { expectSecondOpinion } from "./second-opinion.ts";

const servers = inject("servers");
const seed = Date.now() % 100_000;
const TIMEOUT = 8 * 60_000;
/** From an event time until it is proven, judged and delivered: MariaDB's 10 s, heartbeats, a checkpoint, and some more. */
const BEHIND_MS = 60_000;

it(
  `finds every mistake of the refund desk, and nothing else, from SQL transactions on; seed ${seed}`,
  async () => {
    const name = `refunds_${seed}`;
    const real = await openRealShop(servers, name, { shop: deskTables, ledger: bookingTables });
    const run = await LiveRun.prepare(servers, real, name);
    try {
      const desk = new SqlRefundDesk({ seed, shop: real.shop, ledger: real.ledger });
      await desk.seed(Date.now() + 55_000);
      await real.capture();
      await run.createTable();
      run.start({ job: join(root, "jobs/refunds"), parallelism: 2 });
      const truth = await desk.run();
      const verdicts = await judged(run, truth);
      expect(truth.doubtful.length, "too slow a machine").toBeLessThan(8);
      expectFound(truth, verdicts);
      const through = verdicts.find(({ key, status }) => key === truth.last.key && status === "fail")!.time;
      const tables = [...Object.keys(deskTables), ...Object.keys(bookingTables)];
      await expectSecondOpinion(servers, real, verdicts, { through, checks: Object.values(refundChecks), tables });
      expect(await run.stop()).toMatchObject({ code: 0 });
    } finally {
      await run.close();
      await real.close();
    }
  },
  TIMEOUT,
);

/** Waits until the last of all was judged, and gives all. */
async function judged(run: LiveRun, { last, judgedBy }: SqlRefundTruth): Promise<VerdictRecord[]> {
  const isLast = ({ key, status }: VerdictRecord) => key === last.key && status === "fail";
  await run.until(isLast, judgedBy - Date.now() + BEHIND_MS);
  // Another worker may be a checkpoint behind.
  await sleep(3_000);
  return run.verdicts();
}

/** Holds each check's verdicts against what was injected for it. */
function expectFound(truth: SqlRefundTruth, verdicts: readonly VerdictRecord[]): void {
  const isSure = (key: string) => !truth.doubtful.some((purchase) => key.includes(purchase));
  for (const check of Object.values(refundChecks)) {
    const own = <T extends { readonly check: string }>(all: readonly T[]) => all.filter((one) => one.check === check);
    const injected = { faults: own(truth.faults), baseline: own(truth.baseline), doubtful: [] };
    expect(compare(injected, own(verdicts), isSure), `${check}, seed ${seed}`).toEqual({ missed: [], false: [] });
  }
  const classes = new Set(verdicts.flatMap(({ status, class: cause }) => (status === "fail" ? [cause] : [])));
  expect(classes.size, [...classes].join()).toBe(12);
}
