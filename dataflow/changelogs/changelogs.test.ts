import { describe, expect, it } from "vitest";
import { milliseconds } from "../../base/time.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import type { Environment } from "../environment.ts";
import { id, idOf, integer, model, money, number, table, text } from "../model.ts";

const Score = model("Score", {
  from: table("game", "scores"),
  fields: { player: id(), level: text(), points: integer(), spent: money() },
});

interface Scored {
  readonly player: string;
  readonly points?: number;
  readonly level?: string;
}

function row(harness: JobHarness, { player, points, level }: Scored, time: number, kind = 1): JobHarness {
  const values = {
    player: idOf(player),
    points: points === undefined ? null : BigInt(points),
    level: level ?? null,
  };
  return harness.row(Score, values, time, { kind });
}

/** `+a 3` for an add of these fields, `-a 3` for a retract. */
function shown(harness: JobHarness): string[] {
  return harness.take().map(({ $op, ...values }) => {
    const sign = $op === "retract" ? "-" : $op === "add" ? "+" : "";
    return sign + Object.values(values).join(" ").replaceAll("'", "");
  });
}

describe("a running aggregate", () => {
  const total = (options = {}) =>
    jobOf((env) =>
      env
        .changes(Score)
        .keyBy("player")
        .aggregate(
          "total",
          (rows) => ({ player: rows.key("player"), n: rows.count(), best: rows.max("points") }),
          options,
        )
        .to("out"),
    );

  it("retracts each result when it adds the next, and the last one with the last row of the key", () => {
    const harness = new JobHarness(total());
    row(harness, { player: "a", points: 3 }, 1);
    expect(shown(harness)).toEqual(["+a 1 3"]);
    row(harness, { player: "a", points: 9 }, 2);
    expect(shown(harness)).toEqual(["-a 1 3", "+a 2 9"]);
    row(harness, { player: "a", points: 9 }, 3, -1);
    expect(shown(harness)).toEqual(["-a 2 9", "+a 1 3"]);
    row(harness, { player: "a", points: 3 }, 4, -1);
    expect(shown(harness)).toEqual(["-a 1 3"]);
    expect(harness.keys()).toBe(0);
  });

  it("emits nothing where the result stays what it is, and drops what takes back what was never there", () => {
    const best = jobOf((env) =>
      env
        .changes(Score)
        .keyBy("player")
        .aggregate("best", (rows) => ({ player: rows.key("player"), best: rows.max("points") }))
        .to("out"),
    );
    const harness = new JobHarness(best);
    row(harness, { player: "a", points: 3 }, 1, -1);
    row(harness, { player: "a", points: 3 }, 1);
    row(harness, { player: "a", points: 3 }, 1);
    row(harness, { player: "a", points: 1 }, 1);
    row(harness, { player: "a", points: 3 }, 1, -1);
    expect(shown(harness)).toEqual(["+a 3"]);
  });

  it("forgets a key a ttl after its last row, and takes nothing back then", () => {
    const harness = new JobHarness(total({ ttl: milliseconds(10) }));
    row(harness, { player: "a", points: 3 }, 1);
    row(harness, { player: "a", points: 3 }, 6);
    row(harness, { player: "b", points: 3 }, 4);
    harness.watermark(14);
    expect([shown(harness), harness.keys()]).toEqual([["+a 1 3", "-a 1 3", "+a 2 3", "+b 1 3"], 1]);
    expect(harness.watermark(16).keys()).toBe(0);
    row(harness, { player: "a", points: 5 }, 17);
    row(harness, { player: "b", points: 5 }, 6);
    expect(shown(harness)).toEqual(["+a 1 5"]);
    expect(harness.watermark(27).keys()).toBe(0);
  });

  it("keeps one timer of a key that comes and goes, however often", () => {
    const harness = new JobHarness(total({ ttl: milliseconds(100_000) }));
    const weight = () => harness.hold().records.reduce((sum, { record }) => sum + record.length, 0);
    row(harness, { player: "a", points: 3 }, 0);
    const before = weight();
    for (let time = 1; time <= 50; time++) {
      row(harness, { player: "a", points: 3 }, time, -1);
      row(harness, { player: "a", points: 3 }, time);
    }
    expect(weight()).toBe(before);
    expect(harness.watermark(100_049).keys()).toBe(1);
    expect(harness.watermark(100_050).keys()).toBe(0);
  });

  it("counts what was kept without a ttl from the moment that there is one, and ends nothing any more without one", () => {
    const harness = new JobHarness(total());
    row(harness, { player: "a", points: 3 }, 1).watermark(100);
    const withTtl = new JobHarness(total({ ttl: milliseconds(10) }), 2, harness.hold());
    expect(withTtl.watermark(109).keys()).toBe(1);
    const without = new JobHarness(total(), 1, withTtl.hold());
    expect(without.watermark(200).keys()).toBe(1);
    expect(withTtl.watermark(110).keys()).toBe(0);
  });

  it("ends a key of the seed, whose time is that of its reading, and one without any time after the first watermark", () => {
    const harness = new JobHarness(total({ ttl: milliseconds(10) }));
    harness.row(Score, { player: idOf("seed") }, 0, { seed: 50 });
    row(harness, { player: "timeless" }, Number.NEGATIVE_INFINITY);
    expect(harness.watermark(30).keys()).toBe(2);
    expect(harness.watermark(40).keys()).toBe(1);
    expect(harness.watermark(60).keys()).toBe(0);
  });
});

