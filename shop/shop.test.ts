import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseDecimal, rescale } from "../base/money.ts";
import { LAG_MS } from "./connector.ts";
import { type DecodedRecord, decodeLog } from "./decoded-log.test-helper.ts";
import { MemoryLog } from "./memory-log.test-helper.ts";
import { type Failure, judgeLog } from "./oracle.test-helper.ts";
import { runShop } from "./shop.ts";
import { ALTER_MS, END_MS, START_MS, terms } from "./terms.ts";
import type { InjectedFault, ShopTruth } from "./truth.ts";

async function run(seed: number, orders = 2000) {
  const log = new MemoryLog();
  const truth = await runShop({ seed, orders, sink: log, departments: [] });
  return { log, truth };
}

const oracleTerms = { ...terms, firstTime: START_MS, endTime: END_MS };

describe.each([1, 2, 3, 7, 20260302])("seed %i, judged by the oracle", (seed) => {
  let known: { truth: ShopTruth; records: DecodedRecord[]; failures: Failure[] } | undefined;
  const judged = async () => {
    if (known === undefined) {
      const { log, truth } = await run(seed);
      const records = decodeLog(log);
      known = { truth, records, failures: judgeLog(records, oracleTerms) };
    }
    return known;
  };

  it("fails exactly where a fault was injected: class, time, money, resolution", async () => {
    const { truth, failures } = await judged();
    const found = failures.filter(({ baseline }) => !baseline).map(summary);
    expect(found, `seed ${seed}`).toEqual(truth.faults.map(expectation));
  });

  it("has in its baseline exactly what was overdue when the snapshots were taken", async () => {
    const { truth, failures } = await judged();
    const check = "payment-settlement";
    const found = failures.filter(({ baseline }) => baseline).map(({ key, currency }) => ({ check, key, currency }));
    expect(found).toEqual(truth.baseline);
    expect(found.length).toBeGreaterThanOrEqual(3);
  });

  it("is beyond doubt: half a minute more or less on every deadline changes nothing", async () => {
    const { records, failures } = await judged();
    const essence = (all: Failure[]) => all.map((f) => [f.key, f.currency, f.class, f.baseline, f.until === Infinity]);
    for (const shift of [-30_000, 30_000]) {
      const { missingAfter, refundAfter, unknownAfter } = terms;
      const shifted = {
        ...oracleTerms,
        missingAfter: missingAfter + shift,
        refundAfter: refundAfter + shift,
        unknownAfter: unknownAfter + shift,
      };
      expect(essence(judgeLog(records, shifted)), `seed ${seed}, shift ${shift}`).toEqual(essence(failures));
    }
  });

  it("has every class of fault twice before the end, every look-alike, and some that resolve", async () => {
    const { truth } = await judged();
    const count = (wanted: (fault: InjectedFault) => boolean) => truth.faults.filter(wanted).length;
    for (const name of ["missing", "under-charge", "over-charge", "unknown-payment", "currency-mismatch"]) {
      expect(
        count((fault) => fault.class === name),
        name,
      ).toBeGreaterThanOrEqual(2);
    }
    expect(count((fault) => fault.class === "missing" && fault.resolves)).toBeGreaterThanOrEqual(2);
    for (const [name, n] of Object.entries(truth.lookAlikes)) expect(n, name).toBeGreaterThanOrEqual(1);
  });
});

function summary({ key, currency, class: class_, from, until, atRisk }: Failure) {
  return { key, currency, class: class_, dueAt: from, resolves: until !== Infinity, atRisk };
}

function expectation({ key, currency, class: class_, dueAt, resolves, atRisk }: InjectedFault) {
  const { unscaled, scale } = parseDecimal(atRisk)!;
  return { key, currency, class: class_, dueAt, resolves, atRisk: rescale(unscaled, scale, 4) };
}

