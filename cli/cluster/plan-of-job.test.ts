import { join } from "node:path";
import { expect, it } from "vitest";
import type { PlannedSplit } from "../../flink/cluster-plan.ts";
import type { SourceBinding } from "../config.ts";
import { loadJob } from "../load-job.ts";
import { planOfJob } from "./plan-of-job.ts";

const root = join(import.meta.dirname, "../..");
const kafka = { brokers: ["127.0.0.1:9092"] };
const split: PlannedSplit = {
  source: "shop",
  topic: "shop.payments",
  partition: 0,
  topicId: "id",
  heartbeat: false,
  start: 0,
  keyGroup: 7,
};

async function planOf(path: string) {
  const input = { kafka, group: "ours.", start: "earliest" } as const;
  const config = {
    sources: [{ name: "shop", kind: "mariadb", epochs: [], tables: {}, input } satisfies SourceBinding],
    results: { kafka, prefix: "ours." },
    state: { dir: "", memoryBytes: 1, checkpointEveryMs: 2_000 },
  };
  const graph = (await loadJob(join(root, path))).graph();
  const sinks = ["verdicts", "sinks.mine"];
  return planOfJob({ graph, config, splits: [split], sinks, withNode: true, epoch: 3, savepoint: "/shared/move" });
}

it("the tasks are those of the runtime, fed by the outputs of the ones before", async () => {
  const plan = await planOf("jobs/payment-settlement");
  expect(plan.tasks.map(({ uid, inputs, outputs }) => ({ uid, inputs, outputs }))).toEqual([
    { uid: "$sources", inputs: [], outputs: 6 },
    {
      uid: "payment-settlement",
      inputs: [0, 1, 2, 3].map((output) => ({ task: 0, output })),
      outputs: 0,
    },
    {
      uid: "batch-payout",
      inputs: [4, 5].map((output) => ({ task: 0, output })),
      outputs: 0,
    },
  ]);
  expect(plan.tasks[0]!.title).toBe("sources: Payment, Refund, SettlementLine, Payout");
});

it("topics and names begin with the prefix of the results, groups as those of an embedded run", async () => {
  const plan = await planOf("jobs/payment-settlement");
  expect(plan).toMatchObject({
    job: "payment-settlement",
    keyGroups: 128,
    checkpoints: { everyMs: 2_000 },
    reading: { "group.id": "ours.payment-settlement" },
    transactionalIdPrefix: "ours.payment-settlement.flink",
    splits: [split],
    sinks: [
      { name: "verdicts", topic: "ours.verdicts" },
      { name: "sinks.mine", topic: "ours.sinks.mine" },
    ],
    child: { hasNode: true },
    facts: { "countercheck.epoch": "3", "countercheck.savepoint": "/shared/move" },
  });
});

it("a look-up stays in the task of what it follows", async () => {
  const { tasks } = await planOf("docs/examples/lookup.ts");
  expect(tasks.map(({ title }) => title)).toEqual([expect.stringContaining("register")]);
});
