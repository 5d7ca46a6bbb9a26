import { describe, expect, it, vi } from "vitest";
import { type Random, seededRandom } from "../../base/random.ts";
import { days, hours, milliseconds, minutes } from "../../base/time.ts";
import { minus } from "../../dataflow/leg.ts";
import { flag, id, instant, integer, model, money, number, table, text } from "../../dataflow/model.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import { job } from "../job.ts";
import { PlainForesight } from "./plain-foresight.ts";
import { PlainKeys } from "./plain-keys.ts";
import { PlainPast } from "./plain-past.ts";

const RUNS = Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 200) / 2;
const STEPS = 60;
const START = Date.UTC(2026, 0, 1);

const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: {
    paymentId: id(),
    amount: money(),
    at: instant(),
    note: text(),
    count: integer(),
    rate: number(),
    ok: flag(),
  },
  businessTime: "at",
});
const Refund = model("Refund", { from: table("shop", "refunds"), fields: { paymentId: id(), amount: money() } });
const Line = model("Line", {
  from: table("ledger", "lines"),
  fields: { paymentId: id(), net: money(), fee: money(), text: text() },
});

type Kind = typeof Payment | typeof Refund | typeof Line;

/** One rule twice: with a tolerance, which is of nothing, its keys cannot be plain. `warns`: before deadlines. */
const jobOf = (skewMs: number, warns: boolean, isPlain: boolean) =>
  job("compared", (env) => {
    const lines = env.changes(Line);
    env.reconcile("compared", {
      by: "paymentId",
      expect: {
        captured: env.changes(Payment).sum("amount"),
        refunded: minus(env.changes(Refund).sum("amount").within(hours(5))),
      },
      actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
      missingAfter: hours(1),
      skew: milliseconds(skewMs),
      retain: days(60),
      ...(warns ? { warnBefore: minutes(20) } : {}),
      ...(isPlain ? {} : { tolerance: { absolute: "0" } }),
    });
  });

describe("plain keys", () => {
  it("say what keys say that are not plain, whatever happens", () => {
    const first = Number(process.env.COUNTERCHECK_SEED ?? Date.now() % 1_000_000);
    const taken = vi.spyOn(PlainKeys.prototype, "take");
    const ended = vi.spyOn(PlainPast.prototype, "end");
    const tidied = vi.spyOn(PlainPast.prototype, "tidy");
    const postponed = vi.spyOn(PlainForesight.prototype, "postpone");
    for (let seed = first; seed < first + RUNS; seed++) {
      expect(told(seed, true), `seed ${seed}; repeat with COUNTERCHECK_SEED=${seed}`).toEqual(told(seed, false));
    }
    const times = (of: { mock: { results: { value: unknown }[] } }, holds: (given: unknown) => boolean) =>
      of.mock.results.filter(({ value }) => holds(value)).length;
    expect(
      times(taken, (isTaken) => isTaken === true),
      "rows of plain keys",
    ).toBeGreaterThan(RUNS * 10);
    expect(ended.mock.calls.length, "rows of plain keys that end").toBeGreaterThan(RUNS);
    expect(tidied.mock.calls.length).toBeGreaterThan(RUNS);
    expect(postponed.mock.calls.length, "plain keys from before all sources had a history").toBeGreaterThan(RUNS);
    vi.restoreAllMocks();
  });
});

/** All that a random run says. */
function told(seed: number, isPlain: boolean) {
  const random = seededRandom(seed);
  const driver = testJob(jobOf(random.pick([0, 2_000, 90_000]), random.chance(0.5), isPlain));
  const run = new RandomRun(driver, random);
  for (let step = 0; step < STEPS; step++) run.step();
  const keys = driver.keys();
  driver.end(run.now);
  // Keys become unobservable at the last point that was visited, which is not promised: of plain keys those are not points at which
  // nothing but a band began.
  const promised = ({ rule: _, time, ...verdict }: object & { rule: unknown; time: unknown; status: string }) =>
    verdict.status === "unobservable" ? verdict : { ...verdict, time };
  return {
    // Their order is told of one key only.
    verdicts: driver.verdicts().sort(byKey).map(promised),
    alerts: driver.alerts().sort(byKey),
    counts: driver.counts().sort((one, other) => one.minute - other.minute),
    finals: driver.finals(),
    engine: driver.engineAlerts,
    keys,
  };
}

function byKey(one: { readonly key: string }, other: { readonly key: string }): number {
  return one.key < other.key ? -1 : one.key > other.key ? 1 : 0;
}

