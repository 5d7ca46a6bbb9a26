import { describe, expect, it } from "vitest";
import { type Random, seededRandom } from "../base/random.ts";
import { days, hours, minutes } from "../base/time.ts";
import { id, type Model, model, money, table, text } from "../dataflow/model.ts";
import { allSaid } from "../test/support/compared-check.ts";
import { ShortOfMemory } from "../test/support/short-memory.ts";
import {
  batchOf,
  type Coming,
  type LogChange,
  ReferenceStage,
  saidAgain,
  unstaged,
  WholeRowLog,
} from "../test/support/whole-row-log.ts";
import { type Job, job } from "./job.ts";

const RUNS = Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 200);
const STEPS = 30;
const START = Date.UTC(2026, 0, 1);
const SOURCES = ["shop", "ledger"] as const;

const fields = { paymentId: id(), amount: money(), note: text() };
const modelsOf = (isWhole: boolean): readonly Model[] => {
  const before = isWhole ? "full" : undefined;
  return [
    model("Payment", { from: table("shop", "payments", { before }), fields }),
    model("Line", { from: table("ledger", "lines", { before }), fields }),
  ];
};
const STAGED = modelsOf(false);
const WHOLE = modelsOf(true);

/** Payments are settled within an hour. Keys are plain, or with a tolerance of nothing are not. */
function jobOf([payments, lines]: readonly Model[], isPlain: boolean): Job {
  return job("compared", (env) => {
    env.reconcile("compared", {
      by: "paymentId",
      expect: { captured: env.changes(payments as (typeof WHOLE)[0]).sum("amount" as never) },
      actual: { settled: env.changes(lines as (typeof WHOLE)[0]).sum("amount" as never) },
      missingAfter: hours(1),
      retain: days(25),
      ...(isPlain ? {} : { tolerance: { absolute: "0" } }),
    } as never);
  });
}

describe("rows that come without a row stage", () => {
  for (const isPlain of [true, false]) {
    it(`count as with one, whatever is said again: ${isPlain ? "plain keys" : "others"}`, () => {
      const first = Number(process.env.COUNTERCHECK_SEED ?? Date.now() % 1_000_000);
      for (let seed = first; seed < first + RUNS / 2; seed++) {
        const again = `seed ${seed}; repeat with COUNTERCHECK_SEED=${seed}`;
        const whole = told(seed, jobOf(WHOLE, isPlain), WHOLE, IN_ORDER);
        expect(whole, again).toEqual(told(seed, jobOf(STAGED, isPlain), STAGED, IN_ORDER));
      }
    });
    for (const way of [FROM_THE_MIDDLE, IN_TWO_PARTITIONS]) {
      it(`count as with one in the end, ${way.name}: ${isPlain ? "plain keys" : "others"}`, () => {
        const first = Number(process.env.COUNTERCHECK_SEED ?? Date.now() % 1_000_000);
        for (let seed = first; seed < first + RUNS / 2; seed++) {
          const again = `seed ${seed}; repeat with COUNTERCHECK_SEED=${seed}`;
          const whole = lastWords(told(seed, jobOf(WHOLE, isPlain), WHOLE, way));
          expect(whole, again).toEqual(lastWords(told(seed, jobOf(STAGED, isPlain), STAGED, way)));
        }
      });
    }
  }
});

/** How logs are read. */
interface Way {
  readonly name: string;
  /** How many changes lie before the first that is read, at most. */
  readonly skips: number;
  /** Changes of one row may overtake one another. */
  readonly isShuffled: boolean;
}

const IN_ORDER: Way = { name: "from the beginning", skips: 0, isShuffled: false };
const FROM_THE_MIDDLE: Way = { name: "from the middle", skips: 8, isShuffled: false };
const IN_TWO_PARTITIONS: Way = { name: "from two partitions", skips: 0, isShuffled: true };

/** What all keys come to that do not pass: of one that a row was under for a moment, only one way may know. */
function lastWords({ finals }: ReturnType<typeof told>) {
  return finals
    .filter(({ status }) => status !== "pass")
    .map(({ key, currency, status, class: cause }) => [key, currency, status, cause]);
}

