import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connect, type Id, id, idOf, integer, job, list, map, milliseconds, model, table, text } from "../../index.ts";
import { JobHarness } from "../../test/support/job-harness.ts";

const fields = { key: id(), n: integer() };
const Left = model("Left", { from: table("one", "left"), fields });
const Right = model("Right", { from: table("two", "right"), fields });
const Rule = model("Rule", { from: table("three", "rules"), fields });
const models = { left: Left, right: Right, rules: Rule };

const TTL = 30;
const WAIT = 20;

/** Left rows are listed and waited for, right ones remembered for a while by what they are modulo three. */
const tested = job("connected", (env) => {
  const connected = connect("connected", {
    inputs: {
      left: env.changes(Left).keyBy("key"),
      right: env.changes(Right).asEvents().keyBy("key"),
    },
    broadcast: { rules: env.changes(Rule) },
    state: {
      all: list({ n: integer() }, { ttl: milliseconds(TTL) }),
      recent: map({ n: integer() }, { ttl: milliseconds(TTL) }),
    },
    broadcastState: { rules: map({ n: integer() }) },
    emits: { key: id(), what: text() },
    sides: { alone: { key: id(), what: text() } },
    on: {
      left({ n }, { key, kind, time, state, emit, setTimer }) {
        if (kind === "retract") return state.all.clear();
        state.all.add({ n });
        setTimer(time + WAIT);
        emit({ key, what: `left ${n} of ${state.all.size}, ${state.recent.size}` });
      },
      right({ n }, { key, time, watermark, state, broadcastState, emit, emitTo }) {
        state.recent.set(`${n! % 3n}`, { n });
        const rule = broadcastState.rules.get(key)?.n ?? null;
        const what = `right ${n} at ${time} behind ${watermark}: ${rule} of ${broadcastState.rules.size}`;
        if (state.all.size === 0) emitTo("alone", { key, what });
        else emit({ key, what });
      },
      rules({ key, n }, { kind, broadcastState }) {
        if (kind === "add") broadcastState.rules.set(key!, { n });
        else broadcastState.rules.delete(key!);
      },
    },
    onTimer({ key, time, state, emit }) {
      const all = state.all.get().map(({ n }) => n);
      const recent = state.recent.entries().map(([name, { n }]) => `${name}=${n}`);
      emit({ key, what: `timer ${time}: ${all.join()} / ${recent.join()}` });
    },
  });
  connected.to("out");
  connected.side("alone").to("alone");
});

type Step =
  | {
      readonly input: keyof typeof models;
      readonly key: Id;
      readonly n: bigint;
      readonly at: number;
      readonly kind: 1 | -1;
      readonly worker: number;
    }
  | { readonly watermarkOf: keyof typeof models; readonly by: number }
  | { readonly parallelism: number };

const inputs = fc.constantFrom("left", "right", "rules");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      input: inputs,
      key: fc.constantFrom("a", "b", "c").map(idOf),
      n: fc.bigInt({ min: 0n, max: 9n }),
      at: fc.integer({ min: 0, max: 150 }),
      kind: fc.constantFrom(1, 1, 1, -1),
      worker: fc.nat(3),
    }),
  },
  { weight: 3, arbitrary: fc.record({ watermarkOf: inputs, by: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ parallelism: fc.integer({ min: 1, max: 4 }) }) },
);

/** What comes out for each key, in order. */
type Outcome = Readonly<Record<string, readonly string[]>>;

/** Runs the steps; starts anew from a checkpoint at the steps that say so, if at all. */
function run(steps: readonly Step[], parallelism: number, restarts: boolean): Outcome {
  let harness = new JobHarness(tested, parallelism);
  const out: Record<string, string[]> = {};
  const take = () => {
    for (const sink of ["out", "alone"]) {
      for (const { key, what } of harness.take(sink)) {
        const name = `${sink} ${key}`;
        out[name] = [...(out[name] ?? []), String(what)];
      }
    }
  };
  const watermarks = { left: 0, right: 0, rules: 0 };
  for (const one of steps) {
    if ("input" in one) {
      const { input, key, n, at, kind, worker } = one;
      harness.row(models[input], { key, n }, at, { kind, worker });
    } else if ("watermarkOf" in one) {
      watermarks[one.watermarkOf] += one.by;
      harness.watermark(watermarks[one.watermarkOf], models[one.watermarkOf]);
    } else if (restarts) {
      take();
      harness = new JobHarness(tested, one.parallelism, harness.hold());
    }
    take();
  }
  harness.watermark(1_000);
  take();
  expect(harness.keys(), "nothing is left of any key").toBe(0);
  return out;
}

