import { expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { packCurrency } from "../base/money.ts";
import { type Random, seededRandom } from "../base/random.ts";
import { BEFORE_ALL_TIME, days, hours } from "../base/time.ts";
import { flag, id, instant, integer, type Model, model, money, number, table, text } from "../dataflow/model.ts";
import { avroType } from "../schemas/avro-schema.ts";
import { deadlineOf } from "./check-inputs.ts";
import { keyStateCodec } from "./key-state-codec.ts";
import { Ledger } from "./ledger.ts";
import { judge } from "./reconcile/judgement.ts";
import { ReconcileRule } from "./reconcile/reconcile-rule.ts";
import type { Entry, RowEvidence } from "./row-set.ts";
import type { CheckInput, RuleLeg } from "./rule.ts";
import type { CurrencyVerdict, KeyState } from "./verdict-log.ts";

const RUNS = 200;
const SEED = Number(process.env.COUNTERCHECK_LEDGER_SEED ?? Date.now() % 1_000_000_000);

const Payment = model("Payment", {
  from: [table("shop", "payments"), table("shop", "old_payments")],
  fields: { paymentId: id(), status: text(), amount: money(), paid: flag(), weight: number(), at: instant() },
});
const Line = model("Line", {
  from: table("ledger", "lines"),
  fields: { paymentId: id(), net: money(), fee: money(), items: integer() },
});

const leg = (name: string, side: RuleLeg["side"], sign: 1 | -1, input: number, field: string): RuleLeg => {
  return { name, side, sign, input, field, deadline: deadlineOf(hours(24)), scale: undefined, origin: "" };
};
const captured = leg("captured", "expect", 1, 0, "amount");
const refunded = leg("refunded", "expect", -1, 0, "amount");
const settled = leg("settled", "actual", 1, 1, "net");
const fees = leg("fees", "actual", 1, 1, "fee");
const settings = { skewMs: 2_000, warnBeforeMs: hours(3), version: 1, emitAll: false, retainMs: days(180) };
const ruleOf = (...legs: RuleLeg[]) => new ReconcileRule({ uid: "check", ...settings, legs });
const rule = ruleOf(captured, refunded, settled, fees);
const inputsOf = (...models: unknown[]): CheckInput[] =>
  models.map((one) => ({ model: one as Model, by: ["paymentId"], key: "paymentId", rows: "all" }));
const inputs = inputsOf(Payment, Line);
const codec = keyStateCodec(rule, inputs);

function written(state: KeyState): Buffer {
  const out = new ByteWriter();
  codec.write(state, out);
  return Buffer.from(out.bytes());
}

function readBack(state: KeyState, read = codec.read): KeyState {
  const input = new ByteReader(written(state));
  const copy = read(input);
  expect(input.isAtEnd).toBe(true);
  return copy;
}

// --- random histories of a ledger ---------------------------------------------------------------------------------

const CURRENCIES = ["EUR", "USD", "JPY"];
const AMOUNTS = [0n, 1n, 1_000n, -400n, 2n ** 49n, -(2n ** 50n), 2n ** 63n - 1n, -(2n ** 70n)];

/** How far a history has come. */
interface Now {
  time: number;
  /** Since when the history of all sources is known: a time that only ever moves on. */
  floor: number;
  /** Nothing has come yet but rows of the seed. */
  seeding: boolean;
  /** Rows that were added and not taken away, by id. */
  readonly live: Map<string, readonly Entry[]>;
}

/** Something that happens to a ledger; it gives what is to be seen of it. */
type Step = (ledger: Ledger) => unknown;

/** A step that can follow what happened to `ledger` so far. */
function randomStep(random: Random, now: Now, ledger: Ledger): Step {
  now.time += random.pick([1, 1, 500, 2_000, 2_001, 60_000, 86_400_000, 0.25]);
  if (random.chance(0.1)) now.floor = Math.max(now.floor, now.time + random.pick([0, 0, 5_000, 200_000_000]));
  switch (random.below(8)) {
    case 0:
      return ledger.isIdle() && ledger.waiting.size === 0 ? fade(ledger, now) : () => undefined;
    case 1:
      return (one) => one.dropUnknownRetracts();
    case 2: {
      const { time } = now;
      return (one) => void Object.assign(one, { timer: time + 1, retireAt: time + 2 });
    }
    case 3:
    case 4:
      return visitPoints(random, now);
    default:
      return change(random, now, ledger);
  }
}

/** The next step of a key's retention. */
function fade({ memory }: Ledger, { live }: Now): Step {
  if (memory === "rows") return (one) => one.close();
  live.clear();
  return memory === "closed" ? (one) => one.forget() : (one) => one.reset();
}

function visitPoints(random: Random, now: Now): Step {
  const { floor } = now;
  const until = random.pick([now.time, now.time + 90_000_000]);
  // What comes behind a frontier is judged as if it came just behind it.
  now.time = until + 1;
  now.seeding = false;
  return (one) => {
    const seen: unknown[] = [];
    for (let point = one.nextPoint(floor); point <= until && seen.length < 50; point = one.nextPoint(floor)) {
      seen.push([point, one.advance(point, floor), one.entersBand, one.warnsOf, textOf(judge(one.totals))]);
    }
    return seen;
  };
}

/** A row is added, or one that is there is taken away; now and then one that nobody knows. */
function change(random: Random, now: Now, ledger: Ledger): Step {
  const { time, live } = now;
  now.seeding &&= random.chance(0.7);
  const seed = now.seeding ? time - 5 : null;
  const from = evidence(random, seed === null ? time : BEFORE_ALL_TIME, seed);
  const known = live.get(from.id);
  const isAdd = known === undefined && (now.seeding || ledger.memory !== "rows" || random.chance(0.9));
  const entries = known?.map((entry) => ({ ...entry, from })) ?? entriesOf(random, from, time);
  if (known !== undefined && now.seeding) return () => undefined;
  if (isAdd) live.set(from.id, entries);
  else live.delete(from.id);
  return (one) => one.add({ time: from.time, isAdd, row: from.id, entries });
}

function evidence(random: Random, time: number, seed: number | null): RowEvidence {
  const input = random.below(2);
  const at = input === 0 ? random.below(2) : 0;
  const row = random.pick(["1", "2", "'a/b", "'ü|1"]);
  const position = { major: random.pick([7, 2 ** 33 + 7]), minor: random.below(2 ** 32), sub: random.below(2) };
  const amount = () => random.pick([null, { minor: random.pick(AMOUNTS), currency: random.pick(CURRENCIES) }]);
  const ofPayment = [
    `'${random.below(40)}`,
    random.pick(["", "captured", null]),
    amount(),
    random.chance(0.5),
    0.1,
    random.pick([null, time]),
  ];
  const ofLine = ["7", amount(), amount(), random.pick([null, ...AMOUNTS])];
  const fields = random.chance(0.2) ? [] : input === 0 ? ofPayment : ofLine;
  return { id: `${input}/${at}/${row}`, input, table: at, row, ...position, time, seed, fields };
}

function entriesOf(random: Random, from: RowEvidence, time: number): Entry[] {
  return rule.legs.flatMap(({ input, side, sign }, index) => {
    if (input !== from.input || random.chance(0.2)) return [];
    const currency = packCurrency(random.pick(CURRENCIES));
    const dueAt = time + random.pick([-90_000, 0, 1_000, 86_400_000]);
    const captures = side === "expect" && sign === 1;
    return [{ leg: index, side, captures, currency, minor: random.pick(AMOUNTS), dueAt, from }];
  });
}

/** All that can be seen of a ledger. */
function seenOf(ledger: Ledger): string {
  const { lastPoint, lastChange, lastAdded, timer, retireAt, memory, judged, totals, waiting } = ledger;
  const legs = totals.map((t) => rule.legs.map((_, index) => t.legs[index] ?? 0n));
  const points = [ledger.nextPoint(BEFORE_ALL_TIME), ledger.nextPoint(lastPoint + 7), ledger.isIdle()];
  const closedAt = memory === "closed" ? ledger.closedAt : null;
  const state = { lastPoint, lastChange, lastAdded, timer, retireAt, memory, judged, closedAt };
  const sums = totals.map((t) => ({ ...t, legs: null }));
  return textOf([state, sums, legs, ledger.entries, waiting, points, [...ledger.currencies()]]);
}

const textOf = (value: unknown) =>
  JSON.stringify(value, (_, part) => {
    if (typeof part === "bigint") return `${part}n`;
    return typeof part === "number" && !Number.isFinite(part) ? String(part) : part;
  });

it(`a ledger that was read behaves as the one that was written, whatever comes (seed ${SEED})`, () => {
  for (let run = 0; run < RUNS; run++) {
    const random = seededRandom(`${SEED}/${run}`);
    const now: Now = { time: 1_767_225_600_000, floor: BEFORE_ALL_TIME, seeding: true, live: new Map() };
    const original = new Ledger(rule.skewMs, rule.warnBeforeMs);
    let copy = new Ledger(rule.skewMs, rule.warnBeforeMs);
    for (let step = 0; step < 40; step++) {
      const happens = randomStep(random, now, original);
      if (random.chance(0.5)) copy = readBack({ ledger: copy, verdicts: { currencies: [] }, own: "" }).ledger;
      const name = `seed ${SEED}, run ${run}, step ${step}`;
      expect(textOf(happens(copy)), name).toBe(textOf(happens(original)));
      expect(seenOf(copy), name).toBe(seenOf(original));
    }
  }
});

it("what was said of a key is read as it was written", () => {
  const EUR = packCurrency("EUR");
  const quiet: CurrencyVerdict = {
    currency: EUR,
    period: "",
    version: 0,
    status: "pass",
    class: null,
    isHeldUp: false,
    told: "",
    baseline: null,
    atRisk: "0",
    alert: null,
    warning: null,
    opened: [],
  };
  const told = "missing/1000/1000/0/0/0";
  const failing: CurrencyVerdict = {
    currency: packCurrency("USD"),
    period: "2026-03-02T00:00:00.000Z",
    version: 3,
    status: "fail",
    class: "missing",
    isHeldUp: false,
    told,
    baseline: { class: "under-charge", atRisk: 2n ** 60n },
    atRisk: "10.00",
    alert: { class: "missing", dueAt: 1_767_225_600_000, told: "missing/1/1/0/0/0", repeats: 2 },
    warning: null,
    opened: ["over-charge", "missing"],
  };
  const hidden: CurrencyVerdict = {
    ...failing,
    status: "unobservable",
    class: null,
    told: "unobservable",
    baseline: null,
  };
  const heldUp = { ...hidden, alert: null, isHeldUp: true };
  const unjudged = { ...quiet, status: null };
  const noDeadline = { ...failing, alert: { class: "a-class-of-ones-own", dueAt: null, told, repeats: 0 } } as const;
  const warned: CurrencyVerdict = {
    ...quiet,
    status: "pending",
    warning: { class: "missing", dueAt: 1_767_225_600_000 },
  };
  const currencies = [quiet, failing, hidden, heldUp, unjudged, noDeadline, warned];
  expect(readBack({ ledger: new Ledger(0), verdicts: { currencies }, own: "seen: 7" }).verdicts).toEqual({
    currencies,
  });
  expect(readBack({ ledger: new Ledger(0), verdicts: { currencies: [quiet] }, own: "" }).verdicts).toEqual({
    currencies: [quiet],
  });
});

// --- state of another version of the job --------------------------------------------------------------------------

/** A payment with its line, captured and settled. */
function settledKey(): KeyState {
  const time = 1_767_225_600_000;
  const amount = (minor: bigint) => ({ minor, currency: "EUR" });
  const place = { table: 0, row: "1", major: 1, minor: 2, sub: 3, time, seed: null };
  const paid = { ...place, id: "0/0/1", input: 0, fields: ["'p", "captured", amount(1_000n), true, 0.5, time] };
  const line = { ...place, id: "1/0/1", input: 1, fields: ["'p", amount(900n), amount(100n), 1n] };
  const part = { currency: packCurrency("EUR"), dueAt: time + hours(24) };
  const ledger = new Ledger(rule.skewMs);
  const capture = { leg: 0, side: "expect", captures: true, minor: 1_000n, from: paid, ...part } as const;
  const net = { leg: 2, side: "actual", captures: false, minor: 900n, from: line, ...part } as const;
  const fee = { leg: 3, side: "actual", captures: false, minor: 100n, from: line, ...part } as const;
  ledger.add({ time, isAdd: true, row: paid.id, entries: [capture] });
  ledger.add({ time, isAdd: true, row: line.id, entries: [net, fee] });
  ledger.advance(time + 2_000, BEFORE_ALL_TIME);
  return { ledger, verdicts: { currencies: [] }, own: "" };
}

it("the schema is an Avro schema", () => {
  expect(avroType(JSON.parse(codec.schema), "KeyState").name).toBe("io.countercheck.KeyState");
});

it("fields that were added are null in old evidence, and those that were removed are gone", () => {
  const { paymentId, net, fee, items } = Line.fields;
  const Now = { ...Line, fields: { note: text(), fee, paymentId, net } };
  const read = keyStateCodec(rule, inputsOf(Payment, Now)).readsFrom(codec.schema)!;
  const [, line] = readBack(settledKey(), read).ledger.entries;
  const money = (minor: bigint) => ({ minor, currency: "EUR" });
  expect(line!.from.fields).toEqual([null, money(100n), "'p", money(900n)]);
  expect(items.kind).toBe("integer");
});

it("legs are told by their names: their order may change, and with it the order of inputs", () => {
  const swap = (one: RuleLeg): RuleLeg => ({ ...one, input: 1 - one.input });
  const now = ruleOf(swap(fees), swap(captured), swap(settled), swap(refunded));
  const read = keyStateCodec(now, inputsOf(Line, Payment)).readsFrom(codec.schema)!;
  const state = settledKey();
  const told = "over-charge/100/1000/0/900/200";
  const failing = { version: 1, status: "fail", class: "over-charge", told, atRisk: "1.00" } as const;
  const none = { isHeldUp: false, baseline: null, alert: null, warning: null, opened: [] };
  state.verdicts.currencies.push({ currency: packCurrency("EUR"), period: "", ...none, ...failing });
  const { ledger, verdicts } = readBack(state, read);
  expect(ledger.entries.map((entry) => [now.legs[entry.leg]!.name, entry.side, entry.from.id])).toEqual([
    ["captured", "expect", "1/0/1"],
    ["settled", "actual", "0/0/1"],
    ["fees", "actual", "0/0/1"],
  ]);
  expect(ledger.totals[0]!.legs).toEqual([100n, 1_000n, 900n]);
  expect(verdicts.currencies[0]!.told).toBe("over-charge/100/200/1000/900/0");
  expect(judge(ledger.totals)).toEqual(judge(settledKey().ledger.totals));
});

it("with another skew, what is due is told by the skew now", () => {
  const { uid, legs, version, retainMs, emitAll } = rule;
  const patient = new ReconcileRule({ uid, legs, version, retainMs, emitAll, skewMs: 5_000 });
  const { ledger } = readBack(settledKey(), keyStateCodec(patient, inputs).readsFrom(codec.schema));
  expect(ledger.nextPoint(BEFORE_ALL_TIME)).toBe(1_767_225_605_000);
});

it.each<[string, ReconcileRule, unknown[]]>([
  ["a leg that was added", ruleOf(captured, refunded, settled, fees, leg("tips", "actual", 1, 1, "fee")), []],
  ["a leg that was removed", ruleOf(captured, settled, fees), []],
  ["a leg of another name", ruleOf(captured, refunded, settled, { ...fees, name: "charges" }), []],
  ["a leg of the other sign", ruleOf(captured, refunded, settled, { ...fees, sign: -1 }), []],
  ["a leg of another field", ruleOf(captured, refunded, settled, { ...fees, field: "net" }), []],
  ["a leg of another scale", ruleOf(captured, refunded, settled, { ...fees, scale: 4 }), []],
  [
    "a leg with an input of its own",
    ruleOf(captured, { ...refunded, input: 2 }, settled, fees),
    [Payment, Line, Payment],
  ],
  ["another table", rule, [{ ...Payment, from: [table("shop", "payments")] }, Line]],
  ["a field of another kind", rule, [{ ...Payment, fields: { ...Payment.fields, status: integer() } }, Line]],
])("state cannot be read with %s", (_, now, models) => {
  const readers = inputsOf(...(models.length > 0 ? models : [Payment, Line]));
  expect(keyStateCodec(now, readers).readsFrom(codec.schema)).toBeUndefined();
});
