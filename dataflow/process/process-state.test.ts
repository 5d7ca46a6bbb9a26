import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hours, milliseconds } from "../../base/time.ts";
import { ProcessHarness } from "../../test/support/process-harness.ts";
import { id, idOf, integer, money, number, text } from "../model.ts";
import type { Row } from "../row-view.ts";
import type { ProcessContext, ProcessSpec } from "./process-spec.ts";
import { checkStates, list, map, value } from "./state-spec.ts";

const Event = { user: id(), what: text(), count: integer() };
const ttl = milliseconds(100);
const state = {
  last: value({ what: text(), spent: money() }, { ttl }),
  all: list({ what: text() }, { ttl }),
  by: map({ count: integer() }, { ttl }),
  ever: map({ count: integer() }),
};
type Stateless = Record<string, never>;
type Context = ProcessContext<typeof state, Stateless>;

const event = (what: string, count = 1n, user = "u") => ({ user: idOf(user), what, count });

/** A process that does what a test says, and tells what it sees. */
function process() {
  const seen: unknown[] = [];
  let onElement: (row: Row<typeof Event>, context: Context) => void = (row, { state }) => {
    state.last.set({ what: row.what, spent: { minor: 5n, currency: "EUR" } });
    state.all.add({ what: row.what });
    state.by.set(row.what ?? "", { count: row.count });
  };
  const look = ({ state }: Context) => ({
    last: state.last.get()?.what,
    all: state.all.get().map(({ what }) => what),
    by: state.by.entries().map(([key, { count }]) => `${key} ${count}`),
    size: state.by.size,
  });
  const spec = {
    state,
    emits: {},
    onElement: (row: Row<typeof Event>, context: Context) => {
      if (row.what === "look") seen.push(look(context));
      else onElement(row, context);
    },
    onTimer: (context: Context) => void seen.push({ at: context.time, ...look(context) }),
  };
  const does = (function_: typeof onElement) => {
    onElement = function_;
  };
  const driver = new ProcessHarness(Event, spec);
  return { driver, spec, seen, does, last: () => seen.at(-1) };
}

const nothing = { last: undefined, all: [], by: [], size: 0 };

