import { closeSync, existsSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { messageOf, raise } from "../../base/errors.ts";
import { decodeFileHeader, type FileIdentity, maxFileHeaderBytes } from "./format.ts";

/** A topic of a file log and how many partitions it has. */
export interface TopicInfo {
  readonly topic: string;
  readonly partitions: number;
}

/** A file log on disk: `<dir>/<topic>/<partition>.log`. Reading and writing are `FileLogReader` and `FileLogWriter`. */
export const FileLog = {
  /**
   * The topics of a log, by name. LOG_NOT_FOUND where there is no such folder; LOG_CORRUPT where a partition lacks its
   * file, or has another's.
   */
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

/**
 * Number of partitions of a topic, 0 for a folder that holds none. LOG_CORRUPT where one of them is missing, or its file is
 * another one's: the headers say how many there are, and which each is. Those that are damaged, or not written yet, say
 * nothing here; who reads their file finds out.
 */
export function countPartitions(dir: string, topic: string): number {
  const found = partitionFiles(dir, topic);
  const known = found.flatMap((partition) => identityOf({ dir, topic, partition }) ?? []);
  const partitions = known[0]?.identity.partitions ?? found.length;
  for (const { place, identity } of known) requireIdentity(place, identity, partitions);
  const missing = Array.from({ length: partitions }, (_, partition) => partition).find((each) => !found.includes(each));
  if (missing === undefined && found.length === partitions) return partitions;
  const [partition, reason] =
    missing === undefined
      ? [found.at(-1)!, `the topic has ${partitions} partitions, and this file is none of theirs`]
      : [missing, `its file is missing, of the topic's ${partitions}`];
  return raise("LOG_CORRUPT", { dir, topic, partition, position: 0, reason });
}

function partitionFiles(dir: string, topic: string): number[] {
  const folder = join(dir, topic);
  return onDisk("read", folder, () => readdirSync(folder))
    .filter((name) => /^(0|[1-9]\d{0,8})\.log$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
}

function identityOf(place: PartitionPlace): { place: PartitionPlace; identity: FileIdentity } | undefined {
  const path = partitionPath(place);
  const bytes = Buffer.alloc(maxFileHeaderBytes);
  const length = onDisk("read", path, () => {
    const fd = openSync(path, "r");
    try {
      return readSync(fd, bytes, 0, bytes.length, 0);
    } finally {
      closeSync(fd);
    }
  });
  const identity = decodeFileHeader(bytes.subarray(0, length))?.identity;
  return identity && { place, identity };
}

function requireIdentity(place: PartitionPlace, found: FileIdentity, partitions: number): void {
  const { dir, topic, partition } = place;
  if (found.topic === topic && found.partition === partition && found.partitions === partitions) return;
  const named = (each: FileIdentity) => `partition ${each.partition} of ${each.partitions} of topic ${each.topic}`;
  const reason = `its file should be ${named({ topic, partition, partitions })}, and is ${named(found)}`;
  raise("LOG_CORRUPT", { dir, topic, partition, position: 0, reason });
}

/**
 * Raises the error that fits a partition that is not there: LOG_NOT_FOUND, TOPIC_NAME_INVALID, TOPIC_NOT_FOUND or
 * PARTITION_NOT_FOUND; LOG_CORRUPT where a file of a topic is missing, or is another one's.
 */
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
