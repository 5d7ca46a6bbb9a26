import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Admin } from "@platformatic/kafka";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { shopLog } from "../../bench/shop-log.ts";
import { readConfig } from "../../cli/config.ts";
import { openProgress } from "../../cli/progress.ts";
import { Recorder } from "../../cli/recorder.ts";
import { runJob } from "../../cli/run-job.ts";
import { scoreOf } from "../../cli/score.ts";
import { shopConfig } from "../../cli/shop-log.ts";
import { FileLog } from "../../connectors/file/file-log.ts";
import { EndMarker, FileLogReader } from "../../connectors/file/reader.ts";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { partitionOfKey } from "../../connectors/kafka/partitioner.ts";
import { IdempotentProducer } from "../../connectors/kafka/producer.ts";
import { ensureTopic } from "../../connectors/kafka/topics.ts";
import paymentSettlement from "../../jobs/payment-settlement/job.ts";
import type { RunnerMetrics } from "../../runtime/embedded-runner.ts";
import type { ShopTruth } from "../../shop/truth.ts";
import { root, TemporaryFolder } from "../support/cli.ts";

const { kafka } = inject("servers");
const PREFIX = `growing-${process.pid}.`;
/** Frontiers stay so far behind the last heartbeat: what falls due then may not be judged yet. */
const UNPROVEN_MS = 60_000;

/** Partitions that these topics have at first. */
const HAD = 4;
/** Topics that are given more partitions, and how many. */
const GROWN = new Map([
  ["maria.shop.payments", 6],
  ["pg.public.settlement_lines", 7],
]);

interface Logged {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer;
  readonly value: Buffer | null;
  readonly timestamp: number;
}

const folder = new TemporaryFolder();
let truth: ShopTruth;
let log: string;
/** In their order within each partition. */
const records: Logged[] = [];
let cluster: KafkaCluster;
let admin: Admin;

beforeAll(async () => {
  cluster = new KafkaCluster({ clientId: "countercheck-test", brokers: kafka.brokers });
  admin = new Admin({ clientId: "countercheck-test", bootstrapBrokers: [...kafka.brokers] });
  ({ log, truth } = await shopLog(folder.path, 1_000));
  for (const { topic, partitions } of FileLog.topics(log)) {
    await ensureTopic(cluster, { name: PREFIX + topic, partitions, settings: { "retention.ms": "-1" } });
    for (let partition = 0; partition < partitions; partition++) records.push(...recordsOf(topic, partition));
  }
});

afterAll(async () => {
  await admin.deleteTopics({ topics: FileLog.topics(log).map(({ topic }) => PREFIX + topic) });
  await admin.close();
  await cluster.close();
  folder[Symbol.dispose]();
});

it.each([1, 2])(
  "goes on with partitions that topics are given meanwhile, by %i workers, and counts no row twice",
  async (parallelism) => {
    const middle = (truth.firstTime + truth.endTime) / 2;
    const before = records.filter(({ timestamp }) => timestamp < middle);
    const behind = records.filter(({ timestamp }) => timestamp >= middle);
    const lastBeat = Math.min(...beats(behind));
    // The second time the topics have grown already, while nothing ran.
    const hasGrown = parallelism > 1;
    if (!hasGrown) await write(before, ({ partition }) => partition);

    const seen = { events: 0, ended: false };
    const ending = new AbortController();
    const recorder = new Recorder();
    const running = run(parallelism, ending.signal, recorder, (metrics) => {
      seen.events = metrics.sources.reduce((sum, { changes }) => sum + changes, 0);
      const { sources } = metrics;
      // Threads have told nothing at first.
      if (sources.length > 0 && sources.every(({ frontier }) => frontier >= lastBeat - UNPROVEN_MS)) ending.abort();
    });
    if (!hasGrown) {
      await until(() => seen.events > 0.9 * changesIn(before), running);
      await admin.createPartitions({
        topics: [...GROWN].map(([topic, count]) => ({
          name: PREFIX + topic,
          count,
          assignments: onBroker(count - HAD),
        })),
      });
      // As long as it takes to be noticed: nobody writes days of changes within that time.
      await sleep(2_500);
      await write(behind, ({ topic, partition, key }) =>
        GROWN.has(topic) ? partitionOfKey(key, GROWN.get(topic)!) : partition,
      );
    }
    await running;

    const score = scoreOf(truth, recorder);
    const late = new Set(truth.faults.filter(({ dueAt }) => dueAt >= lastBeat - UNPROVEN_MS).map(({ key }) => key));
    expect(score.falseAlarmKeys).toEqual([]);
    expect(score.misses.filter((name) => !late.has(name.split(" ")[1]!))).toEqual([]);
    expect(score.found).toBeGreaterThan(0);
  },
  180_000,
);

