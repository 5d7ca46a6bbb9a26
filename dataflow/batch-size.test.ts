import { describe, expect, it } from "vitest";
import { milliseconds, seconds } from "../base/time.ts";
import type { Job } from "../checks/job.ts";
import { JobHarness, jobOf } from "../test/support/job-harness.ts";
import type { Environment } from "./environment.ts";
import { id, idOf, integer, model, table } from "./model.ts";
import type { Operator } from "./operator.ts";
import { sliding } from "./windows/assigners.ts";
import { every } from "./windows/triggers.ts";

const Bid = model("Bid", { from: table("app", "bids"), fields: { user: id(), price: integer() } });
const KEYS = 5_000;
/** Rows that are handed on at once, and what one more key may add to them. */
const MOST = 4_096 + 10;

const bids = (env: Environment) => env.changes(Bid).asEvents().keyBy("user");

describe("a watermark that many keys wait for makes no batch of all of them", () => {
  it.each([
    [
      "windows",
      jobOf((env) => {
        const windows = bids(env).window(sliding(seconds(2), seconds(1)));
        windows.aggregate("tested", (rows) => ({ user: rows.key("user"), rows: rows.count() })).to("out");
      }),
    ],
    [
      "windows with a trigger",
      jobOf((env) => {
        const windows = bids(env)
          .window(sliding(seconds(2), seconds(1)))
          .trigger(every(milliseconds(300)));
        windows.aggregate("tested", (rows) => ({ user: rows.key("user"), rows: rows.count() })).to("out");
      }),
    ],
    [
      "process functions",
      jobOf((env) => {
        const processed = bids(env).process("tested", {
          state: {},
          emits: { user: id() },
          onElement: (_, { setTimer }) => setTimer(1_000),
          onTimer: ({ key, emit }) => emit({ user: key }),
        });
        processed.to("out");
      }),
    ],
    ["first rows", jobOf((env) => bids(env).deduplicate("tested", { keep: "first", by: "eventTime" }).to("out"))],
  ])("%s", (_, job) => {
    const sizes: number[] = [];
    const harness = new JobHarness(watched(job, sizes), 1);
    const rows = Array.from({ length: KEYS }, (_, n) => ({ user: idOf(`u${n}`), price: 1n }));
    for (let at = 0; at < KEYS; at += 1_000)
      harness.rows(
        Bid,
        rows.slice(at, at + 1_000).map((row) => [row, 5] as const),
      );
    harness.watermark(10_000);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(KEYS);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MOST);
  });
});

/** The job, whose operators tell how many rows they hand on at once. */
function watched(job: Job, sizes: number[]): Job {
  return {
    ...job,
    graph() {
      const graph = job.graph();
      for (const node of graph.nodes) {
        if (node.type !== "operator") continue;
        const { create } = node;
        Object.assign(node, { create: () => telling(create(), sizes) });
      }
      return graph;
    },
  };
}

function telling(operator: Operator, sizes: number[]): Operator {
  const open = operator.open.bind(operator);
  operator.open = (context) =>
    open({
      ...context,
      forward(batch) {
        sizes.push(batch.count);
        context.forward(batch);
      },
    });
  return operator;
}