/** The same, out of plain arrays of everything that came. */
function naive(steps: readonly Step[]): Outcome {
  const out: Record<string, string[]> = {};
  const emit = (sink: string, key: string, what: string) => {
    out[`${sink} ${key}`] = [...(out[`${sink} ${key}`] ?? []), what];
  };
  let lefts: { key: string; n: bigint; at: number }[] = [];
  let rights: { key: string; n: bigint; at: number }[] = [];
  let rules: { key: string; n: bigint }[] = [];
  let timers: { key: string; time: number }[] = [];
  const watermarks: Record<string, number> = {};
  let watermark = Number.NEGATIVE_INFINITY;
  const reach = (time: number) => {
    lefts = lefts.filter(({ at }) => at + TTL > time);
    rights = rights.filter(({ at }) => at + TTL > time);
  };
  const rightsOf = (key: string) => rights.filter((row) => row.key === key);
  const advance = (to: number) => {
    watermark = to;
    const due = timers.filter(({ time }) => time <= to).sort((a, b) => a.time - b.time || (a.key < b.key ? -1 : 1));
    timers = timers.filter(({ time }) => time > to);
    for (const { key, time } of due) {
      reach(time);
      const all = lefts.filter((row) => row.key === key).map(({ n }) => n);
      const recent = rightsOf(key).map(({ n }) => `${n % 3n}=${n}`);
      emit("out", key, `timer ${time}: ${all.join()} / ${recent.join()}`);
    }
    reach(to);
  };
  for (const one of steps) {
    if ("watermarkOf" in one) {
      watermarks[one.watermarkOf] = (watermarks[one.watermarkOf] ?? 0) + one.by;
      const least = Math.min(...Object.keys(models).map((name) => watermarks[name] ?? Number.NEGATIVE_INFINITY));
      if (least > watermark) advance(least);
    } else if ("input" in one) {
      const { input, key, n, at, kind } = one;
      const isKept = at + TTL > watermark;
      if (input === "rules") {
        const known = rules.find((rule) => rule.key === key);
        if (kind < 0) rules = rules.filter((rule) => rule !== known);
        else if (known === undefined) rules.push({ key, n });
        else known.n = n;
      } else if (input === "left" && kind < 0) {
        lefts = lefts.filter((row) => row.key !== key);
      } else if (input === "left") {
        if (isKept) lefts.push({ key, n, at });
        if (!timers.some((timer) => timer.key === key && timer.time === at + WAIT))
          timers.push({ key, time: at + WAIT });
        emit("out", key, `left ${n} of ${lefts.filter((row) => row.key === key).length}, ${rightsOf(key).length}`);
      } else if (kind > 0) {
        const known = rights.findIndex((row) => row.key === key && row.n % 3n === n % 3n);
        if (isKept && known >= 0) rights[known] = { key, n, at };
        else if (isKept) rights.push({ key, n, at });
        else if (known >= 0) rights.splice(known, 1);
        const rule = rules.find((rule) => rule.key === key)?.n ?? null;
        const isAlone = !lefts.some((row) => row.key === key);
        emit(isAlone ? "alone" : "out", key, `right ${n} at ${at} behind ${watermark}: ${rule} of ${rules.length}`);
      }
    }
  }
  advance(1_000);
  return out;
}

const runs = { numRuns: Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 50) };
const steps = fc.array(step, { maxLength: 60 });

describe("connected inputs, whatever comes in whatever order", () => {
  it("do what a plain account of it all says", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (steps, parallelism) => {
        expect(run(steps, parallelism, false)).toEqual(naive(steps));
      }),
      runs,
    );
  });

  it("and do not change it by being restored at another parallelism", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (steps, parallelism) => {
        expect(run(steps, parallelism, true)).toEqual(naive(steps));
      }),
      runs,
    );
  });
});
