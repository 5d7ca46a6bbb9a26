import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, it } from "vitest";
import type { VerdictRecord } from "../../schemas/contracts.ts";
import { type SqlAccountTruth, SqlMigration } from "../../shop/sql/migration/sql-migration.ts";
import { newAccounts, oldAccounts } from "../../shop/sql/migration/tables.ts";
import { root } from "../support/cli.ts";
import { LiveRun } from "./live-run.ts";
import { openRealShop, type RealShop } from "./real-shop.ts";

const servers = inject("servers");
const seed = Date.now() % 100_000;
const TIMEOUT = 6 * 60_000;
/** The delays of the job that ships, and those that a test can wait for. */
const SHORTER = { "seconds(30)": "seconds(12)", "days(3)": "seconds(50)" };

/** Accounts in both databases, with the job of the migration over them, from SQL to Kafka. */
async function withMigration(
  name: string,
  identity: "default" | "full",
  body: (real: RealShop, migration: SqlMigration, run: LiveRun) => Promise<void>,
): Promise<void> {
  const tables = { shop: { accounts: oldAccounts }, ledger: { accounts_v2: newAccounts(identity) } };
  const real = await openRealShop(servers, `${name}_${seed}`, tables);
  const run = await LiveRun.prepare(servers, real, `${name}_${seed}`);
  try {
    const migration = new SqlMigration({ seed, openWithin: 5_000, shop: real.shop, ledger: real.ledger });
    await migration.seed();
    await real.capture();
    await run.createTable();
    run.startChanged(join(root, "jobs/migration"), "job.ts", SHORTER, 2);
    await body(real, migration, run);
  } finally {
    await run.close();
    await real.close();
  }
}

for (const identity of ["default", "full"] as const) {
  it(
    `finds what was made to differ, and nothing else, with replica identity ${identity}; seed ${seed}`,
    () =>
      withMigration(`moving_${identity}`, identity, async (_, migration, run) => {
        const truth = await migration.run();
        const isLast = ({ key, status }: VerdictRecord) => key === migration.lastKey && status === "fail";
        await run.until(isLast, 90_000);
        // What the back-fill forgot is due 50 s after the snapshots.
        const forgotten = truth.find(({ kind }) => kind === "backfillForgot")!;
        await run.until(({ key, status }) => key === forgotten.key && status === "fail", 90_000);
        await sleep(3_000);
        const verdicts = await run.verdicts();
        expect(verdicts.filter(({ status }) => status === "unobservable")).toEqual([]);
        expect(said(verdicts)).toEqual(expected(truth));
        expect(await run.stop()).toMatchObject({ code: 0 });
      }),
    TIMEOUT,
  );
}

it(
  `says of no account that it fails, when a session leaves columns out of the binlog: the connector stops; seed ${seed}`,
  () =>
    withMigration("minimal", "default", async (real, _, run) => {
      await real.shop.commit(async (on) => {
        await on.run("SET SESSION binlog_row_image = 'MINIMAL'");
        await on.run("UPDATE accounts SET balance = balance + 1");
        await on.run("SET SESSION binlog_row_image = 'FULL'");
      });
      await run.until(({ status }) => status === "unobservable", 60_000);
      await sleep(10_000);
      const verdicts = await run.verdicts();
      expect(verdicts.filter(({ status }) => status === "fail")).toEqual([]);
      const { tasks } = await real.connect.status(real.connectors.shop);
      expect(tasks[0]).toMatchObject({ state: "FAILED" });
      expect(tasks[0]!.trace).toMatch(/Error processing row in accounts, internal schema size 10, but row size 1/);
    }),
  TIMEOUT,
);

/** What was emitted of each account, in order: `fail stale, pass`. */
function said(verdicts: readonly VerdictRecord[]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const { key, status, class: cause } of verdicts.toSorted((left, right) => left.version - right.version)) {
    const what = cause === null ? status : `${status} ${cause}`;
    all[key] = all[key] === undefined ? what : `${all[key]}, ${what}`;
  }
  return all;
}

function expected(truth: readonly SqlAccountTruth[]): Record<string, string> {
  const faults = truth.filter(({ class: cause }) => cause !== null);
  return Object.fromEntries(
    faults.map(({ key, class: cause, resolves }) => [key, `fail ${cause}${resolves ? ", pass" : ""}`]),
  );
}
