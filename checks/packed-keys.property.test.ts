import { expect, it, vi } from "vitest";
import { packCurrency } from "../base/money.ts";
import { type Random, seededRandom } from "../base/random.ts";
import { days, minutes } from "../base/time.ts";
import { ADD, RETRACT } from "../dataflow/change-layout.ts";
import { allSaid, ComparedRun, comparedJob, KINDS, type Kind, type Row } from "../test/support/compared-check.ts";
import { ShortOfMemory } from "../test/support/short-memory.ts";
import { PackWriter } from "./row-pack.ts";

const RUNS = Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 200) / 25;
const STEPS = 60;
const START = Date.UTC(2026, 0, 1);
const KEYS = ["'batch-1", "'batch-2", "'batch-3"].map((key) => Buffer.from(key));
const CURRENCIES = ["EUR", "USD"].map(packCurrency);
const ALL = 1 << 30;

/** Business of keys with many rows, in a job that has room for all of them as objects, or in one that has next to none. */
class RandomRun extends ComparedRun {
  readonly #random: Random;
  /** Decides when state is written and begun anew from, where it is. */
  readonly #disturbance: Random | undefined;
  readonly #job: () => ReturnType<typeof comparedJob>;
  readonly #known: { readonly kind: Kind; row: Row }[] = [];
  #now = START;
  #rows = 0;

  constructor(seed: number, isDisturbed: boolean) {
    const random = seededRandom(seed);
    const version = { skewMs: random.pick([0, 2_000]), retainDays: 60, warnMinutes: random.pick([undefined, 20]) };
    const job = () => comparedJob(version, false);
    const little = random.pick([0, 0, 50_000]);
    super(new ShortOfMemory(job(), {}, isDisturbed ? little : ALL), START);
    this.#random = random;
    this.#disturbance = isDisturbed ? seededRandom(seed + 1) : undefined;
    this.#job = job;
  }

  step(): void {
    const random = this.#random;
    this.#now += random.pick([1, 2_001, minutes(10), minutes(30)]);
    if (random.chance(0.03)) this.#now += random.pick([days(1), days(31), days(61)]);
    const choice = random.next();
    if (choice < 0.3) this.#come(random.pick([1, 5, 40, 150]));
    else if (choice < 0.4) this.#balance();
    else if (choice < 0.5) this.#change();
    else if (choice < 0.6) this.#go();
    else if (choice < 0.65) this.#comeAnew();
    else for (const source of ["shop", "ledger"]) this.advance(source, this.#now - random.pick([0, 2_000, minutes(5)]));
    this.#disturb();
  }

  finish(): void {
    for (const source of ["shop", "ledger"]) this.advance(source, this.#now + days(300));
  }

  #come(count: number): void {
    const random = this.#random;
    const kind = random.pick(KINDS);
    const key = random.pick(KEYS);
    const rows = Array.from({ length: count }, () => {
      return { key, row: `row-${this.#rows++}`, amount: amountOf(random), currency: random.pick(CURRENCIES) };
    });
    this.#known.push(...rows.map((row) => ({ kind, row })));
    this.put(kind, ADD, rows, this.#now);
  }

  /** A line makes up for what a key's payments and lines come to. */
  #balance(): void {
    const key = this.#random.pick(KEYS);
    for (const currency of CURRENCIES) {
      const own = this.#known.filter(({ row }) => row.key === key && row.currency === currency);
      const amount = own.reduce((sum, { kind, row }) => sum + (kind === KINDS[0] ? row.amount : -row.amount), 0);
      const row = { key, row: `row-${this.#rows++}`, amount, currency };
      this.#known.push({ kind: KINDS[1], row });
      this.put(KINDS[1], ADD, [row], this.#now);
    }
  }

  #change(): void {
    if (this.#known.length === 0) return;
    const known = this.#random.pick(this.#known);
    const to = { ...known.row, amount: amountOf(this.#random) };
    this.update(known.kind, known.row, to, this.#now);
    known.row = to;
  }

  #go(): void {
    if (this.#known.length === 0) return;
    const gone = this.#known.splice(this.#random.below(this.#known.length), 1);
    for (const { kind, row } of gone) this.put(kind, RETRACT, [row], this.#now);
  }

  /** A row comes on top of itself. */
  #comeAnew(): void {
    if (this.#known.length === 0) return;
    const { kind, row } = this.#random.pick(this.#known);
    this.put(kind, ADD, [row], this.#now);
  }

  #disturb(): void {
    const random = this.#disturbance;
    if (random === undefined) return;
    const choice = random.next();
    if (choice < 0.2) this.check.save();
    else if (choice < 0.3) this.check.restart(this.#job(), random.pick([1, 2]));
  }
}

function amountOf(random: Random): number {
  return random.pick([1_000, 100, 0, -100]);
}

function told(seed: number, isDisturbed: boolean) {
  const packs = vi.spyOn(PackWriter.prototype, "pack");
  const run = new RandomRun(seed, isDisturbed);
  for (let step = 0; step < STEPS; step++) run.step();
  run.finish();
  const packed = packs.mock.calls.length;
  packs.mockRestore();
  return { packed, said: allSaid(run.check) };
}

it("keys whose rows are packed, on the disk or begun anew say what keys say whose rows are objects all the time", () => {
  const first = Number(process.env.COUNTERCHECK_SEED ?? Date.now() % 1_000_000);
  let packed = 0;
  let verdicts = 0;
  for (let seed = first; seed < first + RUNS; seed++) {
    const [eager, lazy] = [told(seed, false), told(seed, true)];
    expect(eager.packed, "packs of keys that are never written").toBe(0);
    expect(lazy.said, `seed ${seed}; repeat with COUNTERCHECK_SEED=${seed}`).toEqual(eager.said);
    packed += lazy.packed;
    verdicts += eager.said.verdicts.length;
  }
  expect(packed).toBeGreaterThan(RUNS * 10);
  expect(verdicts).toBeGreaterThan(RUNS * 5);
});
