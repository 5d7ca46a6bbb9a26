import fc from "fast-check";
import { expect, it } from "vitest";
import { type Random, seededRandom } from "../../base/random.ts";
import { milliseconds } from "../../base/time.ts";
import { job } from "../../checks/job.ts";
import { minus } from "../../dataflow/leg.ts";
import { id, instant, type Model, model, money, table, text } from "../../dataflow/model.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import { type OracleRule, oracle, type RowHistory, type RowValues, type RowVersion } from "./judgement-oracle.ts";
import { restarting } from "./restarting-job.ts";

const RUNS = Number(process.env.COUNTERCHECK_ORACLE_RUNS ?? 3_000);
const SEED = Number(process.env.COUNTERCHECK_ORACLE_SEED ?? Date.now() % 1_000_000_000);

const LONGEST_TRANSACTION = 3_000;
const TABLES = ["payments", "refunds", "lines"] as const;
type TableName = (typeof TABLES)[number];

const moneyFields = { payments: ["amount"], refunds: ["amount"], lines: ["net", "fee"] } as const;

const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { paymentId: id(), status: text(), amount: money(), doneAt: instant() },
  businessTime: "doneAt",
});
const Refund = model("Refund", {
  from: table("shop", "refunds"),
  fields: { paymentId: id(), status: text(), amount: money(), doneAt: instant() },
  businessTime: "doneAt",
});
const Line = model("Line", {
  from: table("ledger", "lines"),
  fields: { paymentId: id(), status: text(), net: money(), fee: money(), doneAt: instant() },
  businessTime: "doneAt",
});
const MODELS: Record<TableName, Model> = { payments: Payment, refunds: Refund, lines: Line };
const sourceOf = (name: TableName) => (name === "lines" ? "ledger" : "shop");

interface Terms {
  readonly skew: number;
  readonly tolerance: bigint;
  readonly retain?: number;
}

const ruleOf = ({ skew, tolerance }: Terms): OracleRule => ({
  skewMs: skew,
  tolerance,
  legs: [
    {
      name: "captured",
      side: "expect",
      sign: 1n,
      table: "payments",
      field: "amount",
      status: "done",
      deadlineMs: 5_000,
    },
    {
      name: "refunded",
      side: "expect",
      sign: -1n,
      table: "refunds",
      field: "amount",
      status: "done",
      deadlineMs: 3_000,
    },
    { name: "settled", side: "actual", sign: 1n, table: "lines", field: "net", deadlineMs: 4_000 },
    { name: "fees", side: "actual", sign: 1n, table: "lines", field: "fee", deadlineMs: 4_000 },
  ],
});

const jobOf = ({ skew, tolerance, retain }: Terms) =>
  job("oracle", (env) => {
    const lines = env.changes(Line);
    env.reconcile("check", {
      by: "paymentId",
      expect: {
        captured: env.changes(Payment).where({ status: "done" }).sum("amount"),
        refunded: minus(env.changes(Refund).where({ status: "done" }).sum("amount").within(milliseconds(3_000))),
      },
      actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
      missingAfter: milliseconds(5_000),
      unknownAfter: milliseconds(4_000),
      skew: milliseconds(skew),
      ...(retain === undefined ? {} : { retain: milliseconds(retain) }),
      ...(tolerance === 0n
        ? {}
        : { tolerance: { absolute: `${tolerance / 100n}.${String(tolerance % 100n).padStart(2, "0")}` } }),
    });
  });

// --- what happens, as fast-check draws it -------------------------------------------------------------------------

