import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, raise } from "../../base/errors.ts";
import { formatTime } from "../../base/time.ts";
import { FileLog, isTopicName, onDisk } from "./file-log.ts";
import { encodeFileHeader } from "./format.ts";
import { type LogLock, lockLog } from "./lock.ts";
import { PartitionAppender } from "./partition-appender.ts";
import type { LogRecord } from "./records.ts";

/**
 * The one writer of a file log. Opening makes the folder where there is none, and cuts off what a writer that died left
 * half written. Records are visible to readers, and survive this process, once `flush` has returned; nothing is said of
 * a power cut. The constructor raises LOG_LOCKED or LOG_CORRUPT; all calls that write may raise LOG_IO_FAILED, after which
 * they may be tried again.
 */
export class FileLogWriter {
  readonly #dir: string;
  readonly #lock: LogLock;
  readonly #topics = new Map<string, PartitionAppender[]>();
  /** Time of the log's end, once a first partition has been given its marker. */
  #throughMs: number | undefined;
  #isClosed = false;

  constructor(dir: string) {
    this.#dir = dir;
    onDisk("write", dir, () => mkdirSync(dir, { recursive: true }));
    this.#lock = onDisk("write", dir, () => lockLog(dir));
    try {
      for (const { topic, partitions } of FileLog.topics(dir)) this.#open(topic, partitions);
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
      onDisk("write", join(this.#dir, topic), () => makeTopicFolder(this.#dir, topic, partitions));
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
    const appender = this.#topics.get(topic)?.[partition];
    if (appender === undefined) this.#raiseMissing(topic, partition);
    this.#requireNotEnded();
    return appender.append(record);
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
    assert(Number.isSafeInteger(throughMs), `a log ends at whole milliseconds, not ${throughMs}`);
    if (this.#throughMs !== throughMs) this.#requireNotEnded();
    this.flush();
    this.#throughMs = throughMs;
    for (const appender of this.#appenders()) appender.end(throughMs);
    this.close();
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
      const appender = new PartitionAppender({ dir: this.#dir, topic, partition }, partitions);
      appenders.push(appender);
      this.#throughMs ??= appender.throughMs;
    }
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
}

/** Makes the folder under a hidden name first, so that a topic is never seen with a part of its partitions. */
function makeTopicFolder(dir: string, topic: string, partitions: number): void {
  const hidden = join(dir, `.${topic}.new`);
  rmSync(hidden, { recursive: true, force: true });
  mkdirSync(hidden);
  for (let partition = 0; partition < partitions; partition++) {
    writeFileSync(join(hidden, `${partition}.log`), encodeFileHeader({ topic, partition, partitions }));
  }
  renameSync(hidden, join(dir, topic));
}
