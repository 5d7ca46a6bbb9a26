import { dirname, join } from "node:path";
import { type Disk, systemDisk } from "../../base/disk.ts";
import { assert, raise } from "../../base/errors.ts";
import { formatTime } from "../../base/time.ts";
import { FileLog, isTopicName, type LogPosition, onDisk, onDiskLater } from "./file-log.ts";
import { encodeFileHeader } from "./format.ts";
import { type LogLock, lockLog } from "./lock.ts";
import { PartitionAppender } from "./partition-appender.ts";
import type { LogRecord } from "./records.ts";

/** How a file log is opened for writing. */
export interface FileLogWriterOptions {
  /** Default: the machine's own. */
  readonly disk?: Disk;
  /** Keeps others from writing. Default: a lock among the processes of the machine. */
  readonly lock?: (dir: string) => LogLock;
  /**
   * Places through which partitions are known to be durable. What is before is not looked at, and whatever is damaged
   * behind is cut off, as a power cut may leave it.
   */
  readonly trusted?: (topic: string, partition: number) => LogPosition | undefined;
  /** True takes end markers off a log that has ended, so that more can be appended. Default false. */
  readonly reopen?: boolean;
}

/**
 * The one writer of a file log. Opening makes the folder where there is none, and cuts off what a writer that died left
 * half written. Records are visible to readers, and survive this process, once `flush` has returned; they survive a power
 * cut once `sync` has resolved. The constructor raises LOG_LOCKED or LOG_CORRUPT; all calls that write may raise
 * LOG_IO_FAILED, after which they may be tried again.
 */
export class FileLogWriter {
  readonly #dir: string;
  readonly #options: FileLogWriterOptions;
  readonly #disk: Disk;
  readonly #lock: LogLock;
  /** Folders with entries that may not be durable. */
  readonly #folders = new Set<string>();
  readonly #topics = new Map<string, PartitionAppender[]>();
  /** Time of the log's end, once a first partition has been given its marker. */
  #throughMs: number | undefined;
  #isClosed = false;

