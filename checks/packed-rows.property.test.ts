import { describe, expect, it, vi } from "vitest";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { packCurrency } from "../base/money.ts";
import { type Random, seededRandom } from "../base/random.ts";
import { BEFORE_ALL_TIME, hours } from "../base/time.ts";
import { id, type Model, model, money, table, text } from "../dataflow/model.ts";
import { deadlineOf } from "./check-inputs.ts";
import { Evidence } from "./evidence.ts";
import { keyStateCodec } from "./key-state-codec.ts";
import { Ledger } from "./ledger.ts";
import { byLegAndRow } from "./ordered-entries.ts";
import { ReconcileRule } from "./reconcile/reconcile-rule.ts";
import { RowWriter } from "./row-codec.ts";
import { PackReader } from "./row-pack.ts";
import type { Entry, RowEvidence } from "./row-set.ts";
import type { CheckInput, RuleLeg } from "./rule.ts";
import { StateWriter } from "./state-bytes.ts";
import { layoutOf } from "./state-layout.ts";
import { schemaOf } from "./state-schema.ts";
import type { Totals } from "./totals.ts";

const RUNS = 20;
const STEPS = 50;
const SEED = Number(process.env.COUNTERCHECK_LEDGER_SEED ?? Date.now() % 1_000_000_000);
const CURRENCIES = ["EUR", "USD", "JPY"].map(packCurrency);
const AMOUNTS = [0n, 1n, 1_000n, -400n, 2n ** 51n, -(2n ** 70n)];
const NO_FLOOR = BEFORE_ALL_TIME;

const Payment = model("Payment", {
  from: [table("shop", "payments"), table("shop", "old_payments")],
  fields: { paymentId: id(), status: text(), amount: money() },
});
const Line = model("Line", { from: table("ledger", "lines"), fields: { paymentId: id(), net: money() } });

const leg = (name: string, side: RuleLeg["side"], sign: 1 | -1, input: number, field: string): RuleLeg => {
  return { name, side, sign, input, field, deadline: deadlineOf(hours(24)), scale: undefined, origin: "" };
};
const LEGS = [
  leg("captured", "expect", 1, 0, "amount"),
  leg("refunded", "expect", -1, 0, "amount"),
  leg("settled", "actual", 1, 1, "net"),
];
const inputsOf = (...models: unknown[]): CheckInput[] =>
  models.map((one) => ({ model: one as Model, by: ["paymentId"], key: "paymentId", rows: "all" }));
const INPUTS = inputsOf(Payment, Line);

function ruleOf(skewMs: number, legs: readonly RuleLeg[] = LEGS): ReconcileRule {
  const settings = { warnBeforeMs: hours(3), version: 1, emitAll: false, retainMs: hours(1_000) };
  return new ReconcileRule({ uid: "check", ...settings, skewMs, legs });
}

const rule = ruleOf(2_000);
const codec = keyStateCodec(rule, INPUTS);
const evidence = new Evidence(rule, INPUTS);

function bytesOf(ledger: Ledger): Buffer {
  const out = new ByteWriter();
  codec.write({ ledger, verdicts: { currencies: [] }, own: "" }, out);
  return Buffer.from(out.bytes());
}

function readBack(ledger: Ledger): Ledger {
  return codec.read(new ByteReader(bytesOf(ledger))).ledger;
}

/** As keys were written before rows were packed. */
function formerBytesOf(ledger: Ledger): Buffer {
  const bytes = new ByteWriter();
  const out = new StateWriter().start(bytes);
  ledger.write(new RowWriter(out, layoutOf(rule, INPUTS)));
  out.uint(0);
  out.text("");
  return Buffer.from(bytes.bytes());
}

/** A key's history: what happens to one ledger happens to others. */
class History {
  time = 1_767_225_600_000;
  readonly live = new Map<string, RowEvidence>();
  readonly #random: Random;
  #rows = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** What happens next, to a ledger which is like the others. */
  step({ memory }: Ledger): (ledger: Ledger) => unknown {
    const random = this.#random;
    this.time += random.pick([1, 500, 2_001, 60_000, hours(7)]);
    const choice = random.next();
    if (choice < 0.25) return this.#come(random.pick([1, 3, 20, 90, 300]));
    if (choice < 0.4) return this.#go();
    if (choice < 0.45) return this.#comeAnew();
    if (choice < 0.47) return memory === "rows" ? this.#fade() : () => undefined;
    if (choice < 0.5) return (ledger) => ledger.dropUnknownRetracts();
    return this.#judge();
  }

