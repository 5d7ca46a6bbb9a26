import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { IdempotentProducer } from "../../connectors/kafka/producer.ts";
import { ensureTopic } from "../../connectors/kafka/topics.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { startStack } from "../../stack/stack.ts";
import { PeerChild } from "../peers/runs/child.ts";
import { writeConfig } from "../peers/runs/config.ts";
import { workloadTables } from "../peers/tables.ts";
import { topicSink } from "../peers/topic-sink.ts";
import { EndlessTraffic } from "./endless-traffic.ts";
import { RETAIN_DAYS } from "./minutes-job.ts";

/** What the process that runs the job takes at a time. */
export interface MinutesSample {
  /** Since it began. */
  readonly seconds: number;
  readonly events: number;
  readonly cpuSeconds: number;
  readonly rssMb: number;
  readonly heapMb: number;
  /** Outside the heap: typed arrays, nearly all of it. */
  readonly externalMb: number;
  /** Of event time that all sources are known to be read through. */
  readonly days: number;
  /** Keys that the check has. */
  readonly keys: number;
  /** Files of the state; of all that it writes, which holds evidence of each finding for good. */
  readonly stateMb: number;
  readonly outputMb: number;
}

/** A sample, and what was found by then. */
export interface MinutesTold extends MinutesSample {
  readonly found: number;
  readonly findings: string;
}

/** What was seen in so many minutes. */
export interface MinutesRun {
  readonly samples: readonly MinutesSample[];
  readonly isRight: boolean;
  /** Of the machine: the mean. */
  readonly load: number;
}

/** The job may be behind by so many changes: brokers have them for longer. */
const LEAD = 200_000;
const STEPS = 1_000;
const SAMPLE_MS = 10_000;
const BATCH_BYTES = 64_000;
/** Of each partition: what was read goes. */
const KEPT = { "retention.ms": "-1", "retention.bytes": String(64 << 20), "segment.bytes": String(32 << 20) };
/** From the last record to the last finding. */
const PATIENCE_MS = 60_000;

/**
 * Runs the check of the peers over Kafka for so many minutes, as fast as it goes: this process writes what a child reads, at most
 * so many changes ahead of it. Rejects where the child ends, and as Kafka and its servers do.
 */
export async function runMinutes(
  folder: string,
  minutes: number,
  told: (sample: MinutesSample) => void,
): Promise<MinutesRun> {
  rmSync(folder, { recursive: true, force: true });
  const schemas = join(folder, "topics");
  mkdirSync(schemas, { recursive: true });
  const stack = await startStack({ services: ["kafka"], ports: "free", folder: join(folder, "kafka") });
  const { brokers } = stack.kafka;
  const cluster = new KafkaCluster({ clientId: "countercheck-bench", brokers });
  try {
    for (const { topic: name, partitions } of workloadTables)
      await ensureTopic(cluster, { name, partitions, settings: KEPT });
    const producer = await IdempotentProducer.open(cluster, { maxBatchBytes: BATCH_BYTES });
    const traffic = new EndlessTraffic(topicSink(producer, new FolderRegistry(schemas), ""));
    await traffic.open();
    const place = { set: { brokers, prefix: "", schemas }, folder: join(folder, "run"), results: resultsPrefix() };
    const config = writeConfig(place, { retain: `${RETAIN_DAYS}d` });
    await using child = new PeerChild<MinutesTold>(
      join(import.meta.dirname, "minutes-main.ts"),
      [config, String(SAMPLE_MS)],
      process.env.COUNTERCHECK_BENCH_FLAGS?.split(" "),
    );
    const watch = new Watch(child, told);
    for (const end = performance.now() + minutes * 60_000; performance.now() < end; watch.look()) {
      if (traffic.events - child.read > LEAD) await sleep(5);
      else for (let i = 0; i < STEPS; i++) traffic.step();
      await sleep(0);
      if (producer.isFull) await producer.drain();
    }
    traffic.close();
    await producer.flush();
    const isRight = await watch.untilFound(traffic);
    return { samples: watch.samples, isRight, load: watch.load };
  } finally {
    await cluster.close();
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function resultsPrefix(): string {
  return `results-${randomBytes(4).toString("hex")}.`;
}

/** Collects what a child says. */
class Watch {
  readonly samples: MinutesSample[] = [];
  readonly #child: PeerChild<MinutesTold>;
  readonly #told: (sample: MinutesSample) => void;
  readonly #loads: number[] = [];
  #last: MinutesTold | undefined;

  constructor(child: PeerChild<MinutesTold>, told: (sample: MinutesSample) => void) {
    this.#child = child;
    this.#told = told;
  }

  get load(): number {
    return this.#loads.reduce((sum, each) => sum + each, 0) / this.#loads.length;
  }

  /** To be called often. */
  look(): void {
    const { last, failure } = this.#child;
    if (failure !== undefined) throw new Error(`the job ended: ${failure}`);
    if (last === undefined || last === this.#last) return;
    this.#last = last;
    const { findings: _, found: __, ...sample } = last;
    this.#loads.push(loadavg()[0]!);
    this.samples.push(sample);
    this.#told(sample);
  }

  async untilFound({ events, expected }: EndlessTraffic): Promise<boolean> {
    const written = this.samples.length;
    const deadline = performance.now() + PATIENCE_MS;
    const isFound = () => this.#child.read >= events && this.#last?.findings === String(expected);
    for (; !isFound() && performance.now() < deadline; await sleep(100)) this.look();
    if (!isFound())
      process.stderr.write(
        `expected ${expected}\nfound ${this.#last?.findings} (${this.#child.read} of ${events} read)\n`,
      );
    // What comes behind the last record is another matter.
    this.samples.length = written;
    return isFound();
  }
}
