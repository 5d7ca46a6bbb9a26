import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { kafkaShopConfig, openShopTopics, shopTopics } from "../../bench/kafka-topics.ts";
import { countercheck, ended, root, startCountercheck, TemporaryFolder } from "../../test/support/cli.ts";
import { readConfig } from "../config.ts";
import { ClusterResults } from "./epoch.ts";
import { openSteps } from "./steps.ts";
import { openSubmission, type Submission } from "./submission.ts";

const { kafka } = inject("servers");
const JOB = join(root, "jobs/payment-settlement");

describe("an epoch that a cluster did not start the job in", { timeout: 240_000 }, () => {
  const folder = new TemporaryFolder();
  const file = join(folder.path, "countercheck.json");
  let topics: AsyncDisposable;

  beforeAll(async () => {
    process.env.COUNTERCHECK_KAFKA_BROKERS = kafka.brokers.join(",");
    topics = await openShopTopics(folder.path, 300);
    const shop = shopTopics(folder.path);
    cpSync(shop.schemas, join(folder.path, "schemas"), { recursive: true });
    writeFileSync(file, JSON.stringify(kafkaShopConfig(shop, "schemas")));
  });
  afterAll(async () => {
    await topics?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  function submission() {
    const more = { fromSavepoint: undefined, allowDroppedState: false, withNode: false, steps: openSteps(true) };
    return openSubmission({ jobs: { paths: [JOB], name: undefined }, config: readConfig(file), ...more });
  }

  function lastMarker() {
    const config = readConfig(file);
    return new ClusterResults({ ...config, results: config.results! }, "payment-settlement").peek();
  }

  /** Runs embedded until it has brought out results and written a savepoint; ends it once `then` is through. */
  async function embedded(
    savepoint: string,
    then: () => Promise<void>,
  ): Promise<{ code: number | null; stderr: string }> {
    const run = startCountercheck(["run", JOB, "--config", file, "--quiet"]);
    const end = ended(run);
    try {
      const dir = join(folder.path, savepoint);
      expect(await Promise.race([savepointOf(dir, file), end.then(({ stderr }) => stderr)])).toBe("");
      await then();
      run.kill("SIGINT");
      return await end;
    } finally {
      run.kill("SIGKILL");
    }
  }

  it("is given back: the embedded run of before goes on", async () => {
    let refused: Submission | undefined;
    await embedded("one", async () => {
      refused = await submission();
      expect(refused.beginning.epoch).toBe(2);
      await refused.claim();
    });
    expect(await lastMarker()).toMatchObject({ epoch: 2, checkpoint: 0 });
    await refused!.withdraw();
    expect(await lastMarker()).toMatchObject({ epoch: 1 });
    const goneOn = await embedded("two", async () => undefined);
    expect(goneOn).toMatchObject({ code: 0, stderr: "" });
  });

  it("is left alone where another has begun since", async () => {
    const refused = await submission();
    await refused.claim();
    const next = await submission();
    await next.claim();
    await refused.withdraw();
    expect(await lastMarker()).toMatchObject(next.beginning);
  });
});

/** Asks a run for a savepoint as soon as it goes; why it wrote none, or nothing. */
async function savepointOf(dir: string, config: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const { code, stderr } = await countercheck(["savepoint", dir, "--config", config]);
    if (code === 0 || attempt === 10) return stderr;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