describe("deduplication", () => {
  const kept = (keep: "first" | "last", ttl?: number) =>
    jobOf((env) => {
      const spec = { keep, ...(ttl === undefined ? {} : { ttl: milliseconds(ttl) }) };
      env.changes(Score).asEvents().select("player", "points").keyBy("player").deduplicate("one", spec).to("out");
    });

  it("keeps the first row by arrival", () => {
    const harness = new JobHarness(kept("first", 10));
    for (const [points, time] of [
      [1, 5],
      [2, 3],
      [3, 9],
    ] as const)
      row(harness, { player: "a", points }, time);
    expect(shown(harness)).toEqual(["a 1"]);
    row(harness.watermark(15), { player: "a", points: 4 }, 16);
    expect(shown(harness)).toEqual(["a 4"]);
    expect(harness.watermark(26).keys()).toBe(0);
  });

  it("keeps the latest row by event time, of equal ones the last that came", () => {
    const harness = new JobHarness(kept("last", 10));
    for (const [points, time] of [
      [1, 5],
      [2, 3],
      [3, 5],
      [4, 6],
    ] as const)
      row(harness, { player: "a", points }, time);
    expect(shown(harness)).toEqual(["+a 1", "-a 1", "+a 3", "-a 3", "+a 4"]);
    expect(harness.watermark(15).keys()).toBe(1);
    expect(harness.watermark(16).keys()).toBe(0);
  });
});

describe("a ranking", () => {
  const top = (define: (env: Environment) => { to(sink: string): void }) => jobOf((env) => define(env).to("out"));
  const spec = { by: "points", order: "desc" } as const;
  const added = top((env) =>
    env.changes(Score).asEvents().select("level", "player", "points").keyBy("level").topN("top", 2, spec),
  );
  const ranked = top((env) =>
    env
      .changes(Score)
      .keyBy("level")
      .topN("top", 2, { ...spec, withRank: true }),
  );

  it("of events keeps the first rows, of equal ones those that came first", () => {
    const harness = new JobHarness(added);
    for (const [player, points] of Object.entries({ a: 3, b: 5, c: 3, d: 4, e: undefined })) {
      row(harness, { level: "1", player, ...(points === undefined ? {} : { points }) }, 1);
    }
    expect(shown(harness)).toEqual(["+1 a 3", "+1 b 5", "-1 a 3", "+1 d 4"]);
  });

  it("with ranks emits every row whose rank changes", () => {
    const harness = new JobHarness(ranked);
    const at = (player: string, points: number, kind = 1) => {
      row(harness, { level: "1", player, points }, 1, kind);
      return harness.take().map(({ $op, player, rank }) => `${$op} ${player} ${rank}`);
    };
    expect(at("a", 3)).toEqual(["add 'a 1"]);
    expect(at("b", 5)).toEqual(["retract 'a 1", "add 'b 1", "add 'a 2"]);
    expect(at("c", 4)).toEqual(["retract 'a 2", "add 'c 2"]);
    expect(at("b", 5, -1)).toEqual(["retract 'b 1", "add 'c 1", "retract 'c 2", "add 'a 2"]);
    expect(at("c", 4, -1)).toEqual(["retract 'c 1", "add 'a 1", "retract 'a 2"]);
    expect(at("c", 4, -1)).toEqual([]);
    expect(at("a", 3, -1)).toEqual(["retract 'a 1"]);
    expect(harness.keys()).toBe(0);
  });
});

