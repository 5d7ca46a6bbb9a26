import { describe, expect, it } from "vitest";
import { milliseconds } from "../base/time.ts";
import { JobHarness, jobOf } from "../test/support/job-harness.ts";
import type { Environment } from "./environment.ts";
import { id, idOf, integer, model, table } from "./model.ts";
import { value } from "./process/state-spec.ts";
import { writeTime } from "./write-time.ts";

const NEVER = Number.NEGATIVE_INFINITY;
const ttl = milliseconds(10);

const Row = model("Row", { from: table("app", "rows"), fields: { key: id(), n: integer() } });
const Event = model("Event", { from: table("app", "events"), fields: { key: id() } });

/** Every operator whose state has a ttl, over the same rows. */
const operators: readonly (readonly [name: string, build: (env: Environment) => { to(sink: string): void }])[] = [
  [
    "a process function",
    (env) =>
      env
        .changes(Row)
        .keyBy("key")
        .process("it", {
          state: { last: value({ n: integer() }, { ttl }) },
          emits: { n: integer() },
          onElement: ({ n }, { state }) => state.last.set({ n }),
        }),
  ],
  [
    "an aggregate",
    (env) =>
      env
        .changes(Row)
        .keyBy("key")
        .aggregate("it", (rows) => ({ n: rows.count() }), { ttl }),
  ],
  ["a ranking", (env) => env.changes(Row).keyBy("key").topN("it", 1, { by: "n", order: "asc", ttl })],
  ["the last row", (env) => env.changes(Row).asEvents().keyBy("key").deduplicate("it", { keep: "last", ttl })],
  [
    "a join",
    (env) =>
      env
        .changes(Row)
        .keyBy("key")
        .join("it", env.changes(Event).keyBy("key"), {
          type: "inner",
          ttl: { left: ttl, right: ttl },
          select: (row) => ({ n: row.n }),
        }),
  ],
  [
    "a look-up join",
    (env) =>
      env
        .changes(Event)
        .asEvents()
        .keyBy("key")
        .lookupJoin("it", env.changes(Row).keyBy("key"), {
          type: "inner",
          ttl,
          select: (_, row) => ({ n: row.n }),
        }),
  ],
];

describe("the time that a ttl counts from", () => {
  it("is the row's own, or when it was read with the seed, or the watermark", () => {
    expect([writeTime(5, null, 9), writeTime(NEVER, 7, 9), writeTime(NEVER, null, 9)]).toEqual([5, 7, 9]);
  });

  describe.each(operators)("of %s", (_, build) => {
    const job = jobOf((env) => build(env).to("out"));
    const ofKey = { key: idOf("k"), n: 1n };

    it.each<[string, (harness: JobHarness) => unknown]>([
      ["a row with a time", (harness) => harness.row(Row, ofKey, 25)],
      ["a row of the seed, read then", (harness) => harness.row(Row, ofKey, 0, { seed: 25 })],
      ["a row without a time, at that watermark", (harness) => harness.watermark(25).row(Row, ofKey, NEVER)],
    ])("is the same for %s", (_name, put) => {
      const harness = new JobHarness(job);
      harness.watermark(20);
      put(harness);
      expect([harness.watermark(34).keys(), harness.watermark(35).keys()]).toEqual([1, 0]);
    });
  });
});