  #come(count: number): (ledger: Ledger) => void {
    const random = this.#random;
    const { time } = this;
    const dueAt = time + random.pick([-1, 1_000, hours(24)]);
    const changes = Array.from({ length: count }, () => {
      const from = this.#evidence(time);
      const entries = this.#entries(from, random.chance(0.8) ? dueAt : dueAt + random.below(5) * 60_000);
      this.live.set(from.id, from);
      return { time, isAdd: true, row: from.id, entries };
    });
    return (ledger) => {
      for (const change of changes) ledger.add(change);
    };
  }

  /** A row goes, now and then one that nobody knows. */
  #go(): (ledger: Ledger) => void {
    const { time } = this;
    const row = this.#known() ?? "0/0/unknown";
    this.live.delete(row);
    return (ledger) => ledger.add({ time, isAdd: false, row, entries: [] });
  }

  /** A row comes on top of itself, or goes and comes with another amount. */
  #comeAnew(): (ledger: Ledger) => void {
    const { time } = this;
    const row = this.#known();
    if (row === undefined) return () => undefined;
    const from = { ...this.live.get(row)!, time };
    const entries = this.#entries(from, time + hours(24));
    const goes = this.#random.chance(0.5);
    return (ledger) => {
      if (goes) ledger.add({ time, isAdd: false, row, entries: [] });
      ledger.add({ time, isAdd: true, row, entries });
    };
  }

  #known(): string | undefined {
    return this.live.size === 0 || this.#random.chance(0.1) ? undefined : this.#random.pick([...this.live.keys()]);
  }

  #fade(): (ledger: Ledger) => void {
    this.live.clear();
    return (ledger) => {
      if (ledger.isIdle() && ledger.waiting.size === 0) ledger.close();
    };
  }

  #judge(): (ledger: Ledger) => unknown {
    const { time } = this;
    return (ledger) => {
      const seen: unknown[] = [];
      for (let point = ledger.nextPoint(NO_FLOOR); point < time; point = ledger.nextPoint(NO_FLOOR)) {
        const ended: unknown[] = [];
        const isReal = ledger.advance(point, NO_FLOOR, (entries, at) => ended.push([entries, at]));
        seen.push([point, isReal, ended, ledger.entersBand, ledger.warnsOf, sumsOf(ledger.totals)]);
      }
      return textOf(seen);
    };
  }

  #evidence(time: number): RowEvidence {
    const random = this.#random;
    const input = random.below(2);
    const at = input === 0 ? random.below(2) : 0;
    const row = `'row-${this.#rows++}`;
    const position = { major: 7, minor: this.#rows, sub: 0 };
    const amount = { minor: random.pick(AMOUNTS), currency: "EUR" };
    const fields = input === 0 ? ["'ü", random.pick(["captured", null]), amount] : ["'p", amount];
    return { id: `${input}/${at}/${row}`, input, table: at, row, ...position, time, seed: null, fields };
  }

  #entries(from: RowEvidence, dueAt: number): Entry[] {
    const random = this.#random;
    const currency = random.pick(CURRENCIES);
    const entries = LEGS.flatMap(({ input, side, sign }, index) => {
      if (input !== from.input) return [];
      const captures = side === "expect" && sign === 1;
      return [{ leg: index, side, captures, currency, minor: random.pick(AMOUNTS), dueAt, from }];
    });
    return random.chance(0.9) ? entries : entries.slice(1);
  }
}

/** What can be seen of a ledger whose rows nobody asks for. */
function headOf(ledger: Ledger): string {
  const { lastPoint, lastChange, lastAdded, memory, judged, hasRows, warnsOf } = ledger;
  const points = [ledger.nextPoint(NO_FLOOR), ledger.nextJudgement(NO_FLOOR), ledger.isIdle(), warnsOf];
  const head = { lastPoint, lastChange, lastAdded, memory, judged, hasRows };
  return textOf([head, points, ledger.waiting.size, sumsOf(ledger.totals), sumsOf(ledger.totalsBehindBand)]);
}

/** A leg without a sum has none or nothing. */
function sumsOf(totals: readonly Totals[]) {
  return totals.map(({ legs, ...rest }) => ({ ...rest, legs: LEGS.map((_, index) => legs[index] ?? 0n) }));
}

/** All of its rows. */
function rowsOf(ledger: Ledger): string {
  const entries = [...ledger.entries].sort(byLegAndRow);
  return textOf([entries, evidence.contributions(ledger), [...ledger.currencies()].sort()]);
}

const textOf = (value: unknown) =>
  JSON.stringify(value, (_, part) => {
    if (typeof part === "bigint") return `${part}n`;
    return typeof part === "number" && !Number.isFinite(part) ? String(part) : part;
  });