/** All that a random run says. */
function told(seed: number, job: Job, models: readonly Model[], way: Way) {
  const run = new Run(seededRandom(seed), job, models, way);
  for (let step = 0; step < STEPS; step++) run.step();
  run.finish();
  const { keys: _, engine, ...all } = allSaid(run.check);
  return { ...all, engine: [...new Set(engine)].sort() };
}

/** Two tables whose logs are said, and proven to a time. */
class Run {
  readonly check: ShortOfMemory;
  readonly #random: Random;
  /** For what only one of two runs does. */
  readonly #own = seededRandom(1);
  readonly #job: Job;
  readonly #models: readonly Model[];
  readonly #logs: readonly WholeRowLog[];
  readonly #stages = SOURCES.map(() => new ReferenceStage());
  readonly #said = [0, 0];
  readonly #way: Way;
  /** By table: what was overtaken. */
  readonly #held: LogChange[][] = [[], []];
  readonly #through = [START, START];
  #now = START;

  constructor(random: Random, job: Job, models: readonly Model[], way: Way) {
    this.#random = random;
    this.#job = job;
    this.#models = models;
    this.#way = way;
    this.check = new ShortOfMemory(job);
    this.#logs = SOURCES.map(() => new WholeRowLog(random));
    const seeds = way === IN_ORDER ? random.pick([0, 0, 3]) : 0;
    for (const [table, log] of this.#logs.entries()) {
      for (let row = 0; row < seeds; row++) log.write(START - hours(2), true);
      this.#say(table);
      for (let left = random.below(1 + way.skips); left > 0; left--) log.write(START - hours(1));
      this.#said[table] = log.changes.length;
    }
    for (const source of SOURCES) this.#prove(source, START - 1);
  }

  step(): void {
    const random = this.#random;
    this.#now += random.pick([1, 500, 2_000, 30_000, minutes(10), minutes(70)]);
    const table = random.below(2);
    const log = this.#logs[table]!;
    for (let left = random.below(4); left > 0; left--) log.write(this.#now);
    if (random.chance(0.7)) this.#say(table);
    if (random.chance(0.5)) this.#advance(random.below(2), random.chance(0.05));
    if (this.#own.chance(0.1)) this.check.save();
    if (this.#own.chance(0.1)) this.check.restart(this.#job, 1 + this.#own.below(2));
  }

  finish(): void {
    for (const table of SOURCES.keys()) {
      this.#say(table, 0);
      this.#prove(SOURCES[table]!, this.#now + hours(5));
    }
  }

  /** All that was written, and some of what was said before. */
  #say(table: number, holds = this.#way.isShuffled ? 0.4 : 0): void {
    const random = this.#random;
    const { changes } = this.#logs[table]!;
    const from = saidAgain(random, this.#said[table]!);
    this.#said[table] = changes.length;
    const coming = [...this.#held[table]!, ...changes.slice(from)];
    if (this.#way.isShuffled) coming.sort(() => random.below(3) - 1);
    const isHeld = coming.map(() => random.chance(holds));
    this.#held[table] = coming.filter((_, at) => isHeld[at]);
    const rows = coming.filter((_, at) => !isHeld[at]).flatMap((change) => this.#rowsOf(table, change));
    if (rows.length > 0) this.check.batch(table, batchOf(this.#models[table]!, rows));
  }

  #rowsOf(table: number, change: LogChange): Coming[] {
    return this.#models === WHOLE ? unstaged(change) : this.#stages[table]!.take(change);
  }

  /** Proves what was said, or sometimes too much. */
  #advance(table: number, isTooFar: boolean): void {
    const isAll = this.#said[table] === this.#logs[table]!.changes.length;
    const next = this.#logs[table]!.changes[this.#said[table]!];
    const through = isAll || isTooFar ? this.#now : next!.time - 1;
    if (through <= this.#through[table]!) return;
    this.#through[table] = through;
    this.#prove(SOURCES[table]!, through);
  }

  #prove(source: string, through: number): void {
    this.check.control({ type: "frontier", source, through, since: START - hours(2) });
  }
}
