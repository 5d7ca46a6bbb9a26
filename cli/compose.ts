import { type Disk, systemDisk } from "../base/disk.ts";
import { assert, raise } from "../base/errors.ts";
import type { PartitionReader } from "../connectors/debezium/partition-reader.ts";
import { DebeziumReader } from "../connectors/debezium/reader.ts";
import { FileLog } from "../connectors/file/file-log.ts";
import { FileLogReader } from "../connectors/file/reader.ts";
import { type Graph, modelsOf, type Node } from "../dataflow/graph.ts";
import type { Model } from "../dataflow/model.ts";
import { TRANSACTIONS } from "../dataflow/source.ts";
import { type SplitEntry, splitKey, splitName } from "../runtime/checkpoint/manifest.ts";
import type { SchemaRegistry } from "../schemas/registry.ts";
import type { SourceBinding } from "./config.ts";

/** Which part of the splits one of several workers reads. */
export interface Share {
  readonly worker: number;
  readonly workers: number;
  /** All splits, where they were found already: all workers must share out the same. */
  readonly splits?: readonly TableSplit[];
}

/** A partition of a table that a job reads. */
export interface TableSplit {
  readonly source: SourceBinding;
  readonly table: string;
  readonly topic: string;
  readonly partition: number;
  /** Where it is begun with, unless a checkpoint says otherwise; of a broker's only. */
  readonly start?: { readonly offset: number };
  /** How many partitions a broker's topic has. */
  readonly count?: number;
  /** As `Split` has it. */
  readonly gathered?: boolean;
  /** As `Split` has it. */
  readonly topicId?: string;
}

/** Finds the partitions of a topic of a source, and where to begin with them. */
export type FindPartitions = (
  source: SourceBinding,
  topic: string,
) => readonly Omit<TableSplit, "source" | "table" | "topic">[];

/** Opens what reads a split; the caller closes it. */
export type OpenPartition = (split: TableSplit) => PartitionReader;

/**
 * Opens a reader for every source that the graph's models name, with the splits of a share. Tables that no model reads
 * are left out, except heartbeats, which every worker reads. SOURCE_UNKNOWN, SOURCE_TABLE_UNKNOWN, MODEL_TOO_WIDE, and what
 * opening a partition raises; nothing is left open then.
 */
export function openReaders(
  graph: Graph,
  sources: readonly SourceBinding[],
  registry: Pick<SchemaRegistry, "schemaById">,
  share: Share = { worker: 0, workers: 1 },
  open: OpenPartition = openFile(),
): DebeziumReader[] {
  const models = modelsOf(graph);
  const splits = share.splits ?? splitsOf(graph, sources);
  requireBound(models, sources);
  const data = splits.filter(({ source, table }) => table !== source.heartbeatTable);
  const mine = splits.filter((split) => {
    const index = split.gathered ? data.findIndex(({ topic }) => topic === split.topic) : data.indexOf(split);
    return index < 0 || split.table === split.source.heartbeatTable || index % share.workers === share.worker;
  });
  const opened: PartitionReader[] = [];
  try {
    return [...new Set(splits.map(({ source }) => source))].map((source) => {
      const partitions = mine
        .filter((split) => split.source === source)
        .map((split) => {
          const reader = open(split);
          opened.push(reader);
          return { ...split, reader };
        });
      return new DebeziumReader({ source, models, registry, partitions });
    });
  } catch (error) {
    for (const reader of opened) reader.close();
    throw error;
  }
}

/**
 * All splits that a graph reads, in one order everywhere. SOURCE_UNKNOWN, SOURCE_TABLE_UNKNOWN, SOURCE_TRANSACTIONS_UNBOUND,
 * LOG_NOT_FOUND.
 */
export function splitsOf(
  graph: Graph,
  sources: readonly SourceBinding[],
  find: FindPartitions = partitionsInFiles(),
): TableSplit[] {
  const models = modelsOf(graph);
  requireBound(models, sources);
  const used = sources.filter(({ name }) => models.some((model) => model.from.some((from) => from.source === name)));
  return used.flatMap((source) =>
    tablesRead(source, models).flatMap((table) => {
      const { topic, gathered } = source.tables[table]!;
      return find(source, topic).map((found) => ({ source, table, topic, ...found, ...(gathered && { gathered }) }));
    }),
  );
}

/** The splits, with those of topics gathered that are to be, or that were when a checkpoint was made. */
export function gather(
  splits: readonly TableSplit[],
  known: readonly SplitEntry[],
  topics: ReadonlySet<string>,
): TableSplit[] {
  const before = new Set(known.filter((entry) => entry.gathered).map(({ source, name }) => splitKey(source, name)));
  const wasGathered = ({ source, topic }: TableSplit) =>
    splits.some((split) => split.topic === topic && before.has(splitKey(source.name, splitName(split))));
  return splits.map((split) =>
    split.gathered || topics.has(split.topic) || wasGathered(split) ? { ...split, gathered: true } : split,
  );
}

/** Names of a source's tables that a job reads, with its heartbeat. */
export function tablesRead(source: SourceBinding, models: readonly Model[]): string[] {
  return Object.keys(source.tables).filter(
    (table) =>
      table === source.heartbeatTable ||
      models.some((model) => model.from.some((from) => from.source === source.name && from.table === table)),
  );
}

/** Uids of the operators that rows of a model reach. */
export function operatorsBehind(graph: Graph, modelName: string): string[] {
  const reaches = (node: Node): boolean =>
    node.type === "changes" ? node.model.name === modelName : node.inputs.some(reaches);
  return graph.nodes.filter((node) => node.type === "operator" && reaches(node)).map((node) => node.uid);
}

function requireBound(models: readonly Model[], sources: readonly SourceBinding[]): void {
  for (const model of models) {
    for (const { source: name, table } of model.from) {
      const source = sources.find((candidate) => candidate.name === name);
      if (source === undefined) {
        const known = sources.map((candidate) => candidate.name).join(", ");
        raise("SOURCE_UNKNOWN", { model: model.name, source: name, known });
      }
      if (Object.hasOwn(source.tables, table)) continue;
      if (table === TRANSACTIONS) raise("SOURCE_TRANSACTIONS_UNBOUND", { source: name });
      raise("SOURCE_TABLE_UNKNOWN", { source: name, table, known: Object.keys(source.tables).join(", ") || "none" });
    }
  }
}

/** Partitions of topics in file logs on a disk. */
export function partitionsInFiles(disk: Disk = systemDisk): FindPartitions {
  return ({ input }, topic) => {
    assert("folder" in input, "a file log");
    const partitions = FileLog.topics(input.folder, disk).find((info) => info.topic === topic)?.partitions ?? 1;
    return Array.from({ length: partitions }, (_, partition) => ({ partition }));
  };
}

/** Opens partitions of file logs on a disk. */
export function openFile(disk: Disk = systemDisk): OpenPartition {
  return ({ source: { input }, topic, partition }) => {
    assert("folder" in input, "a file log");
    return new FileLogReader(input.folder, topic, partition, disk);
  };
}
