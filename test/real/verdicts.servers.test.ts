import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, it } from "vitest";
import type { VerdictRecord } from "../../schemas/contracts.ts";
import { slowOnPurpose } from "../../shop/sql/sql-look-alikes.ts";
import { longTraffic, SqlShop, type SqlShopOptions, shortTraffic } from "../../shop/sql/sql-shop.ts";
import type { SqlTruth } from "../../shop/sql/sql-truth.ts";
import { compare } from "./comparison.ts";
import { LiveRun } from "./live-run.ts";
import { openRealShop, type RealShop } from "./real-shop.ts";
import { alterHarmlessly } from "./schema-changes.ts";
import { expectSecondOpinion } from "./second-opinion.ts";
import { untilTime } from "./topics.ts";

const servers = inject("servers");
const seed = Date.now() % 100_000;
const TIMEOUT = 20 * 60_000;
const traffic = process.env.COUNTERCHECK_REAL_TRAFFIC === "long" ? longTraffic : shortTraffic;
/** From an event time until it is proven, judged and delivered: MariaDB's 10 s, heartbeats, a checkpoint, and some more. */
const BEHIND_MS = 60_000;

/** A shop with its connectors and the job that ships, from SQL to Kafka and HBase. */
async function withRun(
  name: string,
  options: Partial<SqlShopOptions>,
  body: (real: RealShop, shop: SqlShop, run: LiveRun) => Promise<void>,
): Promise<void> {
  const real = await openRealShop(servers, `${name}_${seed}`);
  const run = await LiveRun.prepare(servers, real, `${name}_${seed}`);
  try {
    const shop = new SqlShop({ seed, ...traffic, ...options, shop: real.shop, ledger: real.ledger });
    await shop.seed(Date.now() + 55_000);
    await real.capture();
    await run.createTable();
    run.start({ parallelism: 2 });
    await body(real, shop, run);
  } finally {
    await run.close();
    await real.close();
  }
}

/** What is said of payments; the batches of their lines are another test's. */
async function verdictsOf(run: LiveRun): Promise<VerdictRecord[]> {
  return (await run.verdicts()).filter(({ check }) => check === "payment-settlement");
}

/** Waits until everything was judged, and holds it against what was injected. */
async function judged(run: LiveRun, truth: SqlTruth): Promise<VerdictRecord[]> {
  const isLast = ({ key, status }: VerdictRecord) => key === truth.lastKey && status === "fail";
  await run.until(isLast, truth.judgedBy - Date.now() + BEHIND_MS);
  // Another worker may be a checkpoint behind.
  await sleep(3_000);
  const verdicts = await verdictsOf(run);
  expect(compare(truth, verdicts), `seed ${seed}`).toEqual({ missed: [], false: [] });
  expect(truth.doubtful.length, "too slow a machine").toBeLessThan(8);
  return verdicts;
}

it(
  `finds what was injected, and nothing else, while tables are altered; seed ${seed}`,
  () =>
    withRun("altered", { without: slowOnPurpose }, async (real, shop, run) => {
      const [truth] = await Promise.all([shop.run(), alterHarmlessly(real, 3000)]);
      const verdicts = await judged(run, truth);
      expect(verdicts.filter(({ status }) => status === "unobservable")).toEqual([]);
      await expectEvidence(run, truth, verdicts);
      expect(await run.stop()).toMatchObject({ code: 0 });
    }),
  TIMEOUT,
);

/** Each verdict has its evidence in HBase. */
async function expectEvidence(run: LiveRun, truth: SqlTruth, verdicts: readonly VerdictRecord[]): Promise<void> {
  for (const { key, currency } of truth.faults.slice(0, 3)) {
    const kept = (await run.evidence(key, currency)) as VerdictRecord[];
    const emitted = verdicts.filter((verdict) => verdict.key === key && verdict.currency === currency);
    expect(kept.map(({ version, status }) => [version, status]).sort()).toEqual(
      emitted.map(({ version, status }) => [version, status]).sort(),
    );
  }
}

it(
  `cannot see keys while the ledger's connector is stopped past their deadlines, and judges them then; seed ${seed}`,
  () =>
    withRun("stopped", {}, async (real, shop, run) => {
      const playing = shop.run();
      await sleep(8_000);
      await real.connect.stop(real.connectors.ledger);
      const stoppedAt = Date.now();
      await sleep(60_000);
      const meanwhile = await verdictsOf(run);
      const resumedAt = Date.now();
      await real.connect.resume(real.connectors.ledger);
      const truth = await playing;
      const verdicts = await judged(run, truth);
      const through = verdicts.find(({ key, status }) => key === truth.lastKey && status === "fail")!.time;
      const tables = ["payments", "refunds", "settlement_lines"];
      await expectSecondOpinion(servers, real, verdicts, { through, checks: ["payment-settlement"], tables });
      expectUnseen(truth, verdicts, stoppedAt + 5_000, resumedAt - 25_000);
      const judgedBlindly = meanwhile.filter(({ status, time }) => status === "fail" && time > stoppedAt + 5_000);
      expect(judgedBlindly).toEqual([]);
    }),
  TIMEOUT,
);

/** Faults that fell due while nothing was seen were unobservable first; a key that only lines speak of was not known at all. */
function expectUnseen(truth: SqlTruth, verdicts: readonly VerdictRecord[], from: number, to: number): void {
  const unseen = truth.faults.filter(({ class: cause, key, failsFrom, failsBy }) => {
    return (
      cause !== "unknown-payment" &&
      failsFrom === failsBy &&
      failsFrom > from &&
      failsFrom < to &&
      !truth.doubtful.includes(key)
    );
  });
  expect(unseen.length).toBeGreaterThan(3);
  for (const { key, currency } of unseen) {
    const own = verdicts.filter((verdict) => verdict.key === key && verdict.currency === currency);
    const statuses = own.sort((left, right) => left.version - right.version).map(({ status }) => status);
    const story = own
      .map(({ status, time }) => `${status} ${time - from} ms into the time that was not seen`)
      .join(", ");
    expect(statuses[0], `${key}: ${story}`).toBe("unobservable");
    expect(statuses, key).toContain("fail");
  }
}

it(
  `suspends the check when an amount that it reads becomes text, until its mapping is mended; seed ${seed}`,
  () =>
    withRun("broken", { without: slowOnPurpose }, async (real, shop, run) => {
      const playing = shop.run();
      await sleep(10_000);
      await real.alterShop("ALTER TABLE payments MODIFY amount VARCHAR(40) NOT NULL");
      const alteredAt = Date.now();
      const truth = await playing;
      const unseen = await run.until(({ status }) => status === "unobservable", BEHIND_MS);
      expect(unseen.filter(({ status, reason }) => status === "unobservable" && reason === null)).toEqual([]);
      await untilTime(truth.judgedBy);
      const judgedBlindly = await verdictsOf(run);
      expect(judgedBlindly.filter(({ status, time }) => status === "fail" && time > alteredAt + 5_000)).toEqual([]);
      await run.stop();
      run.startMended(2);
      await judged(run, truth);
    }),
  TIMEOUT,
);