describe("a ranking of another version of the job", () => {
  const top = (n: number, order: "asc" | "desc") =>
    jobOf((env) => env.changes(Score).asEvents().keyBy("level").topN("top", n, { by: "points", order }).to("out"));

  it("does not go on with rows that were kept in another order, or too few of them", () => {
    const held = row(new JobHarness(top(2, "asc")), { level: "1", player: "a", points: 3 }, 1).hold();
    const incompatible = expect.objectContaining({ code: "STATE_INCOMPATIBLE" });
    expect(() => new JobHarness(top(2, "desc"), 1, held)).toThrow(incompatible);
    expect(() => new JobHarness(top(3, "asc"), 1, held)).toThrow(incompatible);
    expect(new JobHarness(top(2, "asc"), 1, held).keys()).toBe(1);
  });
});

/** As for jobs that run without the compiler. */
type Untyped = Record<"sum" | "min" | "max" | "avg" | "key" | "count" | "fold", (...args: unknown[]) => unknown>;

describe("what the compiler would have refused", () => {
  const Sale = model("Sale", {
    from: table("shop", "sales"),
    fields: { shop: text(), paid: money(), weight: number(), rank: integer() },
  });
  it("is refused when the job is built, with what to do", () => {
    const messages: string[] = [];
    const attempt = (define: (rows: Untyped) => unknown) => {
      const job = jobOf(
        (env) =>
          void env
            .changes(Sale)
            .keyBy("shop")
            .aggregate("total", define as never),
      );
      try {
        job.graph();
      } catch (error) {
        messages.push((error as Error).message);
      }
    };
    attempt((rows) => ({ paid: rows.sum("paid") }));
    attempt((rows) => ({ paid: rows.min("paid", { currency: "XXL" }) }));
    attempt((rows) => ({ paid: rows.sum("shop") }));
    attempt((rows) => ({ paid: rows.avg("paid") }));
    attempt((rows) => ({ paid: rows.max("pait") }));
    attempt((rows) => ({ shop: rows.key("weight") }));
    attempt((rows) => ({ "a-b": rows.count() }));
    attempt((rows) => ({ n: rows.count }));
    attempt((rows) => ({ n: rows.fold({ keeps: {}, gives: integer(), add: () => ({}), result: () => null }) }));
    attempt((rows) => ({ n: rows.fold({ gives: integer(), add: () => ({}), result: () => null }) }));
    expect(messages).toMatchInlineSnapshot(`
      [
        "The aggregate sum of paid in total cannot be computed: its currencies would mix. Key the rows by paid.currency too, or name the one that counts: sum("paid", { currency: "EUR" }).",
        "The aggregate min of paid in total cannot be computed: XXL is no ISO 4217 currency.",
        "The aggregate sum of shop in total cannot be computed: it is text, and only integer, number and money have one.",
        "The aggregate avg of paid in total cannot be computed: it is money, and only integers and numbers have one.",
        "The aggregate max of pait in total cannot be computed: the rows have no such field, only shop, paid, weight, rank.",
        "The aggregate weight in total cannot be computed: it is no part of the key, which is shop.",
        "The aggregate "a-b" in total cannot be computed: its name should be letters and digits.",
        "The aggregate "n" in total cannot be computed: it is no aggregate, such as rows.count().",
        "The aggregate n in total cannot be computed: rows of a changelog can be taken back: give its fold a function retract.",
        "The aggregate "n" in total cannot be computed: the fold should say in \`keeps\` what it keeps.",
      ]
    `);
  });
});
