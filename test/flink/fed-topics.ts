import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { startOffsets } from "../../connectors/kafka/list-offsets.ts";
import { IdempotentProducer } from "../../connectors/kafka/producer.ts";
import { ensureTopic } from "../../connectors/kafka/topics.ts";
import type { PartedLog } from "../conformance/parted-log.ts";
import { deleteTopics } from "../real/topics.ts";

/** Topics of a cluster that a log comes into, part by part, with a configuration that reads them. */
export class FedTopics {
  /** Path of the configuration. */
  readonly config: string;
  /** In front of the names of the topics of results. */
  readonly results: string;
  readonly #log: PartedLog;
  readonly #brokers: readonly string[];
  readonly #prefix: string;
  readonly #cluster: KafkaCluster;
  readonly #producer: IdempotentProducer;

  private constructor(options: FedTopicsOptions, cluster: KafkaCluster, producer: IdempotentProducer) {
    const { log, brokers, name, folder } = options;
    this.#log = log;
    this.#brokers = brokers;
    this.#prefix = `${name}.`;
    this.#cluster = cluster;
    this.#producer = producer;
    this.results = `${name}.results.`;
    this.config = this.configWith({}, folder, name);
  }

  /** Makes the topics, empty. */
  static async make(options: FedTopicsOptions): Promise<FedTopics> {
    const { log, brokers, name } = options;
    const cluster = new KafkaCluster({ clientId: "countercheck-test", brokers });
    const made = new FedTopics(options, cluster, await IdempotentProducer.open(cluster));
    await Promise.all(log.topics.map(({ topic, partitions }) => made.makeTopic(`${name}.${topic}`, partitions)));
    return made;
  }

  /** Makes another topic, whose name begins in the same way. */
  async makeTopic(name: string, partitions = 1): Promise<void> {
    // What is written is of a day that is long past.
    await ensureTopic(this.#cluster, { name, partitions, settings: { "retention.ms": "-1" } });
  }

  /** Writes a configuration that reads the topics, with other settings for the state, and gives its path. */
  configWith(state: object, folder: string, name: string): string {
    const own = join(folder, name);
    mkdirSync(own, { recursive: true });
    const path = join(own, "countercheck.json");
    const config = {
      kafka: { brokers: this.#brokers },
      sources: this.#log.sources({ kafka: {} }, this.#prefix),
      registry: { folder: join(folder, "schemas") },
      output: "out",
      results: { kafka: { prefix: this.results } },
      state: { memory: "64MB", ...state },
    };
    writeFileSync(path, JSON.stringify(config));
    return path;
  }

  /** Writes a part, or the share of it between two fractions; heartbeats come behind all that they prove. */
  async write(part: number, from = 0, to = 1): Promise<void> {
    const records = this.#log.parts[part]!;
    const [first, end] = [from, to].map((fraction) => Math.round(fraction * records.length)) as [number, number];
    for (const { topic, partition, key, value, timestamp, headers = {}, isBeat } of records.slice(first, end)) {
      if (isBeat) await this.#producer.flush();
      const bare = Object.entries(headers).map(([name, text]) => ({ name, value: Buffer.from(text) }));
      this.#producer.append(this.#prefix + topic, partition, key, value, timestamp, bare);
      if (this.#producer.isFull) await this.#producer.drain();
    }
    await this.#producer.flush();
  }

  /** How far a topic of results goes, all partitions together, with what is in open transactions. */
  async written(name: string): Promise<number> {
    const ends = await startOffsets(this.#cluster, this.results + name, "latest");
    return ends.reduce((sum, end) => sum + end, 0);
  }

  /** Removes the topics, those of results too. */
  async remove(): Promise<void> {
    await this.#cluster.close();
    await deleteTopics(this.#brokers, this.#prefix);
  }
}

/** What `FedTopics.make` takes. */
export interface FedTopicsOptions {
  readonly log: PartedLog;
  /** As the test and Flink reach them. */
  readonly brokers: readonly string[];
  /** Begins the names of all topics. */
  readonly name: string;
  /** Where the configuration is written; the registry is `schemas` in it. */
  readonly folder: string;
}