/** The stack's only broker has them all. */
function onBroker(partitions: number) {
  return Array.from({ length: partitions }, () => ({ brokerIds: [1] }));
}

function* recordsOf(topic: string, partition: number): Generator<Logged> {
  const reader = new FileLogReader(log, topic, partition);
  for (;;) {
    const read = reader.read(1 << 20);
    if (read === null || read instanceof EndMarker) break;
    const { buffer, timestamps, keyStarts, keyEnds, valueStarts, valueEnds } = read;
    for (let i = 0; i < read.count; i++) {
      const key = Buffer.from(buffer.subarray(keyStarts[i]!, keyEnds[i]!));
      const value = valueStarts[i]! < 0 ? null : Buffer.from(buffer.subarray(valueStarts[i]!, valueEnds[i]!));
      yield { topic, partition, key, value, timestamp: timestamps[i]! };
    }
  }
  reader.close();
}

/** The last heartbeat of each source. */
function beats(of: readonly Logged[]): number[] {
  const byTopic = Map.groupBy(
    of.filter(({ topic }) => topic.endsWith(".heartbeat")),
    ({ topic }) => topic,
  );
  return [...byTopic.values()].map((own) => own.at(-1)!.timestamp);
}

function changesIn(of: readonly Logged[]): number {
  return of.filter(({ topic, value }) => value !== null && !topic.endsWith(".heartbeat")).length;
}

async function write(some: readonly Logged[], partitionOf: (record: Logged) => number): Promise<void> {
  const producer = await IdempotentProducer.open(cluster);
  for (const record of some) {
    const { topic, key, value, timestamp } = record;
    producer.append(PREFIX + topic, partitionOf(record), key, value, timestamp);
    if (producer.isFull) await producer.drain();
  }
  await producer.flush();
}

function run(
  parallelism: number,
  signal: AbortSignal,
  recorder: Recorder,
  onMetrics: (metrics: RunnerMetrics) => void,
) {
  const dir = join(folder.path, `run-${parallelism}`);
  mkdirSync(dir);
  const { sources } = shopConfig("", "");
  const bound = Object.entries(sources).map(([name, { log: _, tables, heartbeat, ...rest }]) => {
    const topics = Object.entries(tables).map(([table, { topic }]) => [table, { topic: PREFIX + topic }]);
    const beat = { ...heartbeat, topic: PREFIX + heartbeat.topic };
    return [name, { ...rest, kafka: {}, tables: Object.fromEntries(topics), heartbeat: beat }];
  });
  const settings = {
    kafka: { brokers: kafka.brokers },
    sources: Object.fromEntries(bound),
    registry: { folder: join(log, "schemas") },
    output: "out",
  };
  writeFileSync(join(dir, "countercheck.json"), JSON.stringify(settings));
  const config = readConfig(join(dir, "countercheck.json"));
  return runJob({
    graph: paymentSettlement.graph(),
    jobs: { paths: [join(root, "jobs/payment-settlement/job.ts")] },
    sources: config.sources,
    registry: config.registry,
    configFile: config.file,
    output: config.output,
    state: config.state,
    retainMs: config.retainMs,
    follow: true,
    parallelism,
    fresh: false,
    allowDroppedState: false,
    progress: openProgress(true),
    signal,
    onRecord: (output, record) => recorder.emitted(output, record),
    onMetrics,
  });
}

/** Polls until something holds; rejects when the run fails first. */
async function until(holds: () => boolean, running: Promise<unknown>): Promise<void> {
  let failure: unknown;
  running.catch((error: unknown) => {
    failure = error;
  });
  while (!holds()) {
    if (failure !== undefined) throw failure;
    await sleep(50);
  }
}
