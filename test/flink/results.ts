import { setTimeout as sleep } from "node:timers/promises";
import type { RecordBatch } from "../../base/record-batch.ts";
import type { Job } from "../../checks/job.ts";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { KafkaFetcher } from "../../connectors/kafka/fetcher.ts";
import { KafkaPartitionReader } from "../../connectors/kafka/partition-reader.ts";
import {
  type AlertRecord,
  type Delivered,
  decodeAlert,
  decodeVerdict,
  singleObjectHeader,
  type VerdictRecord,
} from "../../schemas/contracts.ts";
import type { FolderRegistry } from "../../schemas/folder-registry.ts";
import { FRAME_LENGTH, schemaIdAt } from "../../schemas/wire-format.ts";
import { JavaOracle } from "../kafka/java-oracle.ts";

/** What a reader with `read_committed` gets of a job's topics of results, while it comes. */
export class Results {
  readonly verdicts: (VerdictRecord & Delivered)[] = [];
  readonly alerts: (AlertRecord & Delivered)[] = [];
  /** Rows of the job's own sinks, by name. */
  readonly rows = new Map<string, Record<string, unknown>[]>();
  /** Engine alerts, suspensions and changes of schemas, as JSON. */
  readonly troubles: string[] = [];
  readonly #cluster: KafkaCluster;
  readonly #registry: FolderRegistry;
  readonly #reading: Promise<void>;
  #isClosed = false;

  private constructor(cluster: KafkaCluster, registry: FolderRegistry, topics: readonly ResultTopic[]) {
    this.#cluster = cluster;
    this.#registry = registry;
    this.#reading = this.#read(topics);
  }

  /** Begins to read; the topics must be there. `sinks`: the job's own. */
  static async open(
    brokers: readonly string[],
    prefix: string,
    registry: FolderRegistry,
    sinks: readonly string[] = [],
  ): Promise<Results> {
    const cluster = new KafkaCluster({ clientId: "countercheck-test", brokers });
    const names = ["verdicts", "alerts", "engine-alerts", ...sinks.map((sink) => SINKS + sink)];
    const topics = names.map(async (name) => {
      const { partitions } = await cluster.topic(prefix + name);
      return { name, topic: prefix + name, partitions: partitions.length };
    });
    return new Results(cluster, registry, await Promise.all(topics));
  }

  /** How much has come. */
  get size(): number {
    const rows = [...this.rows.values()].reduce((sum, { length }) => sum + length, 0);
    return this.verdicts.length + this.alerts.length + rows;
  }

  /** Waits until something is so of what has come; false where it does not come to that. */
  async comeTo(isSo: (results: this) => boolean, withinMs: number): Promise<boolean> {
    for (const until = Date.now() + withinMs; !isSo(this); await this.#pause()) if (Date.now() > until) return false;
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reading;
    await this.#cluster.close();
  }

  /** Rejects with why reading ended, if it did. */
  async #pause(): Promise<void> {
    await Promise.race([sleep(50), this.#reading]);
  }

  async #read(topics: readonly ResultTopic[]): Promise<void> {
    const fetcher = new KafkaFetcher(this.#cluster);
    const readers = topics.flatMap(({ name, topic, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => {
        return { name, reader: new KafkaPartitionReader(fetcher, topic, partition, 0) };
      }),
    );
    try {
      for (; !this.#isClosed; await sleep(POLL_MS)) {
        for (const { name, reader } of readers) {
          for (let batch = reader.read(BYTES); batch !== null; batch = reader.read(BYTES)) {
            const values = Array.from({ length: batch.count }, (_, i) => valueAt(batch!, i));
            for (const value of values) await this.#add(name, value);
          }
        }
      }
    } finally {
      for (const { reader } of readers) reader.close();
      await fetcher.close();
    }
  }

  async #add(name: string, value: Buffer): Promise<void> {
    if (name === "verdicts") this.verdicts.push(decodeVerdict(await contractBytes(value, this.#registry)));
    else if (name === "alerts") this.alerts.push(decodeAlert(await contractBytes(value, this.#registry)));
    else if (name === "engine-alerts") this.troubles.push(String(value));
    else {
      const sink = name.slice(SINKS.length);
      this.rows.set(sink, [...(this.rows.get(sink) ?? []), JSON.parse(String(value))]);
    }
  }
}

/** A job's verdicts as Kafka's own Java client, with `read_committed`, gets them. */
export async function verdictsAsJavaReads(
  brokers: readonly string[],
  prefix: string,
  registry: FolderRegistry,
): Promise<(VerdictRecord & Delivered)[]> {
  const cluster = new KafkaCluster({ clientId: "countercheck-test", brokers });
  const java = await JavaOracle.start(brokers);
  try {
    const { partitions } = await cluster.topic(`${prefix}verdicts`);
    const verdicts: (VerdictRecord & Delivered)[] = [];
    for (const partition of partitions.keys()) {
      for (const { value } of await java.read(`${prefix}verdicts`, partition))
        verdicts.push(decodeVerdict(await contractBytes(value!, registry)));
    }
    return verdicts;
  } finally {
    java.stop();
    await cluster.close();
  }
}

interface ResultTopic {
  readonly name: string;
  readonly topic: string;
  readonly partitions: number;
}

const BYTES = 1 << 20;
const POLL_MS = 20;

/** A copy, for the batch is overwritten. */
function valueAt({ buffer, valueStarts, valueEnds }: RecordBatch, i: number): Buffer {
  return Buffer.from(buffer.subarray(valueStarts[i]!, valueEnds[i]!));
}

/** A value of a topic, in the encoding that the contracts decode. */
async function contractBytes(value: Buffer, registry: FolderRegistry): Promise<Buffer> {
  const schema = await registry.schemaById(schemaIdAt(value, 0, value.length));
  return Buffer.concat([singleObjectHeader(schema), value.subarray(FRAME_LENGTH)]);
}

/** In front of the names of a job's own sinks. */
const SINKS = "sinks.";

/** Names of a job's own sinks. */
export function sinksOf(job: Job): string[] {
  return job.graph().nodes.flatMap((node) => (node.type === "sink" ? [node.sink] : []));
}

/**
 * Versions of each key that are not the next after the one before, in the order in which they came, with their epochs: empty
 * where all are.
 */
export function gapsOf(verdicts: readonly (VerdictRecord & Delivered)[]): string[] {
  const last = new Map<string, string>();
  const next = new Map<string, number>();
  return verdicts.flatMap(({ check, key, currency, period, version, epoch }) => {
    const name = [check, key, currency, period].join(" ");
    const wanted = next.get(name) ?? 1;
    const before = last.get(name) ?? "nothing";
    next.set(name, version + 1);
    last.set(name, `${version} of epoch ${epoch}`);
    return version === wanted ? [] : [`${name}: ${version} of epoch ${epoch} behind ${before}`];
  });
}
