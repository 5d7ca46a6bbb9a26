import { describe, expect, it } from "vitest";
import { id, idOf, instant, integer, job, milliseconds, model, money, table, text, value } from "../index.ts";
import { JobHarness, jobOf } from "../test/support/job-harness.ts";

const Left = model("Left", { from: table("one", "left"), fields: { user: id(), n: integer(), at: instant() } });
const Right = model("Right", { from: table("two", "right"), fields: { at: instant(), n: integer(), user: id() } });
const row = (user: string, n: bigint, at: number | null = null) => ({ user: idOf(user), n, at });

/** Tells what it is handed, and of a timer at the time of each row. */
const telling = (seen: string[]) => ({
  state: { seen: value({ n: integer() }) },
  emits: {},
  onElement: (
    { n }: { readonly n: bigint | null },
    { time, watermark, setTimer }: { time: number; watermark: number; setTimer(time: number): void },
  ) => {
    seen.push(`${n} at ${time} behind ${watermark}`);
    if (Number.isFinite(time)) setTimer(time);
  },
  onTimer: ({ time }: { time: number }) => void seen.push(`timer ${time}`),
});

describe("union", () => {
  it.each([1, 3])("is all of its streams, whatever the order of their fields, on %i workers", (parallelism) => {
    const united = jobOf((env) => {
      const [left, right] = [env.changes(Left).asEvents(), env.changes(Right).asEvents()];
      left
        .union(right, left.where({ n: 1 }))
        .where({ user: ["a", "b"] })
        .to("all");
    });
    const harness = new JobHarness(united, parallelism)
      .row(Left, row("a", 1n, 10), 1)
      .row(Right, row("b", 2n, 20), 2)
      .row(Right, row("c", 3n), 3);
    expect(harness.take("all").map(({ user, n, at }) => `${user} ${n} ${at}`)).toEqual([
      "'a 1 10",
      "'a 1 10",
      "'b 2 20",
    ]);
  });

  it("has the least of its streams' watermarks", () => {
    const seen: string[] = [];
    const united = jobOf((env) => {
      env.changes(Left).asEvents().union(env.changes(Right).asEvents()).keyBy("user").process("told", telling(seen));
    });
    new JobHarness(united)
      .row(Left, row("a", 1n), 5)
      .watermark(9, Left)
      .row(Right, row("a", 2n), 4)
      .watermark(4, Right)
      .row(Left, row("a", 3n), 6)
      .watermark(8, Right);
    expect(seen).toEqual([
      "1 at 5 behind -Infinity",
      "2 at 4 behind -Infinity",
      "timer 4",
      "3 at 6 behind 4",
      "timer 5",
      "timer 6",
    ]);
  });

  const Other = model("Other", {
    from: table("three", "other"),
    fields: { user: text(), n: integer(), at: instant(), paid: money({ currency: "EUR" }) },
  });
  const Fine = model("Fine", { from: table("three", "fine"), fields: { paid: money({ currency: "EUR", scale: 4 }) } });

  it("is refused where fields differ", () => {
    const of = (define: Parameters<typeof jobOf>[0]) => () => jobOf(define).graph();
    expect(
      of((env) =>
        env
          .changes(Left)
          .asEvents()
          .union(env.changes(Other).asEvents() as never),
      ),
    ).toThrow(
      expect.objectContaining({
        code: "JOB_UNION_INVALID",
        message: expect.stringContaining("user is id, and text"),
      }),
    );
    expect(
      of((env) =>
        env
          .changes(Left)
          .asEvents()
          .select("n", "at")
          .union(env.changes(Other).asEvents() as never),
      ),
    ).toThrow("user is missing, and text");
    expect(of((env) => env.changes(Other).asEvents().select("paid").union(env.changes(Fine).asEvents()))).toThrow(
      "paid is money, and money of scale 4",
    );
  });
});

describe("select", () => {
  it("keeps the named fields in their order, times and watermarks as they are", () => {
    const seen: string[] = [];
    const selected = job("selected", (env) => {
      const some = env.changes(Left).asEvents().select("n", "user");
      expect(Object.keys(some.node.fields)).toEqual(["n", "user"]);
      some.to("some");
      some.keyBy("user").process("told", telling(seen)).to("none");
    });
    const harness = new JobHarness(selected, 2).row(Left, row("a", 1n, 7), 5).watermark(5);
    expect(harness.take("some")).toEqual([{ n: 1n, user: "'a" }]);
    expect(seen).toEqual(["1 at 5 behind -Infinity", "timer 5"]);
  });

  it("tells of a field that there is not", () => {
    const wrong = job(
      "wrong",
      (env) =>
        void env
          .changes(Left)
          .asEvents()
          .select("m" as "n"),
    );
    expect(() => wrong.graph()).toThrow(expect.objectContaining({ code: "JOB_FIELD_UNKNOWN" }));
  });
});

describe("timedBy", () => {
  const seen: string[] = [];
  const timed = job("timed", (env) => {
    env
      .changes(Left)
      .asEvents()
      .timedBy("at", { lag: milliseconds(10) })
      .keyBy("user")
      .process("told", telling(seen))
      .to("none");
  });
  const seenBy = (drive: (harness: JobHarness) => unknown, parallelism = 1) => {
    seen.length = 0;
    drive(new JobHarness(timed, parallelism));
    return [...seen];
  };

  it.each([1, 2])(
    "gives events the time of a field, and holds watermarks back by the lag, on %i workers",
    (workers) => {
      const drive = (harness: JobHarness) =>
        harness
          .row(Left, row("a", 1n, 50.9), 100)
          .watermark(59)
          .row(Left, row("a", 2n, 49), 101)
          .watermark(60)
          .end();
      expect(seenBy(drive, workers)).toEqual(["1 at 50 behind -Infinity", "2 at 49 behind 49", "timer 49", "timer 50"]);
    },
  );

  it("events without a time that a watermark can reach have none", () => {
    const infinityOfPostgres = 9_223_372_036_825_200;
    const times = [
      null,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      infinityOfPostgres,
      -infinityOfPostgres,
      1e300,
    ];
    const drive = (harness: JobHarness) => times.map((at) => harness.row(Left, row("a", 1n, at), 100));
    expect(seenBy(drive)).toEqual(Array(6).fill("1 at -Infinity behind -Infinity"));
  });

  it("events of the seed get one, and are events like others then", () => {
    const drive = (harness: JobHarness) => harness.row(Left, row("a", 1n, 7), 0, { seed: 1_000 });
    expect(seenBy(drive)).toEqual(["1 at 7 behind -Infinity"]);
  });

  it("tells of a field that is no point in time", () => {
    const wrong = job("wrong", (env) => {
      env
        .changes(Left)
        .asEvents()
        .timedBy("n" as "at", { lag: milliseconds(10) });
    });
    expect(() => wrong.graph()).toThrow(expect.objectContaining({ code: "JOB_NOT_AN_INSTANT" }));
  });
});
