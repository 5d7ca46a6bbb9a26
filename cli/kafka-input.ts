import { assert, CountercheckError, isError, messageOf, raise } from "../base/errors.ts";
import type { PartitionReader } from "../connectors/debezium/partition-reader.ts";
import { KafkaCluster } from "../connectors/kafka/cluster.ts";
import { KafkaFetcher } from "../connectors/kafka/fetcher.ts";
import { commitGroupOffsets, type GroupOffset, groupOffsets } from "../connectors/kafka/group-offsets.ts";
import { startOffsets } from "../connectors/kafka/list-offsets.ts";
import { KafkaPartitionReader } from "../connectors/kafka/partition-reader.ts";
import { type Graph, modelsOf } from "../dataflow/graph.ts";
import { type SplitEntry, splitKey, splitName } from "../runtime/checkpoint/manifest.ts";
import {
  type FindPartitions,
  type OpenPartition,
  openFile,
  partitionsInFiles,
  type TableSplit,
  tablesRead,
} from "./compose.ts";
import type { KafkaInput, SourceBinding } from "./config.ts";
import { connectionOf } from "./kafka-config.ts";
import { PartitionWatch } from "./partition-watch.ts";
import { lookedAt } from "./place-check.ts";

/** What a job reads at the brokers, as one process coordinates it: which partitions there are, and what was read of them. */
export class KafkaInputs {
  readonly #sources: readonly SourceBinding[];
  readonly #cluster: KafkaCluster;
  readonly #group: string;
  readonly #counts = new Map<string, number>();
  readonly #onRefused: (error: CountercheckError) => void;
  #committing: Promise<void> | undefined;
  /** What is to be committed once that is done. */
  #toCommit: readonly SplitEntry[] | undefined;
  #wasRefused = false;

  /**
   * Of sources that are at the brokers, at least one; they share a cluster. `onRefused` is told once why offsets that were
   * read are not committed, where that does not pass by itself. CONFIG_SECRET_MISSING.
   */
  constructor(
    sources: readonly SourceBinding[],
    job: string,
    configFile: string,
    onRefused: (error: CountercheckError) => void,
  ) {
    this.#onRefused = onRefused;
    const { kafka, group } = sources[0]!.input as KafkaInput;
    this.#sources = sources;
    this.#group = group + job;
    this.#cluster = new KafkaCluster(connectionOf(kafka, this.#group, configFile));
  }

