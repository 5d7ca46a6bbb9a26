import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, it } from "vitest";
import type { VerdictRecord } from "../../schemas/contracts.ts";
import { SqlPayouts } from "../../shop/sql/payouts/sql-payouts.ts";
import { root } from "../support/cli.ts";
import { compare } from "./comparison.ts";
import { LiveRun } from "./live-run.ts";
import { openRealShop } from "./real-shop.ts";

const servers = inject("servers");
const TIMEOUT = 8 * 60_000;
/** The least time for the connectors' snapshots, the start of the run, and what must be through before the deadline. */
const AHEAD_MS = 100_000;
/** What is meant to be through before the deadline takes so long. */
const THROUGH_MS = 30_000;
/** From an event time until it is proven, judged and delivered: MariaDB's 10 s, heartbeats, a checkpoint, and some more. */
const BEHIND_MS = 60_000;
const MINUTE = 60_000;

/** The job's deadline, and one that does not wait for tomorrow: the cutoff of each day at a minute that is near. */
const DEADLINE = 'businessDays(1, "TARGET2", cutoff("17:00", "Europe/Berlin"))';
const deadlineAt = (time: number) => {
  const minute = new Date(time).toISOString().slice(11, 16);
  return `businessDays(0, calendar("every day", { zone: "UTC", weekend: [] }), cutoff("${minute}"))`;
};

it(
  "finds every payout that is missing, wrong, late or unknown by the cutoff of a business day, and nothing else",
  async () => {
    const name = `payouts_${Date.now() % 100_000}`;
    const real = await openRealShop(servers, name);
    const run = await LiveRun.prepare(servers, real, name);
    try {
      const dueAt = Math.ceil((Date.now() + AHEAD_MS) / MINUTE) * MINUTE;
      const payouts = new SqlPayouts({ shop: real.shop, ledger: real.ledger, dueAt });
      await payouts.seed();
      await real.capture();
      await run.createTable();
      const replaced = { [DEADLINE]: deadlineAt(dueAt), "import { businessDays,": "import { businessDays, calendar," };
      run.startChanged(join(root, "jobs/payment-settlement"), "job.ts", replaced, 2);
      expect(Date.now(), "too slow a machine").toBeLessThan(dueAt - THROUGH_MS);
      const truth = await payouts.run();
      const isLast = ({ key, status }: VerdictRecord) => key === truth.lastKey && status === "fail";
      await run.until(isLast, truth.judgedBy - Date.now() + BEHIND_MS);
      // Another worker may be a checkpoint behind.
      await sleep(3_000);
      const verdicts = (await run.verdicts()).filter(({ check }) => check === "batch-payout");
      expect(truth.doubtful.length, "too slow a machine").toBeLessThan(5);
      expect(compare(truth, verdicts)).toEqual({ missed: [], false: [] });
      expect(await run.stop()).toMatchObject({ code: 0 });
    } finally {
      await run.close();
      await real.close();
    }
  },
  TIMEOUT,
);
