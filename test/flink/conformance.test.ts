import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Stack } from "../../stack/stack.ts";
import type { Cut } from "../conformance/embedded.ts";
import { plainly } from "../conformance/outcome.ts";
import { expectedOfAll } from "../conformance/table.ts";
import { ConformanceOnFlink } from "./conformance-run.ts";
import { FlinkJobs } from "./flink-jobs.ts";
import { startFlinkStack } from "./flink-stack.ts";

/** Parallelism, where the savepoint is, and the parallelism behind it. */
const cuts: readonly (readonly [number, Cut, number])[] = [
  [1, 1, 3],
  [1, 2, 3],
  [1, 3, 3],
  [3, 1, 1],
  [3, 2, 1],
  [3, 3, 1],
];

/** One run with both in it stands for all where there is no time for more. */
const isBrief = process.env.COUNTERCHECK_CONFORMANCE === "brief";

/** The same table, with the same data, as in this process. */
describe("the table of conformance, on Flink", () => {
  let stack: Stack;
  let table: ConformanceOnFlink;

  beforeAll(async () => {
    stack = await startFlinkStack("flink");
    table = await ConformanceOnFlink.open(new FlinkJobs(stack.flink), stack.kafka.brokers);
  });
  afterAll(async () => {
    table?.[Symbol.dispose]();
    await stack?.close();
  });

  it.each(isBrief ? [] : [1, 3])("gives what it says, with parallelism %i", async (parallelism) => {
    expect(plainly(await table.run(parallelism))).toEqual(expectedOfAll);
  });

  it.each(cuts.filter(([parallelism, cut]) => !isBrief || (parallelism === 3 && cut === 2)))(
    "gives the same with parallelism %i and a savepoint behind part %i, from which %i go on",
    async (parallelism, cut, others) => {
      expect(plainly(await table.run(parallelism, cut, others))).toEqual(expectedOfAll);
    },
  );
});