  /**
   * Finds the partitions of all topics that are read, and where to begin with those that no checkpoint knows; what is not
   * committed begins at the earliest. KAFKA_TOPIC_UNKNOWN, KAFKA_TOPIC_RECREATED and what `KafkaCluster` rejects with.
   */
  async find(graph: Graph, known: readonly SplitEntry[]): Promise<FindPartitions> {
    const before = new Map(known.map((entry) => [splitKey(entry.source, entry.name), entry]));
    const committed = await this.#committed();
    const found = new Map<string, ReturnType<FindPartitions>>();
    for (const [topic, source] of this.#topics(graph)) {
      const { start } = source.input as KafkaInput;
      const entries = known.filter(({ source: of, name }) => of === source.name && name.startsWith(`${topic}/`));
      // Partitions that came while the topic was read hold nothing that was read.
      const isNew = entries.length === 0;
      const from = isNew && start !== "committed" ? start : "earliest";
      const { id: topicId } = await this.#cluster.topic(topic);
      requireSameTopic(topic, topicId, entries);
      const begins = await startOffsets(this.#cluster, topic, from);
      this.#counts.set(topic, begins.length);
      const gathered = !isNew && entries.length < begins.length;
      const partitions = begins.map((begin, partition) => {
        const name = splitName({ topic, partition });
        const goesOn = before.get(splitKey(source.name, name))?.offset;
        const offset = goesOn ?? (isNew && start === "committed" ? committed.get(name) : undefined) ?? begin;
        return { partition, start: { offset }, count: begins.length, gathered, topicId };
      });
      found.set(topic, partitions);
    }
    const inFiles = partitionsInFiles();
    return (source, topic) => ("folder" in source.input ? inFiles(source, topic) : found.get(topic)!);
  }

  /** True once a topic has more partitions than were found; what the brokers do not answer is no. */
  async hasGrown(): Promise<boolean> {
    const topics = await this.#cluster.topics([...this.#counts.keys()]).catch(() => new Map());
    return [...topics].some(([name, topic]) => (topic.partitions?.length ?? 0) > this.#counts.get(name)!);
  }

  /**
   * Tells the brokers how far a checkpoint has read, for tools that show lag; nothing is resumed from it unless a source's
   * `start` says so. While a commit is under way only the newest of the next is kept; one that fails is left to the next.
   */
  commit(splits: readonly SplitEntry[]): void {
    this.#toCommit = splits;
    this.#committing ??= this.#commitAll();
  }

  /** Once what is to be committed is, or cannot be within ten seconds. */
  async close(): Promise<void> {
    await this.#committing;
    await this.#cluster.close();
  }

  async #commitAll(): Promise<void> {
    for (let splits = this.#toCommit; splits !== undefined; splits = this.#toCommit) {
      this.#toCommit = undefined;
      try {
        await commitGroupOffsets(this.#cluster, this.#group, this.#offsetsOf(splits));
      } catch (error) {
        if ((isError(error) && error.retryable) || this.#wasRefused) continue;
        this.#wasRefused = true;
        this.#onRefused(
          isError(error) ? error : new CountercheckError("BUG", { what: messageOf(error) }, { cause: error }),
        );
      }
    }
    this.#committing = undefined;
  }

  /** By partition the least, of heartbeats, which every worker reads. */
  #offsetsOf(splits: readonly SplitEntry[]): GroupOffset[] {
    const mine = splits.filter(({ source }) => this.#sources.some(({ name }) => name === source));
    const least = new Map<string, GroupOffset>();
    for (const { name, offset } of mine) {
      const at = name.lastIndexOf("/");
      const entry = { topic: name.slice(0, at), partition: Number(name.slice(at + 1)), offset, metadata: "" };
      if ((least.get(name)?.offset ?? Number.POSITIVE_INFINITY) > offset) least.set(name, entry);
    }
    return [...least.values()];
  }

  async #committed(): Promise<ReadonlyMap<string, number>> {
    if (this.#sources.every(({ input }) => (input as KafkaInput).start !== "committed")) return new Map();
    const offsets = await groupOffsets(this.#cluster, this.#group);
    return new Map(offsets.filter(({ offset }) => offset >= 0).map((entry) => [splitName(entry), entry.offset]));
  }

  #topics(graph: Graph): Map<string, SourceBinding> {
    const models = modelsOf(graph);
    return new Map(
      this.#sources.flatMap((source) =>
        tablesRead(source, models).map((table) => [source.tables[table]!.topic, source] as const),
      ),
    );
  }
}

/**
 * Opens partitions of file logs and of brokers alike. All that a worker reads at the brokers comes through one fetcher, which
 * ends with the last of its partitions.
 */
export function openAnywhere(job: string, configFile: string): OpenPartition {
  const inFile = openFile();
  let brokers: OpenBrokers | undefined;
  return (split) => {
    const { input } = split.source;
    if ("folder" in input) return inFile(split);
    if (brokers === undefined || brokers.hasEnded) brokers = new OpenBrokers(input, input.group + job, configFile);
    return brokers.open(split);
  };
}

class OpenBrokers {
  /** Nothing more can be opened. */
  hasEnded = false;
  readonly #cluster: KafkaCluster;
  readonly #fetcher: KafkaFetcher;
  readonly #watch: PartitionWatch;
  #open = 0;

  constructor({ kafka }: KafkaInput, clientId: string, configFile: string) {
    this.#cluster = new KafkaCluster(connectionOf(kafka, clientId, configFile));
    this.#fetcher = new KafkaFetcher(this.#cluster);
    this.#watch = new PartitionWatch((topics) => this.#countsOf(topics));
  }

  open(split: TableSplit): PartitionReader {
    const { topic, partition, start, count } = split;
    assert(start !== undefined && count !== undefined, "a split of a broker's has its offset, and those beside it");
    this.#watch.add(topic, count);
    const records = new KafkaPartitionReader(this.#fetcher, topic, partition, start.offset);
    const reader = isGatheredOrSingle(split) ? records : lookedAt(records, split);
    this.#open++;
    return {
      get offset() {
        return reader.offset;
      },
      read: (maxBytes) => (this.#watch.mayRead() ? reader.read(maxBytes) : null),
      seek: (offset) => reader.seek(offset),
      endOffset: (since) => (this.#watch.mayProve(since) ? reader.endOffset(since) : undefined),
      close: () => {
        reader.close();
        this.#open--;
        if (this.#open === 0) void this.#close();
      },
    };
  }

  /** What is wrong with a topic is told where it is read. */
  async #countsOf(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const found = await this.#cluster.topics(topics);
    return new Map([...found].flatMap(([name, topic]) => (isError(topic) ? [] : [[name, topic.partitions.length]])));
  }

  async #close(): Promise<void> {
    this.hasEnded = true;
    // In this order: then no request is waited for.
    await this.#cluster.close();
    await this.#fetcher.close();
  }
}

/** Offsets of a topic mean nothing in another that has its name now, also where that is longer. KAFKA_TOPIC_RECREATED. */
function requireSameTopic(topic: string, id: string, known: readonly SplitEntry[]): void {
  const other = known.find(({ topicId, offset }) => offset > 0 && topicId !== undefined && topicId !== id);
  if (other === undefined) return;
  const partition = Number(other.name.slice(topic.length + 1));
  raise("KAFKA_TOPIC_RECREATED", { topic, partition, offset: other.offset });
}

function isGatheredOrSingle({ gathered = false, count = 1, table, source }: TableSplit): boolean {
  return gathered || count === 1 || table === source.heartbeatTable;
}
