import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deleteRecordsV2 } from "@platformatic/kafka";
import { type Admin, Kafka, logLevel, type Message, type Producer } from "kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { listOffsets } from "../../connectors/kafka/list-offsets.ts";
import { ensureTopic } from "../../connectors/kafka/topics.ts";
import type { ClusterPlan, PlannedSplit } from "../../flink/cluster-plan.ts";
import { splitKeyGroup } from "../../flink/split-key-group.ts";
import { type Stack, startStack } from "../../stack/stack.ts";
import { KEY_GROUPS, subtaskOf } from "../../state/key-groups.ts";
import { type CopiedRecord, copiedProofs, copiedRecords } from "./copies.ts";
import { type JavaProgram, startJava } from "./java-program.ts";
import { buildJava } from "./maven.ts";

/** What comes in from Kafka and goes out to it, with no task between: each record once, in order, where its split belongs. */
describe("Kafka's ends of a cluster job", { timeout: 3 * 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "countercheck-copy-"));
  let stack: Stack;
  let cluster: KafkaCluster;
  let admin: Admin;
  let producer: Producer;
  let run: JavaProgram | undefined;

  beforeAll(async () => {
    buildJava();
    stack = await startStack({ services: ["kafka"], ports: "free" });
    cluster = new KafkaCluster({ clientId: "test", brokers: stack.kafka.brokers });
    const kafka = new Kafka({ brokers: [...stack.kafka.brokers], logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    producer = kafka.producer();
    await admin.connect();
    await producer.connect();
  });

  afterEach(async () => {
    await run?.close();
    run = undefined;
  });

  afterAll(async () => {
    await producer?.disconnect();
    await admin?.disconnect();
    await cluster?.close();
    await stack?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Records of long ago stay in it. */
  const create = (name: string, partitions = 1) =>
    ensureTopic(cluster, { name, partitions, settings: { "retention.ms": "-1" } });

  const write = (topic: string, partition: number, messages: readonly Partial<Message>[]) =>
    producer.send({ topic, messages: messages.map((message) => ({ value: null, ...message, partition })) });

  const planOf = (job: string, splits: readonly PlannedSplit[], reading: Readonly<Record<string, string>> = {}) =>
    copyPlan(job, splits, { "bootstrap.servers": stack.kafka.brokers.join() }, reading);

  /** Splits of all partitions of a topic. */
  const splitsOf = async (topic: string, more: Partial<PlannedSplit> = {}): Promise<PlannedSplit[]> => {
    const { id: topicId, partitions } = await cluster.topic(topic);
    return partitions.map((_, partition) => {
      const keyGroup = splitKeyGroup(topic, partition);
      return { source: "shop", topic, partition, topicId, heartbeat: false, start: 0, keyGroup, ...more };
    });
  };

  const start = async (plan: ClusterPlan, parallelism: number, savepoint?: string) => {
    const file = join(folder, `${plan.job}.json`);
    writeFileSync(file, JSON.stringify(plan));
    const more = savepoint === undefined ? [] : [savepoint];
    run = startJava("countercheck.flink.CopyRun", [file, join(folder, "checkpoints"), String(parallelism), ...more]);
    expect(await run.ask()).toEqual({ started: true });
    return run;
  };

  const stop = async (): Promise<string> => {
    const { savepoint } = await run!.ask<{ savepoint: string }>("stop");
    await run!.close();
    return savepoint;
  };

  it("bring each record once and in order, over a failure and from savepoint to savepoint", async () => {
    for (const topic of ["orders", "payments", "late", "copy-records", "copy-proofs"])
      await create(topic, topic === "orders" ? 4 : 1);
    const writeTo = (topic: string, partition: number, from: number, count: number) =>
      write(topic, partition, numbered(`${topic}/${partition}`, from, count));
    const writeAll = async (from: number, count: number) => {
      for (const partition of [0, 1, 2]) await writeTo("orders", partition, from, count);
      await writeTo("payments", 0, from, count);
    };
    const counts = async () => countsOf(await copiedRecords(cluster, "copy-records"));
    const orders = await splitsOf("orders");
    const splits = [orders[0]!, { ...orders[1]!, start: 5 }, orders[2]!, orders[3]!, ...(await splitsOf("payments"))];

    await writeAll(0, 20);
    await start(planOf("copy", splits), 2);
    await expect.poll(counts).toEqual({ "orders/0": 20, "orders/1": 15, "orders/2": 20, "payments/0": 20 });
    await writeAll(20, 600);
    run!.tell("fail");
    await writeAll(620, 80);
    await expect.poll(counts).toEqual({ "orders/0": 700, "orders/1": 695, "orders/2": 700, "payments/0": 700 });
    const first = await stop();

    await writeAll(700, 20);
    await writeTo("late", 0, 0, 6);
    await start(planOf("copy", [...(await splitsOf("late", { start: 4 })), ...splits]), 3, first);
    const second = { "orders/0": 720, "orders/1": 715, "orders/2": 720, "payments/0": 720, "late/0": 2 };
    await expect.poll(counts).toEqual(second);
    const third = await stop();

    await start(planOf("copy", splits), 1, third);
    await writeAll(720, 20);
    await expect.poll(async () => (await counts())["orders/2"]).toBe(740);
    await stop();

    const copied = await copiedRecords(cluster, "copy-records");
    const values = Map.groupBy(
      copied.flatMap(({ what }) => what.map(({ value }) => value!)),
      (value) => value.split(" ")[0],
    );
    for (const [place, its] of values) {
      const from = place === "orders/1" ? 5 : place === "late/0" ? 4 : 0;
      const all = numbered(place!, from, (place === "late/0" ? 6 : 740) - from);
      expect(its).toEqual(all.map(({ value }) => value));
    }
    for (const { subtask, parallelism, what } of copied) {
      const [topic, partition] = what[0]!.value!.split(" ")[0]!.split("/");
      expect(subtask).toBe(subtaskOf(splitKeyGroup(topic!, Number(partition)), parallelism));
    }
    expect(new Set(copied.map(({ subtask, parallelism }) => `${subtask}/${parallelism}`)).size).toBeGreaterThan(3);
    expect(Math.max(...copied.map(({ what }) => what.length))).toBeGreaterThan(20);
  });

  it("leave keys, values, headers and times as they are, null ones too", async () => {
    for (const topic of ["shapes", "shaped-records", "shaped-proofs"]) await create(topic);
    const headers = { "__debezium.newkey": "ключ", empty: "" };
    await write("shapes", 0, [
      { key: "k", value: "v", timestamp: "1700000000123" },
      { key: "k", value: null, timestamp: "1", headers },
      { key: null, value: "x".repeat(200_000), timestamp: "2" },
      { key: "", value: "", timestamp: "3" },
    ]);
    await start(planOf("shaped", await splitsOf("shapes")), 1);
    const seen = async () => (await copiedRecords(cluster, "shaped-records")).flatMap(({ what }) => what);
    await expect.poll(seen).toHaveLength(4);
    expect(await seen()).toEqual([
      { split: 0, offset: 0, timestamp: 1_700_000_000_123, key: "k", value: "v", headers: {} },
      { split: 0, offset: 1, timestamp: 1, key: "k", value: null, headers: { "__debezium.newkey": "ключ", empty: "" } },
      { split: 0, offset: 2, timestamp: 2, key: null, value: "x".repeat(200_000), headers: {} },
      { split: 0, offset: 3, timestamp: 3, key: "", value: "", headers: {} },
    ]);
  });

  it("bring heartbeats with the ends that splits had two seconds later, to every subtask, and keep them in savepoints", async () => {
    for (const topic of ["sales", "beats", "proven-records", "proven-proofs"])
      await create(topic, topic === "sales" ? 3 : 1);
    const splits = [...(await splitsOf("beats", { heartbeat: true })), ...(await splitsOf("sales"))];
    const proofs = () => copiedProofs(cluster, "proven-proofs");
    const valuesOf = async () => (await proofs()).map(({ what: { rows } }) => rows.map(({ value }) => value).join());
    await start(planOf("proven", splits), 2);
    await write("beats", 0, numbered("beat", 0, 2));
    await write("sales", 1, numbered("sale", 0, 7));
    await expect.poll(valuesOf).toEqual(["beat 0,beat 1", "beat 0,beat 1"]);
    const [one, other] = await proofs();
    expect([one!.subtask, other!.subtask].sort()).toEqual([0, 1]);
    expect(one!.what.ends).toEqual({ 1: 0, 2: 7, 3: 0 });

    await write("beats", 0, numbered("beat", 2, 1));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const savepoint = await stop();
    expect(await valuesOf()).toHaveLength(2);
    // Another plan has other numbers.
    await start(planOf("proven", [...splits].reverse()), 1, savepoint);
    await expect.poll(valuesOf).toEqual(["beat 0,beat 1", "beat 0,beat 1", "beat 2"]);
    expect((await proofs())[2]!.what.rows[0]).toMatchObject({ split: 3, offset: 2 });
    expect((await proofs())[2]!.what.ends).toEqual({ 0: 0, 1: 7, 2: 0 });
  });

  it("fail where a topic gets partitions that nobody reads, and prove its source no more", async () => {
    for (const topic of ["grown", "grown-beats", "more-records", "more-proofs"]) await create(topic);
    const splits = [...(await splitsOf("grown-beats", { heartbeat: true })), ...(await splitsOf("grown"))];
    await start(planOf("more", splits), 1);
    await admin.createPartitions({ topicPartitions: [{ topic: "grown", count: 2 }] });
    await write("grown-beats", 0, numbered("beat", 0, 1));
    expect(await failure()).toContain("Topic grown of source shop has 2 partitions, and the job reads 1");
    expect(await copiedProofs(cluster, "more-proofs")).toEqual([]);
  });

  it("end what a run left open that was killed, as soon as the job is begun again", async () => {
    for (const topic of ["sums", "killed-records", "killed-proofs"]) await create(topic);
    await write("sums", 0, numbered("sum", 0, 10));
    const plan = planOf("killed", await splitsOf("sums"));
    const seen = async () => (await copiedRecords(cluster, "killed-records")).flatMap(({ what }) => what);
    await start({ ...plan, checkpoints: { everyMs: 3_600_000, timeoutMs: 60_000 } }, 1);
    await expect.poll(() => listOffsets(cluster, "killed-records", [0], "latest")).not.toEqual([0]);
    await run!.kill();
    await start(plan, 1);
    await expect.poll(seen).toHaveLength(10);
  });

  it("fail with what is to be done where a log begins behind the planned start, or is another", async () => {
    for (const topic of ["cut", "failing-records", "failing-proofs"]) await create(topic);
    await write("cut", 0, numbered("row", 0, 10));
    const splits = await splitsOf("cut");
    await cutBefore("cut", 4n);
    await start(planOf("failing", splits), 1);
    expect(await failure()).toContain(
      "Partition 0 of topic cut of source shop is to be read from offset 0 on, and the brokers have 4 to 10",
    );
    await start(planOf("failing", [{ ...splits[0]!, start: 4, topicId: "00000000-0000-0000-0000-0000000000ff" }]), 1);
    expect(await failure()).toContain("Topic cut of source shop was deleted and created again");
  });

  it("look secrets up where the job runs, and name those that are not there", async () => {
    for (const topic of ["secret", "secrets-records", "secrets-proofs"]) await create(topic);
    const splits = await splitsOf("secret");
    const plan = (reference: string) => planOf("secrets", splits, { "client.rack": reference });
    await start(plan(`\${env:COUNTERCHECK_NO_SUCH}`), 1);
    expect(await failure()).toMatch(
      /\$\{env:COUNTERCHECK_NO_SUCH\}, which client.rack of the job's Kafka clients refers to, cannot be looked up/,
    );
    await start(plan(`\${file:/no/such}`), 1);
    expect(await failure()).toContain(`\${file:/no/such}, which client.rack`);
    const file = join(folder, "secret");
    writeFileSync(file, "rack 7\n");
    await write("secret", 0, numbered("row", 0, 1));
    await start(plan(`\${file:${file}}`), 1);
    await expect.poll(() => copiedRecords(cluster, "secrets-records")).toHaveLength(1);
  });

  const cutBefore = (name: string, offset: bigint) =>
    cluster.request({
      to: { broker: 1 },
      doing: `the first records of topic ${name}`,
      apis: [deleteRecordsV2.api],
      args: [[{ name, partitions: [{ partitionIndex: 0, offset }] }], 10_000],
    });

  const failure = async (): Promise<string> => {
    const { failure } = await run!.ask<{ failure: string }>("failure");
    await run!.close();
    return failure;
  };
});

/** Rows whose values say where they are. */
function numbered(name: string, from: number, count: number): { key: string; value: string }[] {
  return Array.from({ length: count }, (_, i) => ({ key: `${from + i}`, value: `${name} ${from + i}` }));
}

/** How many records came, by the first word of their values. */
function countsOf(copied: readonly { readonly what: readonly CopiedRecord[] }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { value } of copied.flatMap(({ what }) => what)) {
    const name = value!.split(" ")[0]!;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function copyPlan(
  job: string,
  splits: readonly PlannedSplit[],
  kafka: Readonly<Record<string, string>>,
  reading: Readonly<Record<string, string>>,
): ClusterPlan {
  return {
    version: 1,
    job,
    keyGroups: KEY_GROUPS,
    checkpoints: { everyMs: 500, timeoutMs: 60_000 },
    reading: { ...kafka, ...reading },
    writing: kafka,
    transactionalIdPrefix: `countercheck-${job}`,
    splits,
    tasks: [],
    sinks: ["records", "proofs"].map((name) => ({ name, topic: `${job}-${name}` })),
    child: { hasNode: false, flags: [], hangingAfterMs: 30_000 },
    facts: { "countercheck.epoch": "1" },
  };
}
