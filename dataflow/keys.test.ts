import { describe, expect, it } from "vitest";
import { JobHarness, jobOf } from "../test/support/job-harness.ts";
import { type Id, id, idOf, integer, model, table, text } from "./model.ts";

const Note = model("Note", {
  from: table("app", "notes"),
  fields: { shop: id(), other: id(), body: text(), n: integer() },
});

describe("keys of several parts", () => {
  const counting = jobOf((env) => {
    env
      .changes(Note)
      .keyBy("shop", "other")
      .aggregate("counted", (notes) => ({ shop: notes.key("shop"), other: notes.key("other"), notes: notes.count() }))
      .to("out");
  });
  const told = (harness: JobHarness) => harness.take().map(({ shop, other, notes }) => [shop, other, notes]);

  it.each([1, 3])("take an id that has several parts itself for one, on %i workers", (parallelism) => {
    const [one, two, three] = [idOf(1), idOf("b|c"), idOf("\\")];
    const of = (...parts: Id[]) => parts.join("|") as Id;
    // Joined as they are, the first two would be the same.
    const pairs = [
      [of(one, two), three],
      [one, of(two, three)],
      [of(three, of(one, one)), of(two, two)],
      [two, three],
    ] as const;
    let harness = new JobHarness(counting, parallelism);
    for (const [shop, other] of pairs) harness.row(Note, { shop, other }, 1);
    expect(told(harness).sort()).toEqual(pairs.map((pair) => [...pair, 1n]).sort());
    harness = new JobHarness(counting, 2, harness.hold());
    for (const [shop, other] of pairs) harness.row(Note, { shop, other }, 1, { kind: -1 });
    expect(told(harness).sort()).toEqual(pairs.map((pair) => [...pair, 1n]).sort());
    expect(harness.keys()).toBe(0);
  });

  it("that a function emits can be keyed by again, beside other fields", () => {
    const again = jobOf((env) => {
      env
        .changes(Note)
        .asEvents()
        .keyBy("body", "n")
        .process("handed-on", {
          state: {},
          emits: { key: id(), body: text() },
          onElement: ({ body }, { key, emit }) => emit({ key, body }),
        })
        .keyBy("key", "body")
        .aggregate("again", (rows) => ({ key: rows.key("key"), body: rows.key("body") }))
        .to("out");
    });
    const harness = new JobHarness(again).row(Note, { body: "a|b", n: 7n }, 1);
    expect(harness.take()).toEqual([{ $op: "add", key: "'a\\|b|7", body: "a|b" }]);
  });
});