/** Most times are whole seconds, so that changes, deadlines and points fall on one another. */
const gap = fc.constantFrom<number>(0, 0, 500, 1_000, 1_000, 2_000, 2_001, 3_000, 5_000, 9_000);
const step = fc.record({
  table: fc.constantFrom<TableName>("payments", "payments", "refunds", "lines", "lines"),
  row: fc.integer({ min: 1, max: 3 }),
  kind: fc.constantFrom("write", "write", "write", "write", "touch", "delete", "repeat"),
  gap,
  back: fc.constantFrom(0, 0, 500, 1_000, 3_000),
  key: fc.constantFrom(1, 1, 1, 2),
  currency: fc.constantFrom("EUR", "EUR", "EUR", "USD"),
  otherCurrency: fc.constantFrom(false, false, false, true),
  status: fc.constantFrom("done", "done", "done", "open"),
  amount: fc.constantFrom<bigint | null>(1_000n, 1_000n, 400n, 600n, 0n, -400n, -1_000n, null),
  fee: fc.constantFrom<bigint | null>(0n, 0n, 100n, -100n, 1n, null),
  business: fc.constantFrom<number | null>(null, 0, 0, -3_000, -5_000, -8_000, 1_000, 4_000),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const scenario = fc.record({
  terms: fc.record({
    skew: fc.constantFrom<number>(2_000, 2_000, 0, 500),
    tolerance: fc.constantFrom(0n, 0n, 0n, 1n, 100n),
  }),
  seeds: fc.array(step, { maxLength: 4 }),
  seedTimes: fc.record({ shop: fc.constantFrom(100_000, 101_500), ledger: fc.constantFrom(100_000, 104_000, 96_000) }),
  steps: fc.array(step, { minLength: 1, maxLength: 10 }),
  rest: fc.constantFrom(0, 1_000, 2_000, 7_000, 60_000),
  interleaving: fc.integer(),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer S> ? S : never;

/** A change as it stands in its table's log. */
interface Logged extends RowVersion {
  readonly table: TableName;
  readonly row: number;
  readonly position: number;
}

/** The log of each table: the seed first, then changes whose times go back by `longestTransaction` at most. */
function logsOf({ seeds, seedTimes, steps }: Scenario): Record<TableName, Logged[]> {
  const logs: Record<TableName, Logged[]> = { payments: [], refunds: [], lines: [] };
  let position = 0;
  for (const seed of seeds) {
    const at = seedTimes[sourceOf(seed.table)] - seed.back;
    if (logs[seed.table].some((known) => known.row === seed.row)) continue;
    logs[seed.table].push({ ...seed, at, seed: at, position: ++position, values: valuesOf(seed, at) });
  }
  let now = 100_000;
  for (const drawn of steps) {
    now += drawn.gap;
    const log = logs[drawn.table];
    const last = log.findLast((known) => known.row === drawn.row);
    if (drawn.kind === "repeat") {
      if (last !== undefined && last.seed === null) log.push(last);
      continue;
    }
    const at = sourceOf(drawn.table) === "shop" ? now - drawn.back : now;
    const values =
      drawn.kind === "delete" ? null : drawn.kind === "touch" && last?.values ? last.values : valuesOf(drawn, at);
    log.push({ table: drawn.table, row: drawn.row, at, seed: null, position: ++position, values });
  }
  return logs;
}

function valuesOf(drawn: Step, at: number): RowValues {
  const { currency, otherCurrency, amount, fee } = drawn;
  const feeCurrency = otherCurrency ? (currency === "EUR" ? "USD" : "EUR") : currency;
  const amounts = {
    ...(drawn.table === "lines"
      ? {
          net: amount === null ? null : ([amount, currency] as const),
          fee: fee === null ? null : ([fee, feeCurrency] as const),
        }
      : { amount: amount === null ? null : ([amount, currency] as const) }),
  };
  const businessTime = drawn.business === null ? null : at + drawn.business;
  return { key: String(drawn.key), status: drawn.status, businessTime, amounts };
}

/** What the oracle is told: rows, and of each what happened, without the repeats. */
function historiesOf(logs: Record<TableName, Logged[]>): RowHistory[] {
  return TABLES.flatMap((name) => {
    const rows = [...new Set(logs[name].map((logged) => logged.row))];
    return rows.map((row) => {
      const versions = [...new Set(logs[name].filter((logged) => logged.row === row))];
      return { table: name, row: String(row), versions };
    });
  });
}

// --- the engine, driven in one of the orders that logs and frontiers permit ---------------------------------------

function drive(
  drawn: Scenario,
  logs: Record<TableName, Logged[]>,
  end: number,
  random: Random,
  jobFor = jobOf,
): TestDriver {
  const driver = testJob(jobFor(drawn.terms), { shop: { longestTransactionMs: LONGEST_TRANSACTION } });
  const left = Object.fromEntries(TABLES.map((name) => [name, [...logs[name]]])) as Record<TableName, Logged[]>;
  const proven = { shop: Number.NEGATIVE_INFINITY, ledger: Number.NEGATIVE_INFINITY };
  for (;;) {
    const open = TABLES.filter((name) => left[name].length > 0);
    if (open.length === 0) break;
    if (random.chance(0.4)) heartbeat(driver, random.pick(["shop", "ledger"] as const), left, proven, end, random);
    else push(driver, left[random.pick(open)].shift()!);
  }
  while (random.chance(0.6)) heartbeat(driver, random.pick(["shop", "ledger"] as const), left, proven, end, random);
  return driver.end(end);
}

/** Proves a source through some time before all that it has not delivered yet. */
function heartbeat(
  driver: TestDriver,
  source: "shop" | "ledger",
  left: Record<TableName, Logged[]>,
  proven: Record<"shop" | "ledger", number>,
  end: number,
  random: Random,
): void {
  const waiting = TABLES.filter((name) => sourceOf(name) === source).flatMap((name) => left[name]);
  if (waiting.some((logged) => logged.seed !== null)) return;
  const before = Math.min(end + 1, ...waiting.map((logged) => logged.at));
  const from = Math.max(proven[source], before - 8_000);
  if (from >= before) return;
  const through = random.chance(0.4) ? before - 1 : from + random.below(before - from);
  proven[source] = through;
  driver.advance(through, source);
}

function push(driver: TestDriver, { table: name, row, at, seed, position, values }: Logged): void {
  const change = { at, position: [1, position, 0] as const };
  if (values === null) {
    driver.delete(MODELS[name], row, change);
    return;
  }
  const amounts = moneyFields[name].map((field) => {
    const amount = values.amounts[field];
    return [field, amount ? `${decimal(amount[0])} ${amount[1]}` : null];
  });
  const fields = {
    paymentId: BigInt(values.key),
    status: values.status,
    doneAt: values.businessTime,
    ...Object.fromEntries(amounts),
  };
  if (seed === null) driver.upsert(MODELS[name], row, change, fields);
  else driver.seed(MODELS[name], row, change, fields);
}

const decimal = (minor: bigint) => {
  const digits = String(minor < 0n ? -minor : minor).padStart(3, "0");
  return `${minor < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};
const minorOf = (amount: string) => BigInt(amount.includes(".") ? amount.replace(".", "") : `${amount}00`);

/** What the engine said, in the oracle's words. */
function saidBy(driver: TestDriver) {
  return {
    verdicts: driver.verdicts().map((v) => ({
      key: v.key,
      currency: v.currency,
      version: v.version,
      status: v.status as string,
      class: v.class,
      time: v.time,
      baseline: v.baseline,
      atRisk: minorOf(v.atRisk),
      lower: minorOf(v.lower),
      upper: minorOf(v.upper),
      actual: minorOf(v.actual),
    })),
    alerts: driver.alerts().map((a) => ({
      key: a.key,
      currency: a.currency,
      class: a.class,
      action: a.action as string,
      version: a.verdictVersion,
      time: a.time,
    })),
    finals: driver
      .finals()
      .map((f) => ({ key: f.key, currency: f.currency, status: f.status as string, class: f.class })),
  };
}

/** By key and currency; within them the order is kept. */
function byKey<T extends { readonly key: string; readonly currency: string }>(items: readonly T[]): T[] {
  const name = (item: T) => `${item.key}/${item.currency}`;
  return [...items].sort((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0));
}

it("the sequence of emitted verdicts, their versions and the history of alerts are a function of the set of changes", () => {
  console.log(`oracle: ${RUNS} runs, seed ${SEED}; repeat with ORACLE_SEED=${SEED}, more with ORACLE_RUNS`);
  const seen = { verdicts: 0, classes: new Set<string>() };
  const property = fc.property(scenario, (drawn) => {
    const logs = logsOf(drawn);
    const latest = Math.max(...TABLES.flatMap((name) => logs[name].map((logged) => logged.at)), 100_000);
    const end = latest + drawn.rest;
    const wanted = oracle(ruleOf(drawn.terms), historiesOf(logs), end);
    seen.verdicts += wanted.verdicts.length;
    for (const verdict of wanted.verdicts) seen.classes.add(verdict.class ?? verdict.status);
    const random = seededRandom(drawn.interleaving);
    for (const label of ["one order", "another order"]) {
      const driver = drive(drawn, logs, end, random.fork(label));
      const said = saidBy(driver);
      expect(byKey(said.verdicts), label).toEqual(byKey(wanted.verdicts));
      expect(byKey(said.alerts), label).toEqual(byKey(wanted.alerts));
      expect(byKey(said.finals), label).toEqual(byKey(wanted.finals));
      expect(driver.engineAlerts, label).toEqual([]);
    }
  });
  fc.assert(property, { numRuns: RUNS, seed: SEED });
  expect([...seen.classes].sort()).toEqual([
    "currency-mismatch",
    "missing",
    "over-charge",
    "pass",
    "pending",
    "under-charge",
    "unknown-payment",
  ]);
}, 600_000);

it("whatever is forgotten after `retain`, it is so in every order and however far frontiers move at once", () => {
  let forgotten = 0;
  const property = fc.property(scenario, fc.constantFrom(1, 3, 10), (drawn, stretch) => {
    const steps = drawn.steps.map((one) => ({ ...one, gap: one.gap * stretch }));
    const slow = { ...drawn, steps, terms: { ...drawn.terms, retain: 5_000 } };
    const logs = logsOf(slow);
    const end = Math.max(...TABLES.flatMap((name) => logs[name].map((logged) => logged.at)), 100_000) + drawn.rest;
    const random = seededRandom(drawn.interleaving);
    const [first, second] = ["one order", "another order"].map((label) =>
      saidBy(drive(slow, logs, end, random.fork(label))),
    );
    if (first!.verdicts.some((verdict) => verdict.class === "unknown-after-retention")) forgotten++;
    expect(byKey(first!.verdicts)).toEqual(byKey(second!.verdicts));
    expect(byKey(first!.alerts)).toEqual(byKey(second!.alerts));
  });
  fc.assert(property, { numRuns: Math.ceil(RUNS / 3), seed: SEED });
  expect(forgotten).toBeGreaterThan(0);
}, 600_000);

/** Passes and pendings by minute; several subtasks bring out their own parts. */
function countsOf(driver: TestDriver): Map<number, [number, number]> {
  const counts = new Map<number, [number, number]>();
  for (const { minute, pass, pending } of driver.counts().toSorted((a, b) => a.minute - b.minute)) {
    const [passes, pendings] = counts.get(minute) ?? [0, 0];
    counts.set(minute, [passes + pass, pendings + pending]);
  }
  return counts;
}

it("a restart after every step, with another number of subtasks each time, changes nothing", () => {
  const property = fc.property(scenario, fc.constantFrom(1, 10), (drawn, stretch) => {
    const steps = drawn.steps.map((one) => ({ ...one, gap: one.gap * stretch }));
    const short = { ...drawn, steps, terms: { ...drawn.terms, ...(stretch > 1 ? { retain: 5_000 } : {}) } };
    const logs = logsOf(short);
    const end = Math.max(...TABLES.flatMap((name) => logs[name].map((logged) => logged.at)), 100_000) + drawn.rest;
    const run = (jobFor: typeof jobOf) => {
      const driver = drive(short, logs, end, seededRandom(drawn.interleaving), jobFor);
      const { verdicts, alerts, finals } = saidBy(driver);
      const evidence = driver.verdicts().map(({ key, currency, contributions }) => ({ key, currency, contributions }));
      return [byKey(verdicts), byKey(alerts), byKey(finals), byKey(evidence), countsOf(driver)];
    };
    expect(run((terms) => restarting(jobOf(terms)))).toEqual(run(jobOf));
  });
  fc.assert(property, { numRuns: Math.ceil(RUNS / 3), seed: SEED });
}, 600_000);