  constructor(dir: string, options: FileLogWriterOptions = {}) {
    this.#dir = dir;
    this.#options = options;
    this.#disk = options.disk ?? systemDisk;
    onDisk("write", dir, () => this.#disk.makeFolder(dir));
    this.#folders.add(dirname(dir)).add(dir);
    this.#lock = onDisk("write", dir, () => (options.lock ?? lockLog)(dir));
    try {
      for (const { topic, partitions } of FileLog.topics(dir, this.#disk)) this.#open(topic, partitions);
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  /**
   * Makes a topic with so many empty partitions, or finds that it is there. TOPIC_NAME_INVALID; TOPIC_EXISTS where it has
   * another number of partitions; LOG_ENDED.
   */
  createTopic(topic: string, partitions: number): void {
    assert(Number.isInteger(partitions) && partitions > 0, `topic ${topic} with ${partitions} partitions`);
    if (!isTopicName(topic)) raise("TOPIC_NAME_INVALID", { topic });
    this.#requireNotEnded();
    const existing = this.#topics.get(topic);
    if (existing === undefined) {
      onDisk("write", join(this.#dir, topic), () => this.#makeTopicFolder(topic, partitions));
      this.#open(topic, partitions);
    } else if (existing.length !== partitions) {
      raise("TOPIC_EXISTS", { topic, place: this.#dir, partitions: existing.length, asked: partitions });
    }
  }

  /**
   * Takes a record and gives its offset. It is written when its frame is full, or at the next `flush`. TOPIC_NOT_FOUND,
   * PARTITION_NOT_FOUND, RECORD_TOO_LARGE, LOG_ENDED.
   */
  append(topic: string, partition: number, record: LogRecord): number {
    const appender = this.#appender(topic, partition);
    this.#requireNotEnded();
    return appender.append(record);
  }

  /** The end of what a partition holds on disk; records that were appended since the last `flush` may lie behind it. */
  position(topic: string, partition: number): LogPosition {
    return this.#appender(topic, partition).written;
  }

  /** Offset of the record that is appended next. */
  nextOffset(topic: string, partition: number): number {
    return this.#appender(topic, partition).nextOffset;
  }

  /** Writes all that was appended, and resolves when it will survive a power cut. */
  async sync(): Promise<void> {
    this.flush();
    await Promise.all(this.#appenders().map((appender) => appender.sync()));
    for (const folder of this.#folders) {
      await onDiskLater("write", folder, () => this.#disk.syncFolder(folder));
      this.#folders.delete(folder);
    }
  }

  /** Writes all that was appended, in every partition. */
  flush(): void {
    assert(!this.#isClosed, "flush of a closed file log");
    for (const appender of this.#appenders()) appender.flush();
  }

  /**
   * Ends every partition of the log with a marker that says that it is complete through this event time, and closes it.
   * If a writer died in the middle of this, the next one may only finish it, with the same time; else LOG_ENDED.
   */
  end(throughMs: number): void {
    this.finish(throughMs);
    this.close();
  }

  /** `end`, but the log stays open, to be made durable by `sync`; it takes nothing more. */
  finish(throughMs: number): void {
    assert(Number.isSafeInteger(throughMs), `a log ends at whole milliseconds, not ${throughMs}`);
    if (this.#throughMs !== throughMs) this.#requireNotEnded();
    this.flush();
    this.#throughMs = throughMs;
    for (const appender of this.#appenders()) appender.end(throughMs);
  }

  /** Writes all that was appended and lets go of the log, which then can be opened again and appended to. */
  close(): void {
    if (this.#isClosed) return;
    try {
      this.flush();
    } finally {
      this.#isClosed = true;
      this.#release();
    }
  }

  #open(topic: string, partitions: number): void {
    const appenders: PartitionAppender[] = [];
    this.#topics.set(topic, appenders);
    for (let partition = 0; partition < partitions; partition++) {
      const { trusted, reopen = false } = this.#options;
      const options = { disk: this.#disk, partitions, trusted: trusted?.(topic, partition), reopen };
      const appender = new PartitionAppender({ dir: this.#dir, topic, partition }, options);
      appenders.push(appender);
      this.#throughMs ??= appender.throughMs;
    }
    this.#folders.add(join(this.#dir, topic));
  }

  #appender(topic: string, partition: number): PartitionAppender {
    return this.#topics.get(topic)?.[partition] ?? this.#raiseMissing(topic, partition);
  }

  #release(): void {
    for (const appender of this.#appenders()) appender.close();
    this.#lock.release();
  }

  #appenders(): PartitionAppender[] {
    return [...this.#topics.values()].flat();
  }

  #requireNotEnded(): void {
    assert(!this.#isClosed, "use of a closed file log");
    if (this.#throughMs === undefined) return;
    raise("LOG_ENDED", { dir: this.#dir, through: formatTime(this.#throughMs) });
  }

  #raiseMissing(topic: string, partition: number): never {
    const place = this.#dir;
    const partitions = this.#topics.get(topic)?.length;
    if (partitions !== undefined) raise("PARTITION_NOT_FOUND", { topic, place, partition, partitions });
    raise("TOPIC_NOT_FOUND", { topic, place, known: [...this.#topics.keys()].join(", ") || "none" });
  }

  /** Makes the folder under a hidden name first, so that a topic is never seen with a part of its partitions. */
  #makeTopicFolder(topic: string, partitions: number): void {
    const hidden = join(this.#dir, `.${topic}.new`);
    this.#disk.remove(hidden);
    this.#disk.makeFolder(hidden);
    for (let partition = 0; partition < partitions; partition++) {
      const file = this.#disk.open(join(hidden, `${partition}.log`), "create");
      try {
        file.write(encodeFileHeader({ topic, partition, partitions }), 0);
      } finally {
        file.close();
      }
    }
    this.#disk.rename(hidden, join(this.#dir, topic));
    this.#folders.add(this.#dir);
  }
}
