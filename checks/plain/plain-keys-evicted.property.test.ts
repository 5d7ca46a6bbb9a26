import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashBytes } from "../../base/hash.ts";
import { packCurrency } from "../../base/money.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { days, minutes } from "../../base/time.ts";
import { ADD, RETRACT } from "../../dataflow/change-layout.ts";
import { type CheckedArenas, checkArenas } from "../../test/support/checked-arenas.ts";
import {
  allSaid,
  ComparedRun,
  comparedJob,
  KINDS,
  type Kind,
  Line,
  Payment,
  type Row,
  type Version,
} from "../../test/support/compared-check.ts";
import { ShortOfMemory } from "../../test/support/short-memory.ts";

const RUNS = Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 200) / 50;
const STEPS = 80;
const LOST_STEPS = 25;
const START = Date.UTC(2026, 0, 1);
const EUR = packCurrency("EUR");
const USD = packCurrency("USD");
const SOURCES = ["shop", "ledger"];
/** Checkpoints are written in many steps, and files come and go. */
const SMALL = { stepBytes: 1, segmentBytes: 40_000, slackBytes: 10_000 };

/** Two of one hash; two that are no text, and become the same one; and some others. */
const KEYS = [
  ...["liquid", "costarring", "'a", "'b", "'ü"].map((key) => Buffer.from(key)),
  Buffer.from([0x27, 0xff, 0x41]),
  Buffer.from([0x27, 0xfe, 0x41]),
];

describe("plain keys that are on the disk mostly, in jobs that begin anew", () => {
  let checked: CheckedArenas;
  beforeAll(() => {
    checked = checkArenas();
  });
  afterAll(() => checked[Symbol.dispose]());

  it("say what keys say that are not plain, whatever happens", async () => {
    const [liquid, costarring] = KEYS.map((key) => hashBytes(key, 0, key.length));
    expect(liquid, "keys of one hash").toBe(costarring);
    const first = Number(process.env.COUNTERCHECK_SEED ?? Date.now() % 1_000_000);
    for (let seed = first; seed < first + RUNS; seed++) {
      const plain = await told(seed, { isPlain: true, isCut: true });
      const other = await told(seed, { isPlain: false, isCut: seed % 2 === 0 });
      expect(plain, again(seed)).toEqual(other);
    }
    expect(checked.compared, "plain keys that went to the disk").toBeGreaterThan(RUNS * 100);
  });

  it("are judged once each where very many are due at once behind a barrier", () => {
    const [plain, other] = [true, false].map((isPlain) => {
      const check = new ShortOfMemory(comparedJob({ skewMs: 2_000, retainDays: 60 }, isPlain));
      const run = new ComparedRun(check, START);
      const rows = Array.from({ length: 5_000 }, (_, i) => {
        const key = i === 0 ? KEYS[0]! : i === 2_500 ? KEYS[1]! : Buffer.from(`'payment-${i}`);
        return { key, row: `row-${i}`, amount: 1_000, currency: EUR };
      });
      run.put(Payment, ADD, rows, START);
      check.save();
      run.advance("shop", START + days(1));
      run.advance("ledger", START + days(1));
      return allSaid(check);
    });
    expect(plain!.verdicts).toHaveLength(5_000);
    expect(plain).toEqual(other);
  });

  it("are judged once each where very many have rows of the seed, with a barrier before all were looked at", () => {
    const [plain, other] = [true, false].map((isPlain) => {
      const job = comparedJob({ skewMs: 2_000, retainDays: 60 }, isPlain);
      const check = new ShortOfMemory(job);
      const run = new ComparedRun(check);
      const rows = Array.from({ length: 15_000 }, (_, i) => {
        const key = i === 0 ? KEYS[0]! : i === 14_000 ? KEYS[1]! : Buffer.from(`'payment-${i}`);
        return { key, row: `row-${i}`, amount: 1_000, currency: EUR };
      });
      run.seed(Payment, rows, START);
      run.seed(Line, rows.slice(0, 12_000), START);
      // Deadlines are behind the first point of all, and have been reached with it.
      for (const source of SOURCES) run.advance(source, START + days(1));
      run.put(Line, ADD, rows.slice(12_000, 13_500), START + days(1) + 1);
      check.restart(job, 2);
      for (const source of SOURCES) run.advance(source, START + days(2));
      return allSaid(check);
    });
    expect(plain!.verdicts).toHaveLength(3_000 + 1_500);
    expect(plain!.counts[0]).toEqual([START, [12_000, 3_000]]);
    expect(plain).toEqual(other);
  });
});

interface Way {
  readonly isPlain: boolean;
  /** Checkpoints are written while all goes on, and what comes meanwhile is lost where the job begins anew. */
  readonly isCut: boolean;
}

