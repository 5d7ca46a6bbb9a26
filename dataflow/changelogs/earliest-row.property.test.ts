import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { milliseconds } from "../../base/time.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { id, idOf, integer, model, table } from "../model.ts";

const numRuns = Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 50);

const Login = model("Login", { from: table("app", "logins"), fields: { user: id(), n: integer() } });

const firsts = (ttl: number | undefined) =>
  jobOf((env) => {
    const spec = { keep: "first", by: "eventTime", ...(ttl === undefined ? {} : { ttl: milliseconds(ttl) }) } as const;
    const first = env.changes(Login).asEvents().keyBy("user").deduplicate("first", spec);
    first.to("out");
    first.late().to("late");
  });

const login = (harness: JobHarness, user: string, n: number, time: number) =>
  harness.row(Login, { user: idOf(user), n: BigInt(n) }, time);
const shown = (harness: JobHarness, sink = "out") =>
  harness.take(sink).map(({ user, n }) => `${(user as string).slice(1)} ${n}`);

describe("the first row by event time", () => {
  it("comes out when the watermark reaches it, and no other one after it", () => {
    const harness = new JobHarness(firsts(undefined));
    login(harness, "a", 1, 20);
    login(harness, "a", 2, 10);
    login(harness, "a", 3, 10);
    expect(shown(harness.watermark(9))).toEqual([]);
    expect(shown(harness.watermark(10))).toEqual(["a 2"]);
    login(harness, "a", 4, 15);
    login(harness, "b", 5, 5);
    login(harness, "c", 6, 40);
    harness.row(Login, { user: idOf("seed"), n: 7n }, 0, { seed: 50 });
    expect(shown(harness.watermark(30))).toEqual([]);
    expect(shown(harness.end())).toEqual(["c 6"]);
    expect(shown(harness, "late")).toEqual(["b 5", "seed 7"]);
  });

  const steps = fc.array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          type: fc.constant("row" as const),
          user: fc.constantFrom("a", "b", "c"),
          time: fc.nat(60),
        }),
      },
      fc.record({ type: fc.constant("watermark" as const), time: fc.nat(80) }),
      fc.record({ type: fc.constant("restore" as const), parallelism: fc.integer({ min: 1, max: 3 }) }),
    ),
    { maxLength: 40 },
  );

  it("is that of a naive account", () => {
    fc.assert(
      fc.property(steps, fc.option(fc.constantFrom(1, 20), { nil: undefined }), (drawn, ttl) => {
        let harness = new JobHarness(firsts(ttl));
        let watermark = Number.NEGATIVE_INFINITY;
        /** All rows of a user since it began; the earliest one is the result, once the watermark has reached it. */
        const users = new Map<string, { rows: { n: number; time: number }[]; isOut: boolean; since: number }>();
        for (const [n, step] of drawn.entries()) {
          if (step.type === "restore") harness = new JobHarness(firsts(ttl), step.parallelism, harness.hold());
          else if (step.type === "row") {
            const { user, time } = step;
            login(harness, user, n, time);
            const known = users.get(user) ?? { rows: [], isOut: false, since: time };
            expect(shown(harness, "late")).toEqual(time <= watermark ? [`${user} ${n}`] : []);
            if (time <= watermark || known.isOut) continue;
            if (known.rows.every((row) => time < row.time)) known.since = Math.max(known.since, time);
            known.rows.push({ n, time });
            users.set(user, known);
          } else {
            watermark = Math.max(watermark, step.time);
            const expected: { time: number; text: string }[] = [];
            for (const [user, known] of users) {
              const first = known.rows.toSorted((a, b) => a.time - b.time)[0]!;
              if (!known.isOut && first.time <= watermark) {
                known.isOut = true;
                expected.push({ time: first.time, text: `${user} ${first.n}` });
              }
              if (ttl !== undefined && known.since + ttl <= watermark) users.delete(user);
            }
            expect(shown(harness.watermark(watermark)).sort()).toEqual(expected.map(({ text }) => text).sort());
          }
        }
        if (ttl !== undefined) expect(harness.watermark(1_000).keys()).toBe(0);
      }),
      { numRuns },
    );
  });
});
