import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Admin } from "@platformatic/kafka";
import { expect, inject, it, onTestFinished } from "vitest";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { IdempotentProducer } from "../../connectors/kafka/producer.ts";
import { ensureTopic } from "../../connectors/kafka/topics.ts";
import { ended, root, startCountercheck, TemporaryFolder } from "../support/cli.ts";

const { kafka } = inject("servers");
const PREFIX = `recreated-${process.pid}.`;
const TABLES = ["payments", "refunds", "settlement_lines", "payouts", "shop-heartbeat", "ledger-heartbeat"];
const JOB = join(root, "jobs/payment-settlement");

it.each([1, 2])(
  "does not go on in a topic that was created anew while nothing ran, with %i workers",
  async (workers) => {
    using folder = new TemporaryFolder();
    const cluster = new KafkaCluster({ clientId: "countercheck-test", brokers: kafka.brokers });
    const admin = new Admin({ clientId: "countercheck-test", bootstrapBrokers: [...kafka.brokers] });
    onTestFinished(async () => {
      await admin.deleteTopics({ topics: TABLES.map((table) => PREFIX + table) });
      await admin.close();
      await cluster.close();
    });
    for (const table of TABLES) await ensureTopic(cluster, { name: PREFIX + table, partitions: 1 });
    await write(cluster, 1);
    mkdirSync(join(folder.path, "schemas"));
    writeFileSync(join(folder.path, "config.json"), JSON.stringify(configuration()));

    const args = ["run", JOB, "--config", "config.json", "--quiet", "--parallelism", String(workers)];
    const first = startCountercheck(args, { cwd: folder.path });
    const firstEnded = ended(first);
    await expect.poll(() => checkpointsIn(folder.path)).toBeGreaterThan(1);
    first.kill("SIGINT");
    expect(await firstEnded).toMatchObject({ code: 0 });

    await admin.deleteTopics({ topics: [`${PREFIX}payments`] });
    await ensureTopic(cluster, { name: `${PREFIX}payments`, partitions: 1 });
    // It has more than what was read of the other.
    await write(cluster, 3);
    expect(await ended(startCountercheck(args, { cwd: folder.path }))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error KAFKA_TOPIC_RECREATED: .*offset 1 of partition 0.*--fresh/),
    });
  },
  60_000,
);

async function write(cluster: KafkaCluster, count: number): Promise<void> {
  const producer = await IdempotentProducer.open(cluster);
  for (let i = 0; i < count; i++) producer.append(`${PREFIX}payments`, 0, null, Buffer.from("no event"), Date.now());
  await producer.flush();
}

function configuration() {
  const tables = (...names: string[]) => Object.fromEntries(names.map((name) => [name, { topic: PREFIX + name }]));
  const heartbeat = (source: string) => ({ table: "heartbeat", topic: `${PREFIX}${source}-heartbeat` });
  return {
    kafka: { brokers: kafka.brokers },
    sources: {
      shop: { kind: "mariadb", kafka: {}, tables: tables("payments", "refunds"), heartbeat: heartbeat("shop") },
      ledger: {
        kind: "postgresql",
        kafka: {},
        tables: tables("settlement_lines", "payouts"),
        heartbeat: heartbeat("ledger"),
      },
    },
    registry: { folder: "schemas" },
    output: "out",
    state: { checkpointEvery: "200ms" },
  };
}

/** Number of the newest checkpoint. */
function checkpointsIn(dir: string): number {
  try {
    const names = readdirSync(join(dir, "out/state")).filter((name) => /^checkpoint-\d+\.json$/.test(name));
    return Math.max(0, ...names.map((name) => Number(name.slice(11, -5))));
  } catch {
    return 0;
  }
}
