import { expect, it } from "vitest";
import { modelsOf } from "../../dataflow/graph.ts";
import { stagelessIn } from "../../dataflow/whole-rows.ts";
import { ShopLog } from "../support/shop-run.ts";
import { shopJob } from "./shop-job.ts";

it("over the shop's log the same is said without a row stage, in any order of reading, by any number of workers", async () => {
  const seed = 7;
  using log = await ShopLog.write(seed, 400);
  const graph = shopJob({ before: "full" }).graph();
  expect(modelsOf(graph).map((model) => stagelessIn(graph)(model).size)).toEqual([1, 1, 1]);
  const staged = await log.run(undefined, 1, shopJob());
  expect(staged.recorder.history.length).toBeGreaterThan(10);
  for (const [order, workers] of [
    [undefined, 1],
    [1, 1],
    [2, 3],
  ] as const) {
    const whole = await log.run(order, workers, shopJob({ before: "full" }));
    expect([whole.faults, whole.engineAlerts], `seed ${seed}`).toEqual([staged.faults, staged.engineAlerts]);
    expect(whole.verdicts, `seed ${seed}`).toBe(staged.verdicts);
    expect(whole.history, `seed ${seed}`).toBe(staged.history);
  }
});