/** Mostly plain business, and now and then all that is not. */
class RandomRun {
  now = START;
  readonly #driver: TestDriver;
  readonly #random: Random;
  #rows = 0;
  readonly #known: {
    readonly model: Kind;
    readonly row: string;
    readonly key: number;
  }[] = [];
  #faults: string[] = [];
  #suspended = 0;
  #isStale = false;
  /** Nothing but business with its changes, by many keys. */
  readonly #isCalm: boolean;
  /** How many in a hundred of the rows that are new are read by a snapshot. */
  readonly #seeded: number;

  constructor(driver: TestDriver, random: Random) {
    this.#driver = driver;
    this.#random = random;
    this.#isCalm = random.chance(0.5);
    this.#seeded = random.pick([0, 2, 40]);
    if (this.#seeded > 0) this.#open();
  }

  /** Snapshots are read, and changes of tables whose snapshot is over, before any source is known to have been read. */
  #open(): void {
    const random = this.#random;
    for (let left = random.below(30); left > 0; left--) {
      this.now += random.pick([1, 500, 2_000, 30_000, minutes(10)]);
      if (random.chance(0.8)) this.#put(random.pick([Payment, Line, Line, Refund]), random.chance(0.8), this.now);
      else this.#change();
    }
    // The source that is read first may be behind the snapshot of the other.
    if (random.chance(0.3)) this.#driver.advance(this.now - random.pick([1, 2_000, minutes(10), minutes(70)]));
  }

  step(): void {
    const random = this.#random;
    this.now += random.pick([
      1,
      500,
      2_000,
      30_000,
      minutes(10),
      minutes(70),
      ...(random.chance(0.1) ? [days(31), days(61)] : []),
    ]);
    const choice = random.next();
    if (choice < 0.5) return this.#insert();
    if (choice < 0.67) return this.#change();
    if (this.#isCalm) return choice < 0.87 ? this.#insert() : this.#advance();
    if (choice < 0.92) return this.#advance();
    if (choice < 0.96) return this.#fault();
    return this.#trouble();
  }

  #insert(): void {
    const random = this.#random;
    // Transactions of sources overlap, so that times of one table go back a little where its frontier has not come by.
    const at = this.now + random.pick([0, 0, 1_999, 2_000, 2_001]);
    this.#put(random.pick([Payment, Line, Line, Refund]), random.below(100) < this.#seeded, at);
  }

  #put(kind: Kind, isSeed: boolean, at: number): void {
    const random = this.#random;
    const key = random.below(this.#isCalm ? 20 : 6);
    const row = random.chance(0.02)
      ? `row-${random.below(20)}-${"x".repeat(random.below(900))}`
      : `row-${this.#rows++}`;
    this.#known.push({ model: kind, row, key });
    this.#upsert(kind, row, key, at, isSeed);
  }

  #upsert(kind: Kind, row: string, key: number, at: number, isSeed = false): void {
    const random = this.#random;
    const upsert: TestDriver["upsert"] = isSeed
      ? (...of) => this.#driver.seed(...of)
      : (...of) => this.#driver.upsert(...of);
    const paymentId = random.chance(0.02) ? null : key;
    if (kind === Line) {
      const net = this.#amount();
      const fee = random.chance(0.3) ? null : this.#amount();
      upsert(Line, row, { at }, { paymentId, net, fee, text: random.pick([null, "", "ä ☂ 𝄞", "plain"]) });
    } else if (kind === Refund) {
      upsert(Refund, row, { at }, { paymentId, amount: this.#amount() });
    } else {
      const business = random.pick([null, at, at - minutes(30), at + minutes(30), at - days(2)]);
      const values = { count: random.pick([null, 0n, -1n, 2n ** 62n]), rate: random.pick([null, 0.1, -0, 1e300]) };
      const note = random.chance(0.02) ? "n".repeat(random.below(9_000)) : random.pick([null, "note"]);
      const ok = random.pick([null, true, false]);
      upsert(Payment, row, { at }, { paymentId, amount: this.#amount(), at: business, note, ok, ...values });
    }
  }

  #amount(): string | null {
    const random = this.#random;
    if (this.#isCalm) return random.pick(["10.00 EUR", "1.00 EUR", "0.00 EUR"]);
    if (random.chance(0.03)) return random.pick(["5.00 USD", "90000000000000000.00 EUR", "7 JPY"]);
    return random.chance(0.02)
      ? null
      : random.pick(["10.00 EUR", "9.00 EUR", "1.00 EUR", "1.00 EUR", "0.00 EUR", "-1.00 EUR"]);
  }

  #change(): void {
    const random = this.#random;
    if (this.#known.length === 0) return;
    const lastOnes = this.#known.slice(-4);
    const { model: kind, row, key } = random.pick(random.chance(0.5) ? lastOnes : this.#known);
    if (random.chance(0.3)) this.#driver.delete(kind, row, { at: this.now });
    else this.#upsert(kind, row, random.chance(0.2) ? random.below(6) : key, this.now);
  }

  #advance(): void {
    const random = this.#random;
    const time = this.now - random.pick([0, 1, 2_000, minutes(5)]);
    const sources = random.pick([["shop"], ["ledger"], [], []]);
    this.#driver.advance(Math.max(time, START), ...sources);
  }

  #fault(): void {
    const random = this.#random;
    if (this.#faults.length > 0 && random.chance(0.5)) {
      this.#driver.settle(this.#faults.pop()!);
      return;
    }
    const id = `topic/0/${this.#faults.length + this.#rows}`;
    this.#faults.push(id);
    const fields = random.chance(0.5) ? { Line: { paymentId: String(random.below(8)) } } : {};
    this.#driver.fault({ id, source: "ledger", table: "lines", fields });
  }

  #trouble(): void {
    const random = this.#random;
    if (random.chance(0.5)) {
      this.#isStale = !this.#isStale;
      this.#driver.status("ledger", this.#isStale ? "stale" : "active");
    } else if (this.#suspended > 0) {
      this.#driver.resume(`stop-${this.#suspended}`);
      this.#suspended = 0;
    } else {
      this.#suspended = this.now;
      const what = { models: ["Line"], cause: "truncate", message: "truncated" } as const;
      this.#driver.suspend({ id: `stop-${this.now}`, source: "ledger", table: "lines", time: this.now, ...what });
    }
  }
}
