import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OUTPUTS } from "../../checks/records.ts";
import paymentSettlement from "../../jobs/payment-settlement/job.ts";
import type { EmittedAlert, VerdictRecord } from "../../schemas/contracts.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import type { Stack } from "../../stack/stack.ts";
import { EmbeddedRuns } from "../conformance/embedded.ts";
import type { PartedLog } from "../conformance/parted-log.ts";
import { FedTopics } from "../flink/fed-topics.ts";
import { FlinkJobs, isAlive, nodeChildrenOf } from "../flink/flink-jobs.ts";
import { startFlinkStack } from "../flink/flink-stack.ts";
import { type Files, writeFiles } from "../flink/history.ts";
import { gapsOf, Results, verdictsAsJavaReads } from "../flink/results.ts";
import { shopParts } from "../flink/shop-parts.ts";
import { endOffsets } from "../real/topics.ts";
import { countercheck, ended, root, startCountercheck } from "../support/cli.ts";

const JOB = join(root, "jobs/payment-settlement");
const NAME = "payment-settlement";
const seed = Number(process.env.COUNTERCHECK_SEED ?? Date.now() % 100_000);
const ORDERS = 600;
const PARTS = 9;

/** A highly available cluster, whose members are killed while the shop's log comes in. */
describe(`a job on Flink that is disturbed, over the shop of seed ${seed}`, { timeout: 15 * 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "countercheck-flink-faults-"));
  const registry = new FolderRegistry(join(folder, "schemas"));
  let stack: Stack;
  let jobs: FlinkJobs;
  let log: PartedLog;
  /** What a run in this process brings out that nobody disturbs. */
  let undisturbed: Files;
  /** How many verdicts and alerts that is. */
  let size: number;

  beforeAll(async () => {
    log = await shopParts(seed, ORDERS, PARTS, registry);
    using runs = new EmbeddedRuns(paymentSettlement, log, registry);
    const { records } = await runs.run(1);
    const emitted = (output: string) =>
      records.flatMap((each) => (each.kind === "emit" && each.output === output ? [each.record] : []));
    const verdicts = emitted(OUTPUTS.verdicts) as VerdictRecord[];
    const alerts = emitted(OUTPUTS.alerts) as EmittedAlert[];
    undisturbed = writeFiles(join(folder, "undisturbed"), { verdicts, alerts });
    size = verdicts.length + alerts.length;
    stack = await startFlinkStack("flink-ha");
    jobs = new FlinkJobs(stack.flinkHa);
  });

  afterAll(async () => {
    await stack?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const topicsOf = (name: string) => FedTopics.make({ log, brokers: stack.kafka.brokers, name, folder });
  const resultsOf = (topics: FedTopics) => Results.open(stack.kafka.brokers, topics.results, registry);

  /** Does something to a job while a part comes in, and waits until it has begun again from a checkpoint. */
  async function disturb(topics: FedTopics, part: number, what: () => Promise<void>): Promise<void> {
    const before = (await jobs.describe(NAME)).checkpoints.restoredFrom;
    await topics.write(part, 0, 0.5);
    await what();
    await topics.write(part, 0.5, 1);
    for (const until = Date.now() + 120_000; ; await sleep(500)) {
      // While there is no JobManager, nobody answers.
      const now = await jobs.describe(NAME).catch(() => undefined);
      if ((now?.checkpoints.restoredFrom ?? before) !== before) break;
      if (Date.now() > until) throw new Error(`nothing was disturbed: ${await jobs.tell(NAME)}`);
    }
    await jobs.completes(NAME, 1);
  }

  /** Waits for all that is to come, and that nothing comes besides. */
  async function expectUndisturbed(topics: FedTopics, results: Results): Promise<void> {
    if (!(await results.comeTo((all) => all.size >= size, 120_000)))
      throw new Error(`${results.size} of ${size}: ${await jobs.tell(NAME)}`);
    await jobs.completes(NAME, 2);
    const verdicts = await verdictsAsJavaReads(stack.kafka.brokers, topics.results, registry);
    expect(gapsOf(verdicts)).toEqual([]);
    expect(gapsOf(results.verdicts)).toEqual([]);
    const { alerts } = results;
    expect(writeFiles(join(folder, topics.results), { verdicts, alerts })).toEqual(undisturbed);
    // A column comes, which changes nothing.
    expect(results.troubles.filter((text) => !text.includes('"class":"harmless"'))).toEqual([]);
  }

  /** Node processes of the job, and the members of the cluster by their ids. */
  async function processes() {
    const { members } = (await stack.status()).find(({ name }) => name === "flink-ha")!;
    return { members, children: nodeChildrenOf(Object.values(members)) };
  }

  /** Kills a TaskManager that is at work, and brings another; its Node processes end by themselves. */
  async function killTaskManager(): Promise<void> {
    const { members, children } = await processes();
    const [busy] = children;
    const [name] = Object.entries(members).find(([, pid]) => pid === busy?.taskManager)!;
    const own = children.filter(({ taskManager }) => taskManager === busy!.taskManager);
    process.kill(busy!.taskManager, "SIGKILL");
    await expect.poll(() => own.filter(({ pid }) => isAlive(pid))).toEqual([]);
    expect(name).toMatch(/taskmanager/);
    await stack.start("flink-ha");
  }

  /** Node ends with the socket to its TaskManager, a new JobManager finds the job in ZooKeeper. */
  async function killJobManager(): Promise<void> {
    await stack.kill("flink-ha", "flink-ha-jobmanager");
    await stack.start("flink-ha");
  }

  async function killNode(): Promise<void> {
    const [child] = (await processes()).children;
    process.kill(child!.pid, "SIGKILL");
  }

  it("brings out what an undisturbed run does, each version once, at parallelism 2, then 3, then 1", async () => {
    const topics = await topicsOf("disturbed");
    const submission = { jobs: [JOB], config: topics.config };
    await jobs.submitJob({ ...submission, parallelism: 2 });
    const results = await resultsOf(topics);
    try {
      await topics.write(0);
      await jobs.completes(NAME, 1);
      await disturb(topics, 1, killNode);
      await topics.write(2);
      let fromSavepoint = await jobs.stopWithSavepoint(NAME);

      await jobs.submitJob({ ...submission, parallelism: 3, fromSavepoint });
      await topics.write(3);
      await disturb(topics, 4, killTaskManager);
      await topics.write(5);
      fromSavepoint = await jobs.stopWithSavepoint(NAME);

      await jobs.submitJob({ ...submission, parallelism: 1, fromSavepoint });
      await topics.write(6);
      await disturb(topics, 7, killJobManager);
      await topics.write(8);
      await expectUndisturbed(topics, results);
    } finally {
      await results.close();
      await jobs.cancel(NAME).catch(() => undefined);
      await topics.remove();
    }
  });

  it("goes on from the last checkpoints of jobs that are cancelled, at parallelism 1, then 3, then 2", async () => {
    const topics = await topicsOf("cancelled");
    const submission = { jobs: [JOB], config: topics.config };
    await jobs.submitJob({ ...submission, parallelism: 1 });
    const results = await resultsOf(topics);
    try {
      for (const part of [0, 1, 2]) await topics.write(part);
      await jobs.completes(NAME, 2);
      let fromSavepoint = await jobs.cancelKept(NAME);

      await jobs.submitJob({ ...submission, parallelism: 3, fromSavepoint });
      for (const part of [3, 4]) await topics.write(part);
      await disturb(topics, 5, killNode);
      fromSavepoint = await jobs.cancelKept(NAME);

      await jobs.submitJob({ ...submission, parallelism: 2, fromSavepoint });
      for (const part of [6, 7, 8]) await topics.write(part);
      await expectUndisturbed(topics, results);
    } finally {
      await results.close();
      await jobs.cancel(NAME).catch(() => undefined);
      await topics.remove();
    }
  });

  it("goes on from an embedded savepoint, with a TaskManager killed before Flink's first checkpoint", async () => {
    const topics = await topicsOf("moved");
    const savepoint = join(folder, "embedded-savepoint");
    const run = startCountercheck(["run", JOB, "--config", topics.config, "--quiet"]);
    const runEnded = ended(run);
    let results: Results | undefined;
    try {
      for (const part of [0, 1, 2, 3]) await topics.write(part);
      results = await beginResults(topics);
      const asked = await countercheck(["stop", "--savepoint", savepoint, "--config", topics.config]);
      expect(asked, asked.stderr).toMatchObject({ code: 0 });
      await runEnded;
      const written = await topics.written("verdicts");
      const before = (await verdictsAsJavaReads(stack.kafka.brokers, topics.results, registry)).length;

      // Flink's own first checkpoint would come after ten minutes.
      const slow = topics.configWith({ checkpointEvery: "600s" }, folder, "slow");
      const begin = { jobs: [JOB], config: slow, parallelism: 2, fromSavepoint: savepoint };
      const submitting = jobs.startSubmitting(begin);
      await expect.poll(async () => (await processes()).children.length, { timeout: 90_000 }).toBeGreaterThan(0);
      submitting.kill("SIGINT");
      await topics.write(4);
      await expect.poll(() => topics.written("verdicts")).toBeGreaterThan(written);
      await killTaskManager();
      await expect.poll(async () => (await jobs.describe(NAME)).failures, { timeout: 90_000 }).not.toEqual([]);
      const { checkpoints } = await jobs.describe(NAME);
      expect(checkpoints, "the kill was in front of the first checkpoint").toMatchObject({ completed: 0 });
      const aborted = await topics.written("verdicts");
      await topics.write(5);
      await expect.poll(() => topics.written("verdicts"), { timeout: 120_000 }).toBeGreaterThan(aborted);
      const fromSavepoint = await jobs.stopWithSavepoint(NAME);

      await jobs.submitJob({ jobs: [JOB], config: topics.config, parallelism: 2, fromSavepoint });
      for (const part of [6, 7, 8]) await topics.write(part);
      await expectUndisturbed(topics, results);
      expect(waitedBefore(results.verdicts, before), "deadlines that were pending").not.toEqual([]);

      const again = await countercheck(["run", JOB, "--config", topics.config, "--quiet"]);
      expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("error RESULTS_OF_NEWER_RUN: ") });
    } finally {
      run.kill("SIGKILL");
      await results?.close();
      await jobs.cancel(NAME).catch(() => undefined);
      await topics.remove();
    }
  });

  /** Reads the results of a run that has just begun, as soon as there are some. */
  async function beginResults(topics: FedTopics): Promise<Results> {
    await expect.poll(() => endOffsets(stack.kafka.brokers, `${topics.results}alerts`)).not.toEqual([]);
    await topics.makeTopic(`${topics.results}engine-alerts`);
    const results = await resultsOf(topics);
    expect(await results.comeTo(({ verdicts }) => verdicts.length > 0, 60_000)).toBe(true);
    return results;
  }
});

/** Failures behind so many verdicts that are about rows which had all been read by then. */
function waitedBefore(verdicts: readonly VerdictRecord[], before: number): VerdictRecord[] {
  const read = Math.max(...verdicts.slice(0, before).map(({ time }) => time));
  const isOld = ({ contributions }: VerdictRecord) => contributions.every(({ time }) => (time ?? read) <= read);
  return verdicts.slice(before).filter((verdict) => verdict.class === "missing" && isOld(verdict));
}