describe("state with a ttl", () => {
  it("is gone once the watermark has reached the time of the write and the ttl", () => {
    const { driver, last } = process();
    driver.row(event("a"), 1_000).row(event("b", 2n), 1_050).watermark(1_099).row(event("look"), 1_100);
    expect(last()).toEqual({ last: "b", all: ["a", "b"], by: ["a 1", "b 2"], size: 2 });
    driver.watermark(1_100).row(event("look"), 1_100);
    expect(last()).toEqual({ last: "b", all: ["b"], by: ["b 2"], size: 1 });
    driver.watermark(1_150).row(event("look"), 1_150);
    expect(last()).toEqual(nothing);
  });

  it("is really removed, of keys too that nothing is heard of again", () => {
    const { driver } = process();
    for (let i = 0; i < 50; i++) driver.row(event("a", 1n, `u${i}`), i);
    expect(driver.size("last") + driver.size("all") + driver.size("by")).toBe(150);
    driver.watermark(120);
    expect(driver.size("last")).toBe(29);
    driver.watermark(1_000);
    expect([...driver.states.values()].map((one) => one.size)).toEqual([0, 0, 0, 0, 0]);
    expect(driver.timers.get("ttl")!.size).toBe(0);
  });

  it("has one timer per key and state, however often it is written", () => {
    const { driver } = process();
    for (let time = 0; time < 2_000; time++) {
      if (time % 10 === 0) driver.watermark(time - 1);
      driver.row(event("again"), time);
    }
    expect(driver.timers.get("ttl")!.size).toBeLessThanOrEqual(3);
  });

  it("counts again from the next write", () => {
    const { driver, last } = process();
    driver.row(event("a"), 0).row(event("a", 2n), 90).watermark(150).row(event("look"), 150);
    expect(last()).toEqual({ last: "a", all: ["a"], by: ["a 2"], size: 1 });
  });

  it("does not keep what a row writes that comes later than the ttl", () => {
    const { driver, last } = process();
    driver.watermark(1_000).row(event("late"), 900).row(event("look"), 1_000);
    expect(last()).toEqual(nothing);
    expect(driver.timers.get("ttl")!.size).toBe(0);
    driver.row(event("almost"), 901).row(event("look"), 1_000);
    expect(last()).toMatchObject({ last: "almost" });
  });

  it("written by a row of the seed counts from when the seed was read", () => {
    const { driver, last } = process();
    driver.row(event("seeded"), 0, 500).watermark(599).row(event("look"), 600);
    expect(last()).toMatchObject({ last: "seeded" });
    expect(driver.watermark(600).size("last")).toBe(0);
  });

  it("written before any time is known counts from the first watermark", () => {
    const { driver, last } = process();
    driver.row(event("early"), Number.NEGATIVE_INFINITY).row(event("look"), 0);
    expect(last()).toMatchObject({ last: "early" });
    driver.watermark(2_000).watermark(2_099);
    expect([driver.size("last"), driver.size("all"), driver.size("by")]).toEqual([1, 1, 1]);
    driver.watermark(2_100);
    expect([driver.size("last"), driver.size("all"), driver.size("by")]).toEqual([0, 0, 0]);
  });

  it("is seen by timers as of their own time, whether the watermark comes in one step or in many", () => {
    const run = (steps: readonly number[]) => {
      const { driver, does, seen } = process();
      does((row, { state, setTimer }) => {
        state.last.set({ what: row.what, spent: null });
        for (const time of [50, 99, 100, 400]) setTimer(time);
      });
      driver.row(event("a"), 0);
      for (const step of steps) driver.watermark(step);
      return seen;
    };
    expect(run([500])).toMatchObject([
      { at: 50, last: "a" },
      { at: 99, last: "a" },
      { at: 100, last: undefined },
      { at: 400, last: undefined },
    ]);
    expect(run([10, 60, 99, 100, 101, 450])).toEqual(run([500]));
  });

  it("is what a naive account of all writes says it is", () => {
    const step = fc.oneof(
      fc.record({ write: fc.constantFrom("a", "b", "c"), at: fc.integer({ min: 0, max: 600 }) }),
      fc.record({ remove: fc.constantFrom("a", "b", "c") }),
      fc.record({ watermark: fc.integer({ min: 1, max: 80 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { driver, does, last } = process();
        let watermark = 0;
        let entries: { what: string; at: number }[] = [];
        let items: { what: string; at: number }[] = [];
        driver.watermark(0);
        for (const one of steps) {
          if ("write" in one) {
            does(({ what }, { state }) => {
              state.all.add({ what });
              state.by.set(what!, { count: 1n });
            });
            driver.row(event(one.write), one.at);
            const written = { what: one.write, at: one.at };
            items.push(written);
            const known = entries.findIndex(({ what }) => what === one.write);
            if (known < 0) entries.push(written);
            else entries[known] = written;
          } else if ("remove" in one) {
            does(({ what }, { state }) => state.by.delete(what!));
            driver.row(event(one.remove), watermark);
            entries = entries.filter(({ what }) => what !== one.remove);
          } else {
            watermark += one.watermark;
            driver.watermark(watermark);
          }
          entries = entries.filter(({ at }) => at + ttl > watermark);
          items = items.filter(({ at }) => at + ttl > watermark);
          driver.row(event("look"), watermark);
          expect(last()).toMatchObject({
            all: items.map(({ what }) => what),
            by: entries.map(({ what }) => `${what} 1`),
            size: entries.length,
          });
        }
        driver.watermark(10_000).watermark(20_000);
        expect([driver.size("all"), driver.size("by"), driver.size("$ttl")]).toEqual([0, 0, 0]);
        expect(driver.timers.get("ttl")!.size).toBe(0);
      }),
    );
  });
});

describe("what a function gets of its state", () => {
  it("is a snapshot: it stays as it is, and cannot be changed", () => {
    const { driver, does } = process();
    let kept: unknown[] = [];
    does((_, { state }) => {
      const given = { what: "first", spent: { minor: 1n, currency: "EUR" } };
      state.last.set(given);
      given.what = "changed later";
      given.spent.minor = 2n;
      state.all.add({ what: "first" });
      state.by.set("k", { count: 1n });
      const [row, items, entries] = [state.last.get()!, state.all.get(), state.by.entries()];
      state.last.set({ what: "second", spent: null });
      state.all.add({ what: "second" });
      state.by.set("k", { count: 2n });
      kept = [row, items, entries];
      expect(() => Object.assign(row, { what: "x" })).toThrow(TypeError);
      expect(() => Object.assign(row.spent!, { minor: 9n })).toThrow(TypeError);
      expect(() => Object.assign(items[0]!, { what: "x" })).toThrow(TypeError);
      (items as unknown[]).push("x");
      expect(state.all.get()).toHaveLength(2);
    });
    driver.row(event("go"), 0);
    expect(kept).toEqual([
      { what: "first", spent: { minor: 1n, currency: "EUR" } },
      [{ what: "first" }, "x"],
      [["k", { count: 1n }]],
    ]);
    does((_, { state }) => {
      expect(() => Object.assign(state.last.get()!, { what: "x" })).toThrow(TypeError);
    });
    driver.row(event("what was read from the store too"), 1);
  });

  it("belongs to the current key", () => {
    const { driver, last } = process();
    driver
      .row(event("a", 1n, "u"), 0)
      .row(event("b", 1n, "v"), 0)
      .row(event("look", 1n, "v"), 0);
    expect(last()).toEqual({ last: "b", all: ["b"], by: ["b 1"], size: 1 });
  });

  it("is null for fields that were left out, and text as it will be read again", () => {
    const { driver, does } = process();
    does((_, { state }) => {
      state.last.set({ what: "half a \ud83d pair" } as never);
      state.ever.set("\ud83d", { count: 1n });
      expect(state.last.get()).toEqual({ what: "half a \ufffd pair", spent: null });
      expect([state.ever.has("\ud83d"), state.ever.has("\ufffd"), state.ever.has("x")]).toEqual([true, true, false]);
    });
    driver.row(event("a"), 0);
  });

  it("map entries keep the place of their first set; a map without entries is gone", () => {
    const { driver, does } = process();
    does((_, { state }) => {
      for (const key of ["c", "a", "b"]) state.ever.set(key, { count: 0n });
      state.ever.set("c", { count: 9n });
      state.ever.delete("a");
      state.ever.delete("never there");
      expect(state.ever.entries()).toEqual([
        ["c", { count: 9n }],
        ["b", { count: 0n }],
      ]);
      expect(state.ever.size).toBe(2);
    });
    expect(driver.row(event("a"), 0).size("ever")).toBe(1);
    does((_, { state }) => {
      state.ever.delete("c");
      state.ever.delete("b");
    });
    expect(driver.row(event("a"), 1).size("ever")).toBe(0);
    does((_, { state }) => {
      state.ever.set("x", { count: 1n });
      state.all.add({ what: "x" });
      state.ever.clear();
      state.all.clear();
    });
    driver.row(event("a"), 2);
    expect([driver.size("ever"), driver.size("all")]).toEqual([0, 0]);
  });
});

describe("timers of processing time", () => {
  const timed = (seen: unknown[]): ProcessSpec<typeof Event, Stateless, Stateless> => ({
    state: {},
    emits: {},
    onElement: (_, { setProcessingTimer, processingTime }) => setProcessingTimer(processingTime + 50),
    onProcessingTimer: ({ key, time, processingTime, emit }) => {
      seen.push(`${key} at ${processingTime}, event time ${time}`);
      emit({});
    },
  });

  it("are called once processing time has reached them, by time and key, each once", () => {
    const seen: unknown[] = [];
    const driver = new ProcessHarness(Event, timed(seen)).processingTime(1_000).watermark(77);
    driver
      .row(event("x", 1n, "b"), 80)
      .row(event("x", 1n, "a"), 80)
      .row(event("x", 1n, "a"), 80);
    expect(driver.processingTime(1_049).emitted).toEqual([]);
    driver.processingTime(1_060).watermark(9_999).processingTime(2_000);
    expect(seen).toEqual(["'a at 1060, event time 78", "'b at 1060, event time 78"]);
  });

  it("emit rows that are not late", () => {
    const driver = new ProcessHarness(Event, timed([])).processingTime(0).watermark(500);
    expect(driver.row(event("x"), 501).processingTime(50).emitted).toMatchObject([{ $time: 501 }]);
  });
});

describe("a process function's mistakes", () => {
  const mistaken = (act: (context: Context) => void) => {
    const { driver, does } = process();
    does((_, context) => act(context));
    return () => driver.row(event("a"), 0);
  };
  const any = (given: unknown) => given as never;

  it.each<[string, (context: Context) => void, string]>([
    ["a number for an integer", ({ state }) => state.by.set("k", any({ count: 1.5 })), "by.count"],
    ["an integer past 64 bits", ({ state }) => state.by.set("k", { count: 2n ** 63n }), "by.count"],
    ["a number for a text", ({ state }) => state.all.add(any({ what: 1 })), "all.what"],
    ["a number for money", ({ state }) => state.last.set(any({ spent: 1 })), "last.spent"],
    [
      "money of no currency",
      ({ state }) => state.last.set(any({ spent: { minor: 1n, currency: "XYZ" } })),
      "last.spent",
    ],
    ["nothing", ({ state }) => state.last.set(any(undefined)), "last"],
    ["a key that is no text", ({ state }) => state.by.set(any(null), { count: 1n }), "by's key"],
    ["a key that is a number", ({ state }) => state.by.get(any(7)), "by's key"],
  ])("%s", (_, act, field) => {
    expect(mistaken(act)).toThrow(
      expect.objectContaining({ code: "JOB_WRONG_VALUE", details: expect.objectContaining({ field }) }),
    );
  });

  it.each([Number.NaN, undefined, 5n])("a timer at %s", (time) => {
    const refused = expect.objectContaining({ code: "JOB_TIMER_INVALID" });
    expect(mistaken(({ setTimer }) => setTimer(any(time)))).toThrow(refused);
    expect(mistaken(({ setProcessingTimer }) => setProcessingTimer(any(time)))).toThrow(refused);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["a name with a space", { "my state": value({}) }, "letters and digits"],
    ["a field with a hyphen", { open: list({ "first-name": text() }) }, '"first-name"'],
    ["a kind that there is not", { open: { kind: "set", fields: {} } }, "value, list and map"],
    ["no kind at all", { open: undefined }, "value, list and map"],
    ["no fields", { open: value(any(undefined)) }, "it has no fields"],
    ["a value for a field", { open: map({ count: any(1n) }) }, "its field count is not declared"],
    ["a ttl of nothing", { open: map({}, { ttl: hours(0) }) }, "its ttl is 0"],
    ["a ttl that is no number", { open: map({}, { ttl: any("1h") }) }, "its ttl is 1h"],
  ])("%s in a declaration", (_, specs, reason) => {
    expect(() => checkStates("here", specs as never)).toThrow(
      expect.objectContaining({ code: "JOB_STATE_INVALID", message: expect.stringContaining(reason) }),
    );
  });
});

describe("a process that is restored", () => {
  it("goes on with its state, timers and watermark", () => {
    const before = process();
    before.driver.row(event("a"), 1_000).watermark(1_050);
    const { spec, seen } = process();
    const driver = new ProcessHarness(Event, spec, before.driver.leave());
    driver.row(event("late"), 950).row(event("look"), 1_060);
    expect(seen).toEqual([{ last: undefined, all: ["a"], by: ["a 1"], size: 1 }]);
    driver.watermark(1_100);
    expect([driver.size("all"), driver.size("by"), driver.size("$ttl")]).toEqual([0, 0, 0]);
  });

  it("has the least of its subtasks' watermarks", () => {
    const [one, other] = [process(), process()];
    one.driver.watermark(500);
    other.driver.watermark(300);
    const watermarks: number[] = [];
    const spec: ProcessSpec<typeof Event, Stateless, Stateless> = {
      state: {},
      emits: {},
      onElement: (_, { watermark }) => void watermarks.push(watermark),
    };
    const { driver } = process();
    for (const [first, second] of [
      [one, other],
      [other, one],
      [one, { driver }],
    ] as const) {
      new ProcessHarness(Event, spec, first.driver.leave(), [second.driver.leave().saved]).row(event("a"), 400);
    }
    expect(watermarks).toEqual([300, 300, Number.NEGATIVE_INFINITY]);
  });

  it("reads state of its last version: fields come, go and are widened", () => {
    const write = { state: { seen: map({ count: integer(), old: text() }) }, emits: {} };
    const before = new ProcessHarness(Event, {
      ...write,
      onElement: ({ what, count }, { state }) => state.seen.set(what!, { count, old: "x" }),
    });
    before.row(event("a", 7n), 0);
    const found: unknown[] = [];
    new ProcessHarness(
      Event,
      {
        state: { seen: map({ isNew: text(), count: number() }) },
        emits: {},
        onElement: (_, { state }) => void found.push(...state.seen.entries()),
      },
      before.leave(),
    ).row(event("b"), 1);
    expect(found).toEqual([["a", { isNew: null, count: 7 }]]);
  });

  it("a ttl that is new counts for what was there from the watermark on; one that is gone ends nothing", () => {
    const versions = [undefined, ttl].map((ttl) => ({
      state: { seen: list({ what: text() }, ttl && { ttl }) },
      emits: {},
      onElement: ({ what }: Row<typeof Event>, context: unknown) =>
        (context as { state: { seen: { add(row: object): void } } }).state.seen.add({ what }),
    }));
    const [without, within] = versions as [(typeof versions)[0], (typeof versions)[0]];
    const before = new ProcessHarness(Event, without).row(event("a"), 0).watermark(1_000);
    const after = new ProcessHarness(Event, within, before.leave()).watermark(1_001).watermark(1_100);
    expect(after.size("seen")).toBe(1);
    expect(after.watermark(1_200).size("seen")).toBe(0);

    after.row(event("b"), 1_200);
    const again = new ProcessHarness(Event, without, after.leave()).watermark(9_999);
    expect([again.size("seen"), again.size("$ttl")]).toEqual([1, 0]);
  });
});
