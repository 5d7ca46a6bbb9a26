import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Stack } from "../../stack/stack.ts";
import { plainly } from "../conformance/outcome.ts";
import { expectedOfAll } from "../conformance/table.ts";
import { ConformanceOnFlink } from "./conformance-run.ts";
import { FlinkJobs } from "./flink-jobs.ts";
import { startFlinkStack } from "./flink-stack.ts";

/** The same table, with the same data, as in this process. */
describe("the table of conformance, on Flink", { timeout: 5 * 60_000 }, () => {
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

  it.each([1, 3])("gives what it says, with parallelism %i", async (parallelism) => {
    expect(plainly(await table.run(parallelism))).toEqual(expectedOfAll);
  });

  it.each([
    [1, 1],
    [1, 2],
    [1, 3],
    [3, 1],
    [3, 2],
    [3, 3],
  ] as const)(
    "gives the same with parallelism %i and a savepoint behind part %i, from which others go on",
    async (parallelism, cut) => {
      expect(plainly(await table.run(parallelism, cut, parallelism === 1 ? 3 : 1))).toEqual(expectedOfAll);
    },
  );
});