describe("the rows of a key that are packed", () => {
  it(`are those of one that was never written, whatever comes (seed ${SEED})`, () => {
    let packed = 0;
    for (let run = 0; run < RUNS; run++) {
      const random = seededRandom(`${SEED}/${run}`);
      const history = new History(random);
      const asksEach = random.pick([0.02, 0.3]);
      const eager = new Ledger(rule.skewMs, rule.warnBeforeMs);
      let lazy = new Ledger(rule.skewMs, rule.warnBeforeMs);
      for (let step = 0; step < STEPS; step++) {
        const happens = history.step(eager);
        if (random.chance(0.3)) bytesOf(lazy);
        if (random.chance(0.4)) lazy = readBack(lazy);
        const name = `seed ${SEED}, run ${run}, step ${step}`;
        expect(happens(lazy), name).toBe(happens(eager));
        expect(headOf(lazy), name).toBe(headOf(eager));
        if (random.chance(asksEach)) expect(rowsOf(lazy), name).toBe(rowsOf(eager));
        if (eager.memory === "rows" && history.live.size > 300) packed++;
      }
      expect(rowsOf(lazy), `seed ${SEED}, run ${run}`).toBe(rowsOf(eager));
    }
    expect(packed, "keys of several packs").toBeGreaterThan(RUNS);
  });

  it(`are read as those that were written one by one, of another skew and another layout (seed ${SEED})`, () => {
    const swap = (one: RuleLeg): RuleLeg => ({ ...one, input: 1 - one.input });
    const swapped = [swap(LEGS[2]!), swap(LEGS[0]!), swap(LEGS[1]!)];
    const { paymentId, net } = Line.fields;
    const Wider = { ...Line, fields: { note: text(), net, paymentId } };
    const readers = [
      codec.read,
      keyStateCodec(ruleOf(90_000), INPUTS).readsFrom(codec.schema)!,
      keyStateCodec(ruleOf(0), INPUTS).readsFrom(codec.schema)!,
      keyStateCodec(ruleOf(2_000, swapped), inputsOf(Line, Payment)).readsFrom(codec.schema)!,
      keyStateCodec(rule, inputsOf(Payment, Wider)).readsFrom(codec.schema)!,
    ];
    for (let run = 0; run < RUNS; run++) {
      const history = new History(seededRandom(`${SEED}/${run}`));
      const ledger = new Ledger(rule.skewMs, rule.warnBeforeMs);
      for (let step = 0; step < STEPS / 2; step++) history.step(ledger)(ledger);
      const former = formerBytesOf(ledger);
      const bytes = bytesOf(ledger);
      for (const [index, read] of readers.entries()) {
        const name = `seed ${SEED}, run ${run}, reader ${index}`;
        const [before, now] = [former, bytes].map((one) => read(new ByteReader(one)).ledger);
        expect(headOf(now!), name).toBe(headOf(before!));
        expect(textOf([...now!.entries].sort(byLegAndRow)), name).toBe(textOf([...before!.entries].sort(byLegAndRow)));
      }
    }
  });

  it("are read where the form before was written", () => {
    const layout = layoutOf(rule, INPUTS);
    const former = keyStateCodec(rule, INPUTS).readsFrom(schemaOf({ ...layout, format: 2 }))!;
    const history = new History(seededRandom("form"));
    const ledger = new Ledger(rule.skewMs, rule.warnBeforeMs);
    while (history.live.size < 300) history.step(ledger)(ledger);
    ledger.advance(history.time + hours(30), NO_FLOOR);
    const copy = former(new ByteReader(formerBytesOf(ledger))).ledger;
    expect(headOf(copy)).toBe(headOf(ledger));
    expect(rowsOf(copy)).toBe(rowsOf(ledger));
    expect(keyStateCodec(rule, INPUTS).readsFrom(schemaOf({ ...layout, format: 1 }))).toBeUndefined();
  });

  it("are not read until somebody asks for them, and those of one pack where one of them goes", () => {
    const ledger = new Ledger(rule.skewMs, rule.warnBeforeMs);
    const time = 1_767_225_600_000;
    const put = (one: Ledger, row: number, isAdd: boolean) => {
      const place = { table: 0, row: `${row}`, major: 1, minor: row, sub: 0, time, seed: null };
      const from = { ...place, id: `1/0/${row}`, input: 1, fields: ["'p", null] };
      const part = { leg: 2, side: "actual", captures: false, minor: 1n, currency: CURRENCIES[0]! } as const;
      one.add({ time: time + row, isAdd, row: from.id, entries: [{ ...part, dueAt: time, from }] });
    };
    for (let row = 0; row < 1_000; row++) put(ledger, row, true);
    ledger.advance(time + 1_000, NO_FLOOR);
    const read = vi.spyOn(PackReader.prototype, "read");
    const rowsRead = () => read.mock.calls.reduce((sum, [, count]) => sum + count, 0);
    const copy = readBack(ledger);
    put(copy, 2_000, true);
    copy.advance(time + 2_000, NO_FLOOR);
    const again = readBack(copy);
    expect(again.totals[0]!.actual).toBe(1_001n);
    expect(rowsRead()).toBe(0);
    put(again, 2_000, false);
    again.advance(time + 3_000, NO_FLOOR);
    put(again, 3, false);
    again.advance(time + 4_000, NO_FLOOR);
    expect([again.totals[0]!.actual, rowsRead()]).toEqual([999n, 65]);
    expect(again.entries.length).toBe(999);
    expect(again.entries.length).toBe(999);
    expect(rowsRead()).toBe(1_001);
    read.mockRestore();
  });
});