/** All that a random run says and is promised. */
async function told(seed: number, way: Way) {
  const run = new RandomRun(seededRandom(seed), way);
  for (let step = 0; step < STEPS; step++) {
    await run.step();
    if (step % 3 === 0) run.check.tend();
  }
  await run.check.settle();
  const { keys } = run.check;
  run.finish();
  const { counts, finals, ...all } = allSaid(run.check);
  for (const { status, reason } of all.verdicts) {
    if (status === "unobservable") expect(["truncated", "source ledger is stale"], again(seed)).toContain(reason);
  }
  if (!run.hasManySkews) return { keysBefore: keys, counts, finals, ...all };
  // A longer skew gives a key a point again, which only those visit that were plain. It is counted there, and a suspension may
  // hide it; nothing else can be told.
  return run.isSuspended ? { finals } : { keysBefore: keys, finals, ...all };
}

function again(seed: number): string {
  return `seed ${seed}; repeat with COUNTERCHECK_SEED=${seed}`;
}

/** Business, and between it what needs memory, barriers, and new beginnings. */
class RandomRun extends ComparedRun {
  /** There are other versions of the job; no source is stale then, since when keys are unobservable is not promised. */
  readonly isVaried: boolean;
  readonly hasManySkews: boolean;
  /** Lines cannot be read at times. */
  readonly isSuspended: boolean;
  readonly #random: Random;
  readonly #way: Way;
  readonly #known: { readonly kind: Kind; row: Row }[] = [];
  #suspension: string | undefined;
  #version: Version;
  #now = START;
  #rows = 0;
  /** Steps until sources are known to have been read, with seeds and changes. */
  #opening: number;

  constructor(random: Random, way: Way) {
    const version = {
      skewMs: random.pick([0, 2_000, 90_000]),
      retainDays: random.pick([20, 60]),
      warnMinutes: random.pick([undefined, 20]),
    };
    const isSeeded = random.chance(0.5);
    super(new ShortOfMemory(comparedJob(version, way.isPlain), SMALL), isSeeded ? undefined : START);
    this.#opening = isSeeded ? random.below(40) : 0;
    this.#random = random;
    this.#way = way;
    this.#version = version;
    this.isVaried = random.chance(0.5);
    this.hasManySkews = this.isVaried && random.chance(0.5);
    this.isSuspended = random.chance(0.5);
  }

