import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Batch } from "../../base/batch.ts";
import type { Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import { hashBytes } from "../../base/hash.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { days, hours, milliseconds, minutes } from "../../base/time.ts";
import { ADD, changeColumns, changeLayout, RETRACT } from "../../dataflow/change-layout.ts";
import { id, model, money, table, text } from "../../dataflow/model.ts";
import { type CheckedArenas, checkArenas } from "../../test/support/checked-arenas.ts";
import { ShortOfMemory } from "../../test/support/short-memory.ts";
import { job } from "../job.ts";

const RUNS = Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 200) / 50;
const STEPS = 80;
const START = Date.UTC(2026, 0, 1);
const EUR = packed("EUR");
const USD = packed("USD");

const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { paymentId: id(), amount: money(), note: text() },
});
const Line = model("Line", { from: table("ledger", "lines"), fields: { paymentId: id(), amount: money() } });
const KINDS = [Payment, Line] as const;

/** Two of one hash; two that are no text, and become the same one; and some others. */
const KEYS = [
  ...["liquid", "costarring", "'a", "'b", "'ü"].map((key) => Buffer.from(key)),
  Buffer.from([0x27, 0xff, 0x41]),
  Buffer.from([0x27, 0xfe, 0x41]),
];

interface Version {
  readonly skewMs: number;
  readonly retainDays: number;
}

/** One rule twice: with a tolerance, which is of nothing, its keys cannot be plain. */
const jobOf = ({ skewMs, retainDays }: Version, isPlain: boolean) =>
  job("compared", (env) => {
    env.reconcile("compared", {
      by: "paymentId",
      expect: { captured: env.changes(Payment).sum("amount") },
      actual: { settled: env.changes(Line).sum("amount") },
      missingAfter: hours(1),
      skew: milliseconds(skewMs),
      retain: days(retainDays),
      ...(isPlain ? {} : { tolerance: { absolute: "0" } }),
    });
  });

describe("plain keys that are on the disk mostly, in jobs that begin anew", () => {
  let checked: CheckedArenas;
  beforeAll(() => {
    checked = checkArenas();
  });
  afterAll(() => checked[Symbol.dispose]());

  it("say what keys say that are not plain, whatever happens", () => {
    const [liquid, costarring] = KEYS.map((key) => hashBytes(key, 0, key.length));
    expect(liquid, "keys of one hash").toBe(costarring);
    const first = Number(process.env.COUNTERCHECK_SEED ?? Date.now() % 1_000_000);
    for (let seed = first; seed < first + RUNS; seed++) {
      expect(told(seed, true), `seed ${seed}; repeat with COUNTERCHECK_SEED=${seed}`).toEqual(told(seed, false));
    }
    expect(checked.compared, "plain keys that went to the disk").toBeGreaterThan(RUNS * 100);
  });

  it("are judged once each where very many are due at once behind a barrier", () => {
    const [plain, other] = [true, false].map((isPlain) => {
      const check = new ShortOfMemory(jobOf({ skewMs: 2_000, retainDays: 60 }, isPlain));
      const run = new Run(check);
      const rows = Array.from({ length: 5_000 }, (_, i) => {
        const key = i === 0 ? KEYS[0]! : i === 2_500 ? KEYS[1]! : Buffer.from(`'payment-${i}`);
        return { key, row: `row-${i}`, amount: 1_000, currency: EUR };
      });
      run.put(Payment, ADD, rows, START);
      check.save();
      run.advance("shop", START + days(1));
      run.advance("ledger", START + days(1));
      return allOf(check);
    });
    expect(plain!.verdicts).toHaveLength(5_000);
    expect(plain).toEqual(other);
  });
});

/** All that a random run says. */
function told(seed: number, isPlain: boolean) {
  const random = seededRandom(seed);
  const run = new RandomRun(random, isPlain);
  for (let step = 0; step < STEPS; step++) run.step();
  const { keys } = run.check;
  run.finish();
  const { counts, ...all } = allOf(run.check);
  // A longer skew gives a key a point again, which only those visit that were plain: nothing can be told there.
  return { keysBefore: keys, ...all, counts: run.hasManySkews ? [] : counts };
}

/** What a check said up to its end. Its order is told of one key only. */
function allOf(check: ShortOfMemory) {
  const keys = check.keys;
  check.end();
  const of = (name: string) => check.told.filter(({ output }) => output === name).map(({ record }) => record);
  const minutes = new Map<unknown, [number, number]>();
  for (const { minute, pass, pending } of of("counts")) {
    const [passes, pendings] = minutes.get(minute) ?? [0, 0];
    minutes.set(minute, [passes + Number(pass), pendings + Number(pending)]);
  }
  return {
    keys,
    verdicts: of("verdicts")
      .sort(byKey)
      .map(({ rule: _, ...verdict }) => verdict),
    alerts: of("alerts").sort(byKey),
    counts: [...minutes].sort(([one], [other]) => Number(one) - Number(other)),
    finals: of("finals").sort(byKey),
    engine: of("engine").map(({ id }) => id),
  };
}

function byKey(one: Record<string, unknown>, other: Record<string, unknown>): number {
  return String(one.key) < String(other.key) ? -1 : String(one.key) > String(other.key) ? 1 : 0;
}

interface Row {
  readonly key: Buffer;
  readonly row: string;
  readonly amount: number;
  readonly currency: number;
  /** Of a payment. */
  readonly note?: string;
}