describe("the log", () => {
  it("is the same, byte for byte, for the same seed, and another for another", async () => {
    const [first, again, other] = await Promise.all([run(11, 300), run(11, 300), run(12, 300)]);
    expect(digest(again.log)).toBe(digest(first.log));
    expect(again.truth).toEqual(first.truth);
    expect(digest(other.log)).not.toBe(digest(first.log));
  });

  it("works with any number of orders", async () => {
    for (const orders of [1, 2, 30]) {
      const { log, truth } = await run(5, orders);
      expect(truth.records).toBe(log.records.length);
      expect(judgeLog(decodeLog(log), oracleTerms).map(({ key }) => key)).toEqual(
        [...truth.baseline, ...truth.faults].map(({ key }) => key).sort(),
      );
    }
  });

  it("begins each table with its seed, marked as Debezium marks it", async () => {
    const records = decodeLog((await run(1, 400)).log);
    const markers = (topic: string) =>
      records.flatMap(({ record, value }) =>
        record.topic === topic && value?.op === "r" ? value.source.snapshot : [],
      );
    expect(markers("maria.shop.payments").at(0)).toBe("first");
    expect(markers("maria.shop.payments").at(-1)).toBe("last_in_data_collection");
    expect(markers("maria.shop.heartbeat")).toEqual(["last"]);
    expect(markers("pg.public.settlement_lines").at(0)).toBe("first");
    expect(markers("pg.public.heartbeat")).toEqual(["last"]);
    const firstChange = records.findIndex(({ value }) => value?.op !== "r");
    expect(records.slice(firstChange).every(({ value }) => value?.op !== "r")).toBe(true);
    for (const { value } of records.slice(0, firstChange)) expect(Number(value!.source.ts_ms)).toBe(START_MS);
  });

  it("holds orders of all ages in its seed, and leaves the last ones pending", async () => {
    const { log, truth } = await run(1);
    const records = decodeLog(log);
    const seeded = (topic: string) => records.filter((r) => r.record.topic === topic && r.value?.op === "r").length;
    expect(seeded("maria.shop.payments")).toBeGreaterThan(30);
    expect(seeded("pg.public.settlement_lines")).toBeGreaterThan(30);
    expect(seeded("maria.shop.refunds")).toBeGreaterThan(0);
    const capturedLate = records.filter(({ value }) => {
      return Number(value?.after?.captured_at ?? 0) + terms.missingAfter > truth.endTime;
    });
    expect(capturedLate.length).toBeGreaterThan(0);
    const { firstTime } = truth;
    const older = truth.faults.filter(({ dueAt }) => dueAt < firstTime + terms.missingAfter - 3_600_000);
    expect(older.filter((fault) => fault.class === "missing").length, "due after the seed").toBeGreaterThan(0);
  });

  it("has transactions of less than 8 s in MariaDB, in whole seconds, and commit times in PostgreSQL", async () => {
    const records = decodeLog((await run(1, 400)).log);
    let unordered = 0;
    const newest = { maria: START_MS, pg: START_MS };
    for (const { record, value } of unrepeated(records)) {
      const source = record.topic.startsWith("maria") ? "maria" : "pg";
      const time = Number(value!.source.ts_ms);
      expect(time).toBeGreaterThanOrEqual(START_MS);
      if (time < newest[source]) unordered++;
      if (source === "maria") expect(time % 1000).toBe(0);
      const committed = Number(value!.ts_ms) - LAG_MS;
      expect(committed - time, `${record.topic} at ${time}`).toBeLessThan(source === "maria" ? 8000 : 1);
      expect(newest[source] - time, `${record.topic} at ${time}`).toBeLessThanOrEqual(source === "maria" ? 8000 : 0);
      newest[source] = Math.max(newest[source], time);
    }
    expect(unordered).toBeGreaterThan(10);
    expect(Math.max(newest.maria, newest.pg)).toBeLessThan(END_MS);
  });

  it("never lets a row's own times go back", async () => {
    const last = new Map<string, number>();
    for (const { record, key, value } of unrepeated(decodeLog((await run(2, 1000)).log))) {
      const row = `${record.topic}/${Object.values(key).join("/")}`;
      const time = Number(value!.source.ts_ms);
      expect(time).toBeGreaterThanOrEqual(last.get(row) ?? 0);
      last.set(row, time);
    }
  });

  it("flushes all partitions before every heartbeat, and ends in all of them", async () => {
    const { log, truth } = await run(3, 100);
    expect(log.endTime).toBe(truth.endTime);
    const flushed = new Set(log.flushes);
    const beats = log.records.flatMap(({ topic }, i) => (topic === "maria.shop.heartbeat" ? i : []));
    expect(beats.length).toBeGreaterThan(1400);
    const unflushed = beats.filter((i) => !flushed.has(i) && i >= log.flushes[0]!);
    // What a restarted connector delivers again is no promise: its times have been passed.
    const seen = new Set<string>();
    const again = log.records.flatMap(({ topic, value }, i) => {
      const text = Buffer.from(value ?? []).toString("hex");
      return topic === "maria.shop.heartbeat" && (seen.has(text) || !seen.add(text)) ? i : [];
    });
    expect(unflushed).toEqual(again);
  });

  it("writes a key change as deletion, tombstone and creation at one position, with Debezium's headers", async () => {
    const records = decodeLog((await run(4, 1000)).log);
    const i = records.findIndex(({ record }) => record.headers?.["__debezium.newkey"] !== undefined);
    const [deletion, tombstone] = [records[i]!, records[i + 1]!];
    const creation = records[i + 2]!;
    expect([deletion.value?.op, tombstone.value, creation.value?.op]).toEqual(["d", null, "c"]);
    expect(creation.value!.source).toEqual(deletion.value!.source);
    expect(tombstone.record.headers).toEqual(deletion.record.headers);
    expect(deletion.record.headers).toEqual({ "__debezium.newkey": `{"id":${creation.key.id}}` });
    expect(creation.record.headers).toEqual({ "__debezium.oldkey": `{"id":${deletion.key.id}}` });
    expect(deletion.value!.before).not.toBeNull();
  });

  it("repeats records of a restarted connector with the same bytes", async () => {
    const { log, truth } = await run(6, 500);
    const texts = log.records.map(({ topic, key, value }) => topic + hex(key) + hex(value));
    expect(texts.length - new Set(texts).size).toBeGreaterThan(truth.lookAlikes.redelivered * 0.9);
  });

  it("changes the schema of payments in the middle, and rolls the binlog over", async () => {
    const records = decodeLog((await run(8, 2000)).log).filter(({ record }) => record.topic === "maria.shop.payments");
    for (const { value } of unrepeated(records)) {
      const isScored = "risk_score" in (value!.after ?? value!.before)!;
      if (Math.abs(Number(value!.source.ts_ms) - ALTER_MS) > 10_000) {
        expect(isScored).toBe(Number(value!.source.ts_ms) > ALTER_MS);
      }
    }
    expect(new Set(records.flatMap(({ value }) => (value ? [value.source.file] : []))).size).toBeGreaterThan(1);
    expect(records.some(({ value }) => (value?.source.row as number) > 1)).toBe(true);
  });

  it("has payment ids that a double cannot tell apart", async () => {
    const { truth } = await run(1, 200);
    expect(Number(truth.faults[0]!.key)).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
    expect(Number(BigInt(truth.faults[0]!.key) + 1n)).toBe(Number(truth.faults[0]!.key));
  });
});

/** Changes (no seed, no tombstones), each once. */
function unrepeated(records: DecodedRecord[]): DecodedRecord[] {
  const seen = new Set<string>();
  return records.filter(({ record, value }) => {
    if (value === null || value.op === "r") return false;
    const text = record.topic + hex(record.value);
    return !seen.has(text) && seen.add(text);
  });
}

function hex(bytes: Uint8Array | null): string {
  return bytes === null ? "-" : Buffer.from(bytes).toString("hex");
}

function digest(log: MemoryLog): string {
  const hash = createHash("sha256");
  for (const { topic, partition, key, value, timestamp, headers } of log.records) {
    hash.update(`${topic}/${partition}@${timestamp}${JSON.stringify(headers ?? {})}`);
    hash.update(key ?? "-").update(value ?? "-");
  }
  return hash.update(JSON.stringify([log.schemas, log.flushes])).digest("hex");
}
