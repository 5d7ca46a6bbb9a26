import { describe, expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import { job } from "../checks/job.ts";
import { testJob } from "../testing/index.ts";
import type { Environment } from "./environment.ts";
import { id, model, money, table } from "./model.ts";
import { tumbling } from "./windows/assigners.ts";

const Refund = model("Refund", { from: table("shop", "refunds"), fields: { paymentId: id(), amount: money() } });

const fails = () => {
  throw new RangeError("too much");
};

/** What a job fails with at its second refund, or what comes of it. */
function failureOf(define: (env: Environment) => void): string {
  const driver = testJob(job("failing", define));
  try {
    driver.upsert(Refund, 3, { at: 5 }, { paymentId: 7, amount: null });
    driver.upsert(Refund, 4, { at: 1_000 }, { paymentId: 7, amount: "1.50 EUR" }).advance(10_000);
  } catch (error) {
    return (error as Error).message;
  }
  return "It did not fail.";
}

describe("a function of a job that fails says what it was called for", () => {
  it("a change: the row, and its record", () => {
    const message = failureOf((env) => {
      env
        .changes(Refund)
        .filter(({ amount }) => amount !== null && fails())
        .asEvents()
        .to("out");
    });
    expect(message).toMatch(
      /\/filter, called for row 4 of shop\.refunds, while offset 2 of refunds\/0 was read: RangeError: too much$/,
    );
  });

  it("an event: the row's time, and what was read", () => {
    const message = failureOf((env) => {
      env
        .changes(Refund)
        .asEvents()
        .map({ paymentId: id() }, ({ paymentId, amount }) => ({ paymentId: amount === null ? paymentId : fails() }))
        .to("out");
    });
    expect(message).toMatch(
      /\/map, called for the row at 1970-01-01T00:00:01\.000Z, while offset 2 of refunds\/0 was read: RangeError: too much$/,
    );
  });

  it("a row and a timer of a key", () => {
    const processed = (on: "onElement" | "onTimer") =>
      failureOf((env) => {
        const functions = {
          onElement: (_: unknown, { setTimer }: { setTimer(time: number): void }) => setTimer(2_000),
        };
        env
          .changes(Refund)
          .asEvents()
          .keyBy("paymentId")
          .process("judged", { state: {}, emits: {}, ...functions, [on]: fails })
          .to("out");
      });
    expect(processed("onElement")).toMatch(/ in judged, called for the row at 1970-01-01T00:00:00\.005Z of key 7[,:]/);
    expect(processed("onTimer")).toMatch(/ in judged, called for the timer at 1970-01-01T00:00:02\.000Z of key 7[,:]/);
  });

  it("a row of an aggregate, and a window of a key", () => {
    const folded = failureOf((env) => {
      env
        .changes(Refund)
        .keyBy("paymentId")
        .aggregate("counted", (rows) => ({
          count: rows.fold({ keeps: {}, gives: id(), add: fails, retract: fails, result: () => null }),
        }))
        .to("out");
    });
    expect(folded).toMatch(/, called for the row at 1970-01-01T00:00:00\.005Z[,:]/);
    const windowed = failureOf((env) => {
      env
        .changes(Refund)
        .asEvents()
        .keyBy("paymentId")
        .window(tumbling(seconds(1)))
        .process("paired", { emits: {}, onWindow: fails })
        .to("out");
    });
    expect(windowed).toMatch(/ in paired, called for the window at 1970-01-01T00:00:00\.000Z of key 7[,:]/);
  });
});