/** Hands rows and frontiers to a check. */
class Run {
  readonly check: ShortOfMemory;
  readonly #frontiers = new Map<string, number>();
  #position = 0;

  constructor(check: ShortOfMemory) {
    this.check = check;
    this.advance("shop", START - 1);
    this.advance("ledger", START - 1);
  }

  put(kind: (typeof KINDS)[number], sign: number, rows: readonly Row[], time: number): void {
    const batch = new Batch(changeLayout(kind));
    batch.grow(rows.length);
    batch.count = rows.length;
    for (const column of batch.columns) column.nulls.fill(0);
    const columns = changeColumns(batch);
    columns.seed.nulls.fill(1);
    columns.kind.values.fill(sign);
    columns.time.values.fill(time);
    columns.major.values.fill(1);
    for (const [at, { key, row, amount, currency, note }] of rows.entries()) {
      columns.row.set(at, row);
      columns.minor.values[at] = this.#position++;
      (batch.column("paymentId") as TextColumn).put(at, key, 0, key.length);
      (batch.column("amount") as Int64Column).setNumber(at, amount);
      (batch.column("amount.currency") as Int32Column).set(at, currency);
      if (kind === Payment && note === undefined) batch.column("note").nulls[at] = 1;
      else if (note !== undefined) (batch.column("note") as TextColumn).set(at, note);
    }
    this.check.batch(KINDS.indexOf(kind), batch);
  }

  advance(source: string, through: number): void {
    if (through <= (this.#frontiers.get(source) ?? 0)) return;
    this.#frontiers.set(source, through);
    this.check.control({ type: "frontier", source, through, since: 0 });
  }
}

/** Business, and between it what needs memory, barriers, and new beginnings. */
class RandomRun extends Run {
  /** There are other versions of the job; no source is stale then, since when keys are unobservable is not promised. */
  readonly isVaried: boolean;
  readonly hasManySkews: boolean;
  readonly #random: Random;
  readonly #isPlain: boolean;
  readonly #known: { readonly kind: (typeof KINDS)[number]; readonly row: Row }[] = [];
  #version: Version;
  #now = START;
  #rows = 0;

  constructor(random: Random, isPlain: boolean) {
    const version = { skewMs: random.pick([0, 2_000, 90_000]), retainDays: random.pick([20, 60]) };
    super(new ShortOfMemory(jobOf(version, isPlain)));
    this.#random = random;
    this.#isPlain = isPlain;
    this.#version = version;
    this.isVaried = random.chance(0.5);
    this.hasManySkews = this.isVaried && random.chance(0.5);
  }

  step(): void {
    const random = this.#random;
    this.#now += random.pick([1, 500, 2_000, 30_000, minutes(10), minutes(70)]);
    if (random.chance(0.02)) this.#now += random.pick([days(21), days(31), days(61)]);
    const choice = random.next();
    if (choice < 0.5) this.#insert();
    else if (choice < 0.54) this.#retract();
    else if (choice < 0.75) this.#advance();
    else if (choice < 0.77) this.#trouble();
    else if (choice < 0.9) this.#fill();
    else if (choice < 0.95) this.check.save();
    else this.#restart();
  }

  /** Everything comes due. */
  finish(): void {
    for (const source of ["shop", "ledger"]) this.advance(source, this.#now + days(500));
  }

  #insert(): void {
    const random = this.#random;
    const at = this.#now + random.pick([0, 0, 1_999, 2_000, 2_001]);
    const amount = random.pick([1_000, 1_000, 100, 0, -100]);
    const currency = random.chance(0.03) ? USD : EUR;
    const kind = random.pick(KINDS);
    const row = { key: random.pick(KEYS), row: `row-${this.#rows++}`, amount, currency };
    this.#known.push({ kind, row });
    this.put(kind, ADD, [row], at);
  }

  #retract(): void {
    if (this.#known.length === 0) return;
    const { kind, row } = this.#random.pick(this.#known);
    this.put(kind, RETRACT, [row], this.#now);
  }

  #advance(): void {
    const random = this.#random;
    const through = this.#now - random.pick([0, 1, 2_000, minutes(5)]);
    for (const source of random.pick([["shop"], ["ledger"], ["shop", "ledger"], ["shop", "ledger"]])) {
      this.advance(source, through);
    }
  }

  #trouble(): void {
    if (this.isVaried) return;
    this.check.control({ type: "status", source: "ledger", status: this.#random.pick(["stale", "active"]) });
  }

  /** Payments with long notes, of keys of their own, for which all others leave the memory. */
  #fill(): void {
    const rows = Array.from({ length: 32 }, () => {
      const key = Buffer.from(`'filler-${this.#rows}`);
      return { key, row: `row-${this.#rows++}`, amount: 0, currency: EUR, note: "n".repeat(15_000) };
    });
    this.put(Payment, ADD, rows, this.#now);
  }

  #restart(): void {
    const random = this.#random;
    if (this.isVaried && random.chance(0.5)) {
      const skewMs = this.hasManySkews ? random.pick([0, 2_000, 90_000]) : this.#version.skewMs;
      this.#version = { skewMs, retainDays: random.pick([20, 60]) };
    }
    this.check.restart(jobOf(this.#version, this.#isPlain), random.pick([1, 2]));
  }
}

function packed(currency: string): number {
  return [...currency].reduce((sum, letter, at) => sum | (letter.charCodeAt(0) << (8 * at)), 0);
}
