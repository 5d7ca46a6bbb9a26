import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { systemDisk } from "../../base/disk.ts";
import { kafkaShopConfig, openShopTopics, shopTopics } from "../../bench/kafka-topics.ts";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { describeTopic } from "../../connectors/kafka/topics.ts";
import { splitKeyGroup } from "../../flink/split-key-group.ts";
import { readSavepoint } from "../../runtime/checkpoint/savepoint.ts";
import { countercheck, ended, root, startCountercheck, TemporaryFolder } from "../../test/support/cli.ts";
import { readConfig } from "../config.ts";
import { ClusterResults } from "./epoch.ts";
import { openSteps } from "./steps.ts";
import { openSubmission } from "./submission.ts";

const { kafka } = inject("servers");
const JOB = join(root, "jobs/payment-settlement");
const ORDERS = 300;

describe("a job that moves from an embedded run to a cluster", { timeout: 240_000 }, () => {
  const folder = new TemporaryFolder();
  let topics: AsyncDisposable;
  let prefix: string;
  let file: string;

  beforeAll(async () => {
    process.env.COUNTERCHECK_KAFKA_BROKERS = kafka.brokers.join(",");
    topics = await openShopTopics(folder.path, ORDERS);
    const shop = shopTopics(folder.path);
    cpSync(shop.schemas, join(folder.path, "schemas"), { recursive: true });
    file = join(folder.path, "countercheck.json");
    const config = kafkaShopConfig(shop, "schemas");
    prefix = config.results.kafka.prefix;
    writeFileSync(file, JSON.stringify(config));
  });
  afterAll(async () => {
    await topics[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  function submission(fromSavepoint?: string, configFile = file) {
    const config = readConfig(configFile);
    const more = { fromSavepoint, allowDroppedState: false, withNode: false, steps: openSteps(true) };
    return openSubmission({ jobs: { paths: [JOB], name: undefined }, config, ...more });
  }

  it("begins at the positions of the savepoint, in an epoch of its own, and the run before brings out no more", async () => {
    const dir = join(folder.path, "savepoint");
    const before = startCountercheck(["run", JOB, "--config", file, "--quiet"]);
    const run = ended(before);
    try {
      const asked = await Promise.race([savepointOf(dir, file), run.then(({ stderr }) => stderr)]);
      expect(asked).toBe("");

      const moved = await submission(dir);
      const { splits } = readSavepoint(systemDisk, dir);
      expect(moved.beginning).toMatchObject({ epoch: 2 });
      expect(moved.child).toMatchObject({ epoch: 2, savepoint: { folder: dir } });
      for (const { source, topic, partition, start, keyGroup } of moved.plan.splits) {
        const was = splits.find((split) => split.source === source && split.name === `${topic}/${partition}`)!;
        // The shop spreads rows in its own way, so that all partitions of a topic are read as one.
        const place = splitKeyGroup(topic, was.gathered ? 0 : partition);
        expect({ topic, start, keyGroup }).toEqual({ topic, start: was.offset, keyGroup: place });
      }
      expect(moved.plan.splits.some(({ heartbeat }) => heartbeat)).toBe(true);

      await moved.claim();
      // What it has still to bring out, it may not any more.
      before.kill("SIGINT");
      await run;
    } finally {
      before.kill("SIGKILL");
    }
    const again = await countercheck(["run", JOB, "--config", file, "--quiet"]);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("error RESULTS_OF_NEWER_RUN: ") });
    await deskIsOfBefore(join(folder.path, "out"), prefix);
  });

  it("is refused where two sources are one topic: Flink brings each record to one", async () => {
    const config = JSON.parse(readFileSync(file, "utf8"));
    const { topic } = config.sources.shop.tables.payments;
    config.sources.ledger.tables.settlement_lines.topic = topic;
    const twice = join(folder.path, "twice.json");
    writeFileSync(twice, JSON.stringify(config));
    await expect(submission(undefined, twice)).rejects.toMatchObject({
      code: "JOB_NOT_FOR_CLUSTER",
      details: {
        reason: expect.stringMatching(
          `sources.shop.tables.payments and sources.ledger.tables.settlement_lines both are the topic ${topic}`,
        ),
      },
    });
  });

  it("has the topics of its results, and one epoch after the other", async () => {
    const fresh = await submission();
    expect(fresh.beginning.epoch).toBe(3);
    const ofPayments = fresh.child.splits.filter(({ table }) => table === "payments");
    expect(ofPayments.map(({ gathered, keyGroup }) => ({ gathered, keyGroup }))).toEqual(
      ofPayments.map(({ topic }) => ({ gathered: true, keyGroup: splitKeyGroup(topic, 0) })),
    );
    await fresh.claim();
    await expect(fresh.claim()).rejects.toMatchObject({ code: "JOB_BEGUN_ELSEWHERE" });
    const cluster = new KafkaCluster({ clientId: "countercheck-test", brokers: kafka.brokers });
    try {
      for (const name of ["verdicts", "alerts", "dead-letters", "engine-alerts", "markers"])
        expect(await describeTopic(cluster, prefix + name), name).toBeDefined();
    } finally {
      await cluster.close();
    }
  });

  it("of two submissions at a time the one that is second to begin is refused", async () => {
    const config = readConfig(file);
    const [one, two] = await Promise.all([submission(), submission()]);
    expect(one.beginning).toEqual(two.beginning);
    await one.claim();
    await expect(two.claim()).rejects.toMatchObject({ code: "JOB_BEGUN_ELSEWHERE" });
    const results = new ClusterResults({ ...config, results: config.results! }, "payment-settlement");
    expect(await results.peek()).toMatchObject(one.beginning);
  });
});

/** What is decided at the desk of the run before is heeded by nobody; what is shown is of before. */
async function deskIsOfBefore(dir: string, prefix: string): Promise<void> {
  for (const deciding of [
    ["checks", "resume", "payment-settlement", "--note", "mended"],
    ["dead-letters", "discard", "a/0/1", "--note", "mended"],
    ["alerts", "acknowledge", "3fa9"],
    ["notifications", "retry", "--all"],
  ]) {
    const { code, stderr } = await countercheck([...deciding, "--dir", dir]);
    expect(stderr).toMatch(`error JOB_HAS_NO_DESK: payment-settlement was submitted to a cluster`);
    expect(stderr).toContain(`${prefix}alerts`);
    expect(code).toBe(1);
  }
  const { code, stdout, stderr } = await countercheck(["alerts", "list", "--json", "--dir", dir]);
  expect(code).toBe(0);
  expect(stderr).toMatch(`note: payment-settlement was submitted to a cluster`);
  expect(JSON.parse(stdout)).toHaveProperty("alerts");
}

/** Asks a run for a savepoint as soon as it goes; why it wrote none, or nothing. */
async function savepointOf(dir: string, config: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const { code, stderr } = await countercheck(["savepoint", dir, "--config", config]);
    if (code === 0 || attempt === 10) return stderr;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
