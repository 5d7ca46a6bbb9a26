import { join } from "node:path";
import { type Disk, systemDisk } from "../../base/disk.ts";
import { isError, messageOf, raise } from "../../base/errors.ts";
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
  topics(dir: string, disk: Disk = systemDisk): TopicInfo[] {
    if (!disk.exists(dir)) raise("LOG_NOT_FOUND", { dir });
    return onDisk("read", dir, () => disk.list(dir))
      .filter(isTopicName)
      .map((topic) => ({ topic, partitions: countPartitions(dir, topic, disk) }))
      .filter((info) => info.partitions > 0)
      .sort((a, b) => (a.topic < b.topic ? -1 : 1));
  },
};

/** A place in a partition's file, between two frames. */
export interface LogPosition {
  /** Offset of the record that comes there. */
  readonly offset: number;
  /** Byte position in the file. */
  readonly bytes: number;
}

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
function countPartitions(dir: string, topic: string, disk: Disk): number {
  const found = partitionFiles(dir, topic, disk);
  const known = found.flatMap((partition) => identityOf({ dir, topic, partition }, disk) ?? []);
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

function partitionFiles(dir: string, topic: string, disk: Disk): number[] {
  const folder = join(dir, topic);
  return onDisk("read", folder, () => entriesOf(folder, disk))
    .filter((name) => /^(0|[1-9]\d{0,8})\.log$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
}

/** What lies in a folder; nothing for a file, such as a lock, that a topic might be named like. */
function entriesOf(folder: string, disk: Disk): string[] {
  try {
    return disk.list(folder);
  } catch (error) {
    if (isError(error, "DISK_FAILED") && (error.cause as NodeJS.ErrnoException).code === "ENOTDIR") return [];
    throw error;
  }
}

function identityOf(place: PartitionPlace, disk: Disk): { place: PartitionPlace; identity: FileIdentity } | undefined {
  const path = partitionPath(place);
  const bytes = Buffer.alloc(maxFileHeaderBytes);
  const length = onDisk("read", path, () => {
    const file = disk.open(path, "read");
    try {
      return file.read(bytes, 0, bytes.length, 0);
    } finally {
      file.close();
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
export function requirePartition(place: PartitionPlace, disk: Disk): void {
  const { dir, topic, partition } = place;
  if (!isTopicName(topic)) raise("TOPIC_NAME_INVALID", { topic });
  const topics = FileLog.topics(dir, disk);
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
    return failed(doing, path, error);
  }
}

/** `onDisk` for what takes its time. */
export async function onDiskLater<T>(doing: "read" | "write", path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    return failed(doing, path, error);
  }
}

function failed(doing: "read" | "write", path: string, error: unknown): never {
  const isOfDisk = isError(error, "DISK_FULL") || isError(error, "DISK_FAILED");
  if (!isOfDisk && !(error instanceof Error && "syscall" in error)) throw error;
  const reason = messageOf(isOfDisk ? (error.cause ?? error) : error);
  raise("LOG_IO_FAILED", { doing, path, reason }, { cause: error });
}
