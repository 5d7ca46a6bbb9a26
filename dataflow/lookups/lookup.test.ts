import { describe, expect, it } from "vitest";
import { milliseconds, seconds } from "../../base/time.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { integer, model, number, table, text } from "../model.ts";
import type { LookupSpec } from "./lookup.ts";

const Event = model("Event", { from: table("app", "events"), fields: { name: text(), n: integer() } });
const emits = { name: text(), found: text() };

type Spec = LookupSpec<typeof Event.fields, typeof emits>;

/** What is asked is answered when the test says so. */
class Oracle {
  readonly calls: { readonly names: (string | null)[]; readonly signal: AbortSignal }[] = [];
  readonly #answers: PromiseWithResolvers<Awaited<ReturnType<Spec["lookup"]>>>[] = [];

  readonly lookup: Spec["lookup"] = (rows, signal) => {
    const answer = Promise.withResolvers<Awaited<ReturnType<Spec["lookup"]>>>();
    this.calls.push({ names: rows.map(({ name }) => name), signal });
    this.#answers.push(answer);
    return answer.promise;
  };

  /** Finds each name of a call, by the call's number from 0. */
  answer(call: number): Promise<void> {
    return this.give(
      call,
      this.calls[call]!.names.map((name) => ({ name, found: `${name}!` })),
    );
  }

  async give(call: number, results: Awaited<ReturnType<Spec["lookup"]>>): Promise<void> {
    this.#answers[call]!.resolve(results);
    await heard();
  }

  async fail(call: number, reason = "it is down"): Promise<void> {
    this.#answers[call]!.reject(new Error(reason));
    await heard();
  }
}

const heard = () => new Promise((resolve) => setImmediate(resolve)) as Promise<void>;

function start(options: Partial<Spec> = {}, failed = false) {
  const oracle = new Oracle();
  const tested = jobOf((env) => {
    const { lookup } = oracle;
    const spec = { emits, lookup, timeout: seconds(10), batch: 1, ...options };
    const found = env.changes(Event).asEvents().lookup("find", spec);
    found.to("out");
    if (failed) found.failed().to("failed");
    // Says where watermarks are.
    found
      .map({ key: text() }, () => ({ key: "all" }))
      .keyBy("key")
      .process("marks", {
        state: {},
        emits: { at: number() },
        onElement: (_, { setTimer, time }) => setTimer(time),
        onTimer: ({ emit, watermark }) => emit({ at: watermark }),
      })
      .to("marks");
  });
  const harness = new JobHarness(tested);
  const put = (...names: string[]) => {
    for (const name of names) harness.row(Event, { name }, 1);
    return harness;
  };
  const found = () => {
    harness.poll(now);
    return harness.take().map(({ found }) => found);
  };
  const marks = () => harness.take("marks").map(({ at }) => at);
  let now = 0;
  const at = (time: number) => {
    now = time;
    harness.poll(now);
  };
  at(0);
  return { oracle, harness, put, found, marks, at, tested };
}

describe("a look-up in order", () => {
  it("hands on results in the order of the events", async () => {
    const { oracle, put, found } = start();
    put("a", "b", "c");
    expect(found()).toEqual([]);
    await oracle.answer(2);
    await oracle.answer(1);
    expect(found()).toEqual([]);
    await oracle.answer(0);
    expect(found()).toEqual(["a!", "b!", "c!"]);
  });

  it("gives none, one or several rows for an event, with its event time", async () => {
    const { oracle, harness, put, found } = start({ batch: 10 });
    put("none", "null", "two", "one");
    expect(found()).toEqual([]);
    const one = (found: string) => ({ name: null, found });
    await oracle.give(0, [undefined, null, [one("x"), one("y")], one("z")]);
    harness.poll();
    expect(harness.take()).toMatchObject([{ found: "x" }, { found: "y" }, { found: "z" }]);
  });

  it("keeps watermarks in their place", async () => {
    const { oracle, harness, put, found, marks } = start();
    put("a").watermark(5);
    put("b").watermark(7);
    found();
    await oracle.answer(1);
    expect(found()).toEqual([]);
    await oracle.answer(0);
    expect(found()).toEqual(["a!", "b!"]);
    // b came behind the watermark 5, so that its timer is one of the next watermark.
    expect(marks()).toEqual([5, 7]);
    expect(harness.watermark(9).keys()).toBe(0);
  });
});

describe("a look-up without order", () => {
  it("hands on what is there, but nothing passes a watermark", async () => {
    const { oracle, harness, put, found, marks } = start({ ordered: false });
    put("a", "b").watermark(5);
    put("c");
    found();
    await oracle.answer(2);
    expect(found()).toEqual([]);
    await oracle.answer(1);
    expect(found()).toEqual(["b!"]);
    expect(marks()).toEqual([]);
    await oracle.answer(0);
    expect(found()).toEqual(["a!", "c!"]);
    expect(marks()).toEqual([5]);
    expect(harness.watermark(6).keys()).toBe(0);
  });
});

