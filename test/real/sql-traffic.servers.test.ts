import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { parseDecimal, rescale } from "../../base/money.ts";
import type { DecodedRecord } from "../../shop/decoded-log.test-helper.ts";
import { type Failure, judgeLog } from "../../shop/oracle.test-helper.ts";
import { SqlShop, shortTraffic } from "../../shop/sql/sql-shop.ts";
import type { SqlFault, SqlTruth } from "../../shop/sql/sql-truth.ts";
import { terms } from "../../shop/terms.ts";
import { openRealShop, type RealShop } from "./real-shop.ts";
import { decodeRecords, readTopics, untilTime } from "./topics.ts";

const servers = inject("servers");
const seed = Date.now() % 100_000;

describe(`SQL transactions of seed ${seed} through Debezium, read by another client and judged by the oracle`, () => {
  let real: RealShop;
  let truth: SqlTruth;
  let records: DecodedRecord[];
  let failures: Failure[];

  beforeAll(async () => {
    real = await openRealShop(servers, `traffic_${seed}`);
    const shop = new SqlShop({ seed, ...shortTraffic, shop: real.shop, ledger: real.ledger });
    await shop.seed(Date.now() + 60_000);
    await real.capture();
    const firstTime = Date.now();
    truth = await shop.run();
    await untilTime(truth.judgedBy + 3000);
    records = await decodeRecords(servers, await readTopics(servers.kafka.brokers, real.tableTopics));
    failures = judgeLog(records, { ...terms, firstTime, endTime: Date.now() });
  }, 180_000);

  afterAll(() => real.close(), 60_000);

  it("fails exactly where a fault was injected: class, time, money, resolution", () => {
    const isSure = ({ key, baseline }: Failure) => !baseline && !truth.doubtful.includes(key);
    expect(failures.filter(isSure).map((failure) => summary(failure, truth.faults))).toEqual(
      truth.faults.map(expected),
    );
    expect(truth.doubtful.length, "too slow a machine").toBeLessThan(8);
  });

  it("has in its baseline what was overdue when the snapshots were taken", () => {
    const found = failures.filter(({ baseline }) => baseline);
    expect(found.map(({ key, currency, class: cause }) => ({ key, currency, class: cause }))).toEqual(truth.baseline);
  });

  it("holds every kind of event, and nothing that was rolled back", () => {
    const kinds = (table: string) => {
      const own = records.filter(({ record }) => record.topic.endsWith(`.${table}`));
      return [...new Set(own.map(({ value }) => value?.op ?? "tombstone"))].sort();
    };
    expect(kinds("payments")).toEqual(["c", "d", "r", "tombstone", "u"]);
    expect(kinds("refunds")).toEqual(["c", "r", "u"]);
    expect(kinds("settlement_lines")).toEqual(["c", "d", "r", "tombstone", "u"]);
    expect(records.filter(({ key }) => String(key.batch_id ?? "").endsWith("-U"))).toEqual([]);
  });

  it("carries whole rows before and after, and transactions that several events share", () => {
    const updates = records.flatMap(({ value }) => (value?.op === "u" ? [value] : []));
    expect(updates.every(({ before, after }) => before !== null && after !== null)).toBe(true);
    const ids = updates.map((value) => (value as unknown as { transaction: { id: string } }).transaction.id);
    expect(new Set(ids).size).toBeLessThan(ids.length);
  });
});

function expected({ class: cause, key, currency, atRisk, resolves }: SqlFault) {
  const { unscaled, scale } = parseDecimal(atRisk)!;
  return { class: cause, key, currency, atRisk: rescale(unscaled, scale, 4), resolves, isInTime: true };
}

function summary({ class: cause, key, currency, atRisk, from, until }: Failure, faults: readonly SqlFault[]) {
  const fault = faults.find((known) => known.key === key);
  const isInTime = fault !== undefined && from >= fault.failsFrom && from <= fault.failsBy;
  return { class: cause, key, currency, atRisk, resolves: until !== Number.POSITIVE_INFINITY, isInTime };
}