  async step(): Promise<void> {
    const random = this.#random;
    this.#now += random.pick([1, 500, 2_000, 30_000, minutes(10), minutes(70)]);
    if (this.#opening > 0) return this.#open();
    if (random.chance(0.02)) this.#now += random.pick([days(21), days(31), days(61)]);
    const choice = random.next();
    if (choice < 0.4) this.#insert();
    else if (choice < 0.43) this.#retract();
    else if (choice < 0.44) this.#repeat();
    else if (choice < 0.54) this.#update();
    else if (choice < 0.75) this.#advance();
    else if (choice < 0.8) this.#trouble();
    else if (choice < 0.9) this.put(Payment, ADD, this.#fillers("filler"), this.#now);
    else if (choice < 0.95) await this.#save();
    else await this.#restart();
  }

  /** Everything is seen and comes due. */
  finish(): void {
    if (this.#suspension !== undefined) this.resume(this.#suspension);
    for (const source of SOURCES) this.advance(source, this.#now + days(500));
  }

  #insert(): void {
    const random = this.#random;
    const at = this.#now + random.pick([0, 0, 1_999, 2_000, 2_001]);
    const currency = random.chance(0.03) ? USD : EUR;
    const kind = random.pick(KINDS);
    const row = { key: random.pick(KEYS), row: `row-${this.#rows++}`, amount: amountOf(random), currency };
    this.#known.push({ kind, row });
    this.put(kind, ADD, [row], at);
  }

  /** A snapshot goes on, and changes come of what it is through with. */
  async #open(): Promise<void> {
    const random = this.#random;
    const choice = random.next();
    if (choice < 0.5) this.#seed();
    else if (choice < 0.65) this.#insert();
    else if (choice < 0.75) this.#update();
    else if (choice < 0.8) this.#retract();
    else if (choice < 0.9) this.put(Payment, ADD, this.#fillers("filler"), this.#now);
    else if (choice < 0.95) await this.#save();
    else await this.#restart();
    if (--this.#opening > 0) return;
    // A source whose snapshot was over early may be behind that of the other.
    for (const source of SOURCES) this.advance(source, this.#now - random.pick([0, 2_000, minutes(10), minutes(70)]));
  }

  #seed(): void {
    const random = this.#random;
    const kind = random.pick(KINDS);
    const currency = random.chance(0.02) ? USD : EUR;
    const row = { key: random.pick(KEYS), row: `row-${this.#rows++}`, amount: amountOf(random), currency };
    this.#known.push({ kind, row });
    this.seed(kind, [row], this.#now);
  }

  #retract(): void {
    if (this.#known.length === 0) return;
    const { kind, row } = this.#random.pick(this.#known);
    this.put(kind, RETRACT, [row], this.#now);
  }

  /** A row comes on top of itself, or as it came before it went. */
  #repeat(): void {
    if (this.#known.length === 0) return;
    const { kind, row } = this.#random.pick(this.#known);
    this.put(kind, ADD, [row], this.#now);
  }

  /** A row has another amount, and seldom another key. */
  #update(): void {
    const random = this.#random;
    if (this.#known.length === 0) return;
    const known = random.pick(random.chance(0.7) ? this.#known.slice(-6) : this.#known);
    const key = random.chance(0.1) ? random.pick(KEYS) : known.row.key;
    const to = { ...known.row, key, amount: amountOf(random) };
    this.update(known.kind, known.row, to, this.#now + random.pick([0, 2_001]));
    known.row = to;
  }

  #advance(): void {
    const random = this.#random;
    const through = this.#now - random.pick([0, 1, 2_000, minutes(5)]);
    for (const source of random.pick([["shop"], ["ledger"], SOURCES, SOURCES])) this.advance(source, through);
  }

  #trouble(): void {
    const random = this.#random;
    if (this.isSuspended && random.chance(0.6)) return this.#suspendOrResume();
    if (this.isVaried) return;
    this.check.control({ type: "status", source: "ledger", status: random.pick(["stale", "active"]) });
  }

  #suspendOrResume(): void {
    if (this.#suspension !== undefined) {
      this.resume(this.#suspension);
      this.#suspension = undefined;
      return;
    }
    this.#suspension = `stop-${this.#now}`;
    this.suspend(this.#suspension, this.#now - this.#random.pick([0, minutes(5)]));
  }

  /** Payments with long notes, of keys of their own, for which all others leave the memory. */
  #fillers(name: string): Row[] {
    return Array.from({ length: 32 }, () => {
      const key = Buffer.from(`'${name}-${this.#rows}`);
      return { key, row: `row-${this.#rows++}`, amount: 0, currency: EUR, note: "n".repeat(15_000) };
    });
  }

  #save(): Promise<void> | void {
    return this.#way.isCut ? this.check.saveBehind() : this.check.save();
  }

  #restart(): Promise<void> | void {
    const random = this.#random;
    if (this.isVaried && random.chance(0.5)) {
      const skewMs = this.hasManySkews ? random.pick([0, 2_000, 90_000]) : this.#version.skewMs;
      this.#version = { ...this.#version, skewMs, retainDays: random.pick([20, 60]) };
    }
    const job = comparedJob(this.#version, this.#way.isPlain);
    const count = random.pick([1, 2]);
    const lost = random.below(2 ** 31);
    return this.#way.isCut
      ? this.check.restartBehind(job, count, () => this.#lose(seededRandom(lost)))
      : this.check.restart(job, count);
  }

  /** What comes behind a checkpoint from which the job begins anew: as if it had never come. */
  #lose(random: Random): void {
    const { check } = this;
    const rows = this.#rows;
    let now = this.#now;
    const lost = new ComparedRun(check, now);
    for (let step = 0; step < LOST_STEPS; step++) {
      now += random.pick([1, 500, 2_000, 30_000, minutes(10), minutes(70)]);
      if (random.chance(0.1)) now += random.pick([days(21), days(31), days(61)]);
      const choice = random.next();
      if (choice < 0.5) {
        const row = { key: random.pick(KEYS), row: `lost-${step}`, amount: amountOf(random), currency: EUR };
        lost.put(random.pick(KINDS), ADD, [row], now);
      } else if (choice < 0.6 && this.#known.length > 0) {
        const { kind, row } = random.pick(this.#known);
        if (random.chance(0.5)) lost.put(kind, RETRACT, [row], now);
        else lost.update(kind, row, { ...row, amount: amountOf(random) }, now);
      } else if (choice < 0.75) for (const source of SOURCES) lost.advance(source, now);
      else if (choice < 0.8)
        check.control({ type: "status", source: "ledger", status: random.pick(["stale", "active"]) });
      else if (choice < 0.9) lost.put(Payment, ADD, this.#fillers("lost"), now);
      else check.tend();
    }
    this.#rows = rows;
  }
}

function amountOf(random: Random): number {
  return random.pick([1_000, 1_000, 100, 0, -100]);
}
