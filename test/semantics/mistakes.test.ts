import { describe, expect, it } from "vitest";
import { isError } from "../../base/errors.ts";
import { hours, milliseconds } from "../../base/time.ts";
import { job } from "../../checks/job.ts";
import { id, instant, model, money, table, text } from "../../dataflow/model.ts";
import { testJob } from "../../testing/index.ts";

const Paid = model("Paid", {
  from: table("shop", "paid"),
  fields: { key: id(), note: text(), amount: money(), at: instant() },
});

/** A rule that is right, with one thing changed as somebody without a compiler might. */
function rule(changes: object): () => unknown {
  return () =>
    testJob(
      job("mistaken", (env) => {
        const leg = env.changes(Paid).sum("amount");
        const right = { by: "key", expect: { paid: leg }, actual: { came: leg }, missingAfter: hours(24) };
        env.reconcile("paid", { ...right, ...changes } as never);
      }),
    );
}

describe("a mistake in a job that was not compiled is the user's, and says what would be right", () => {
  it.each([
    [{ missingAfter: undefined }, "hours(24)"],
    [{ missingAfter: 24 }, "write it with its unit"],
    [{ missingAfter: "24h" }, "whole milliseconds"],
    [{ missingAfter: 1e300 }, "ten years"],
    [{ skew: milliseconds(0.5) }, "whole milliseconds"],
    [{ retain: hours(-1) }, "whole milliseconds"],
    [{ version: 1.5 }, "from 1 on"],
    [{ by: "nope" }, "its ids: key"],
    [{ by: "note" }, "its ids: key"],
    [{ tolerance: "5" }, "absolute"],
    [{ tolerance: { percent: "5" } }, "tolerance.of"],
    [{ tolerance: { percent: "5", of: "expect", rounding: "nope" } }, "halfEven"],
    [{ tolerance: { absolute: "-1" } }, "absolute"],
    [{ expect: {} }, "`expect` has no leg"],
  ])("%j: %s", (changes, says) => {
    expect(rule(changes)).toThrow(expect.objectContaining({ code: "RULE_INVALID", fault: "user" }));
    expect(rule(changes)).toThrow(says);
  });

  it("a condition on a field that is not there", () => {
    const wrong = job("wrong", (env) => void env.changes(Paid).where({ nope: "x" } as never));
    expect(() => wrong.graph()).toThrow("It has: key, note, amount, at");
  });

  it.each([
    [{ businessTime: "note" }, "instants are at"],
    [{ fields: { key: id(), amount: money({ scale: -3 }) } }, "from 0 to 18"],
  ])("a model: %j", (changes, says) => {
    const wrong = () => model("Wrong", { from: table("shop", "paid"), fields: Paid.fields, ...changes } as never);
    expect(wrong).toThrow(says);
  });

  it("a function that throws, or gives no row", () => {
    const mapping = (map: () => unknown) =>
      testJob(
        job("maps", (env) =>
          env
            .changes(Paid)
            .asEvents()
            .map({ key: id() }, map as never)
            .to("out"),
        ),
      );
    const boom = mapping(() => {
      throw new Error("boom");
    });
    expect(() => boom.upsert(Paid, 1, { at: 1 }, { key: 1 })).toThrow(
      /changes\/Paid\/events\/map at .*mistakes\.test\.ts:\d+:\d+, .*: boom$/,
    );
    const five = mapping(() => 5);
    expect(() => five.upsert(Paid, 1, { at: 1 }, { key: 1 })).toThrow(
      expect.objectContaining({ code: "JOB_WRONG_VALUE" }),
    );
    expect(isError(new Error("boom"))).toBe(false);
  });
});
