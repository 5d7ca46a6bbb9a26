import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf, raise } from "../../base/errors.ts";

/** A topic of a file log and how many partitions it has. */
export interface TopicInfo {
  readonly topic: string;
  readonly partitions: number;
}

/** A file log on disk: `<dir>/<topic>/<partition>.log`. Reading and writing are `FileLogReader` and `FileLogWriter`. */
export const FileLog = {
  /** The topics of a log, by name. LOG_NOT_FOUND where there is no such folder; LOG_CORRUPT where a partition lacks its file. */
  topics(dir: string): TopicInfo[] {
    if (!existsSync(dir)) raise("LOG_NOT_FOUND", { dir });
    return onDisk("read", dir, () => readdirSync(dir, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory() && isTopicName(entry.name))
      .map((entry) => ({ topic: entry.name, partitions: countPartitions(dir, entry.name) }))
      .filter((info) => info.partitions > 0)
      .sort((a, b) => (a.topic < b.topic ? -1 : 1));
  },
};

/** Where a partition lies; also what errors about it name. */
export interface PartitionPlace {
  readonly dir: string;
  readonly topic: string;
  readonly partition: number;
}

/** The file of a partition. */
export function partitionPath(place: PartitionPlace): string {
  return join(place.dir, place.topic, `${place.partition}.log`);
}

/**
 * True for what may name a topic: Kafka's own alphabet and length, less the names that begin or end with a dot, so that
 * no name leaves the log's folder, is hidden in it, or is changed by a file system; and less `schemas`, the registry's folder.
 */
export function isTopicName(name: string): boolean {
  return /^(?!\.)[A-Za-z0-9._-]{1,249}(?<!\.)$/.test(name) && name !== "schemas";
}

/** Number of partitions of a topic, 0 for a folder that holds none. LOG_CORRUPT where one in the middle is missing. */
export function countPartitions(dir: string, topic: string): number {
  const folder = join(dir, topic);
  const found = onDisk("read", folder, () => readdirSync(folder))
    .filter((name) => /^(0|[1-9]\d{0,8})\.log$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
  const missing = found.findIndex((partition, i) => partition !== i);
  if (missing >= 0)
    raise("LOG_CORRUPT", { dir, topic, partition: missing, position: 0, reason: "its file is missing" });
  return found.length;
}

/** Raises the error that fits a partition that is not there: LOG_NOT_FOUND, TOPIC_NAME_INVALID, TOPIC_NOT_FOUND or PARTITION_NOT_FOUND. */
export function requirePartition(place: PartitionPlace): void {
  const { dir, topic, partition } = place;
  if (!isTopicName(topic)) raise("TOPIC_NAME_INVALID", { topic });
  const topics = FileLog.topics(dir);
  const info = topics.find((each) => each.topic === topic);
  if (info === undefined)
    raise("TOPIC_NOT_FOUND", { topic, place: dir, known: topics.map((each) => each.topic).join(", ") || "none" });
  if (!Number.isInteger(partition) || partition < 0 || partition >= info.partitions) {
    raise("PARTITION_NOT_FOUND", { topic, place: dir, partition, partitions: info.partitions });
  }
}

/** Runs `action`, which does something to `path`; what the system has against it becomes LOG_IO_FAILED. */
export function onDisk<T>(doing: "read" | "write", path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    raise("LOG_IO_FAILED", { doing, path, reason: messageOf(error) }, { cause: error });
  }
}