describe("what is in flight", () => {
  it("is bounded, and asked about in calls of at most a batch", async () => {
    const { oracle, harness, put, found } = start({ inFlight: 3, batch: 2 });
    put("a", "b");
    expect(harness.isFull).toBe(false);
    put("c", "d", "e");
    expect(harness.isFull).toBe(true);
    found();
    const asked = () => oracle.calls.map(({ names }) => names.join(""));
    expect(asked()).toEqual(["ab", "c"]);
    await oracle.answer(1);
    found();
    // Answered, but not handed on: it counts.
    expect(asked()).toEqual(["ab", "c"]);
    await oracle.answer(0);
    expect(found()).toEqual(["a!", "b!", "c!"]);
    expect(asked()).toEqual(["ab", "c", "de"]);
    expect(harness.isFull).toBe(false);
  });

  it("comes before the end", async () => {
    const { oracle, harness, put, found, marks } = start();
    put("a").end();
    found();
    expect(marks()).toEqual([]);
    await oracle.answer(0);
    expect(found()).toEqual(["a!"]);
    await harness.settled();
  });
});

describe("a failure", () => {
  it("fails the job", async () => {
    const { oracle, put, found } = start();
    put("a");
    found();
    await oracle.fail(0);
    expect(found).toThrow("The look-up find failed: it is down.");
  });

  it("of what is over time fails it too, and tells the function", () => {
    const { oracle, put, at } = start({ timeout: milliseconds(50) });
    put("a");
    at(0);
    at(49);
    expect(() => at(50)).toThrow("there was no answer within 50 ms");
    expect(oracle.calls[0]!.signal.aborted).toBe(true);
  });

  it("goes aside where the job asks for it, alone or with all of its call", async () => {
    const { oracle, harness, put, found } = start({ batch: 2 }, true);
    put("a", "b", "c", "d");
    found();
    await oracle.give(0, [new Error("unknown"), { name: "b", found: "b!" }]);
    await oracle.fail(1);
    expect(found()).toEqual(["b!"]);
    expect(harness.take("failed").map(({ name }) => name)).toEqual(["a", "c", "d"]);
  });

  it("is tried again, later each time, and only what failed", async () => {
    const { oracle, put, found, at } = start({ batch: 2, retries: 2 });
    put("a", "b");
    at(0);
    await oracle.give(0, [{ name: "a", found: "a!" }, new Error("busy")]);
    expect(found()).toEqual(["a!"]);
    at(99);
    expect(oracle.calls.length).toBe(1);
    at(100);
    expect(oracle.calls[1]!.names).toEqual(["b"]);
    await oracle.fail(1);
    at(150);
    at(349);
    expect(oracle.calls.length).toBe(2);
    at(350);
    await oracle.answer(2);
    expect(found()).toEqual(["b!"]);
  });

  it("is final when the time is over before the next try", async () => {
    const { oracle, put, found, at } = start({ retries: 9, timeout: milliseconds(250) });
    put("a");
    at(0);
    await oracle.fail(0, "first");
    at(0);
    at(100);
    await oracle.fail(1, "second");
    expect(found).toThrow("second");
  });

  it("of the function itself says what was wrong", async () => {
    const { oracle, put, found } = start({ batch: 2 });
    put("a", "b");
    found();
    await oracle.give(0, [undefined]);
    expect(found).toThrow(/list of 1 .* a list of 2 results, one a row/);
    const wrong = start();
    wrong.put("a");
    wrong.found();
    await wrong.oracle.give(0, [{ name: "a", found: 5 as never }]);
    expect(wrong.found).toThrow("gave a number for the field found");
  });
});

describe("a checkpoint", () => {
  it("waits for no answer: what is in hand is asked about again, once, at any parallelism", async () => {
    const { oracle, harness, put, found, tested } = start();
    put("a", "b").watermark(5);
    put("c");
    found();
    await oracle.answer(1);
    expect(found()).toEqual([]);
    const held = harness.hold();
    for (const parallelism of [1, 3]) {
      const calls = oracle.calls.length;
      const next = new JobHarness(tested, parallelism, held);
      next.row(Event, { name: "d" }, 6);
      next.poll(0);
      expect(oracle.calls.slice(calls).flatMap(({ names }) => names)).toEqual(["a", "b", "c", "d"]);
      for (let call = calls; call < oracle.calls.length; call++) await oracle.answer(call);
      next.poll(0);
      expect(next.take().map(({ found }) => found)).toEqual(["a!", "b!", "c!", "d!"]);
      expect(next.watermark(9).keys()).toBe(0);
    }
  });

  it("of rows in hand is read by a job whose events have other fields", async () => {
    const { harness, put } = start();
    put("a");
    const held = harness.hold();
    const Wider = model("Event", {
      from: table("app", "events"),
      fields: { name: text(), more: text(), n: integer() },
    });
    const seen: unknown[] = [];
    const wider = jobOf((env) => {
      const lookup: LookupSpec<typeof Wider.fields, typeof emits>["lookup"] = async (rows) => {
        seen.push(...rows);
        return rows.map(() => null);
      };
      env
        .changes(Wider)
        .asEvents()
        .lookup("find", { emits, lookup, timeout: seconds(1) })
        .to("out");
    });
    await new JobHarness(wider, 1, held).settled();
    expect(seen).toEqual([{ name: "a", more: null, n: null }]);
  });
});

describe("a look-up that cannot be made", () => {
  it.each([
    [{ timeout: 0 as never }, "its timeout is 0"],
    [{ inFlight: 0 }, "its inFlight is 0"],
    [{ batch: 1.5 }, "its batch is 1.5"],
    [{ retries: -1 }, "its retries is -1"],
    [{ lookup: "no" as never }, "is no function"],
    [{ emits: { found: "text" } as never }, "the field found that it emits is not declared"],
  ] satisfies [Partial<Spec>, string][])("%o", (options, reason) => {
    expect(() => start(options)).toThrow(reason);
  });
});
