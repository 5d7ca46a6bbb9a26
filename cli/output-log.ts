import type { Disk } from "../base/disk.ts";
import { isError, raise } from "../base/errors.ts";
import { type LogPosition, onDisk, partitionPath } from "../connectors/file/file-log.ts";
import { lockLog } from "../connectors/file/lock.ts";
import { FileLogReader } from "../connectors/file/reader.ts";
import { FileLogWriter } from "../connectors/file/writer.ts";
import type { RecordFault } from "../dataflow/source.ts";
import { RESULT_TOPICS, type ResultTopic } from "../schemas/contract-subjects.ts";
import {
  type AlertRecord,
  contractSchemas,
  decodeMarker,
  type MarkerRecord,
  type VerdictRecord,
} from "../schemas/contracts.ts";
import { FolderRegistry } from "../schemas/folder-registry.ts";
import { valueSubject } from "../schemas/registry.ts";
import { beginFolder, continueFolder } from "./begun-folder.ts";
import { readTopic, registryFolder } from "./output-topics.ts";
import type { LogPositions, ResultLog, ResultPlace } from "./result-log.ts";
import { type ResultRecord, ResultRecords } from "./result-records.ts";

/** The end of every topic of the log. */
export type FileLogPositions = Readonly<Record<ResultTopic, LogPosition>>;

const NAMES = Object.keys(RESULT_TOPICS) as ResultTopic[];

/** Results in a folder: where an `OutputLog` is, or will be. */
export class OutputFolder implements ResultPlace {
  readonly #disk: Disk;
  readonly #dir: string;

  constructor(disk: Disk, dir: string) {
    this.#disk = disk;
    this.#dir = dir;
  }

  peekMarker(): Promise<MarkerRecord | undefined> {
    return this.lastMarker();
  }

  /** A log that is damaged stands in the way of a run that goes on with it, and of no other. */
  async lastMarker(): Promise<MarkerRecord | undefined> {
    try {
      return await lastMarkerIn(this.#disk, this.#dir);
    } catch (error) {
      if (isError(error, "LOG_CORRUPT")) return undefined;
      throw error;
    }
  }

  open(anew: boolean, since: LogPositions | undefined): Promise<ResultLog> {
    if (anew) return OutputLog.begin(this.#disk, this.#dir);
    return OutputLog.resume(this.#disk, this.#dir, since && ofFiles(this.#dir, since));
  }

  async close(): Promise<void> {}
}

/**
 * A result log of files: Confluent-framed Avro, one partition a topic. Its contracts are in the folder registry `schemas`
 * within.
 */
export class OutputLog implements ResultLog {
  readonly place: string;
  /** Paths of the files that records are written to. */
  readonly files: readonly string[];
  /** The last marker, by whichever run. */
  lastMarker: MarkerRecord | undefined;
  readonly #disk: Disk;
  readonly #writer: FileLogWriter;
  readonly #records: ResultRecords;
  /** Records still to be passed over, of what is appended next: the log holds them already. */
  readonly #held: Record<ResultTopic, number> = { verdicts: 0, alerts: 0, "dead-letters": 0, markers: 0 };
  readonly #dir: string;

  private constructor(disk: Disk, dir: string, writer: FileLogWriter, ids: Readonly<Record<ResultTopic, number>>) {
    this.place = dir;
    this.files = NAMES.map((topic) => partitionPath({ dir, topic, partition: 0 }));
    this.#disk = disk;
    this.#dir = dir;
    this.#writer = writer;
    this.#records = new ResultRecords(ids);
  }

  /** Begins the log anew, for a run that brings out all of it again. LOG_LOCKED, OUTPUT_FOREIGN. */
  static async begin(disk: Disk, dir: string): Promise<OutputLog> {
    await whileLocked(disk, dir, () => beginFolder(disk, dir, [...NAMES, "schemas"]));
    return OutputLog.#open(disk, dir, new FileLogWriter(dir, { disk }));
  }

  /**
   * Opens the log to go on with it, be it that it was ended. Up to `since`, if it is given, it is known to be durable.
   * LOG_LOCKED, OUTPUT_FOREIGN; LOG_CORRUPT where something durable is lost.
   */
  static async resume(disk: Disk, dir: string, since: FileLogPositions | undefined): Promise<OutputLog> {
    await whileLocked(disk, dir, () => continueFolder(disk, dir, [...NAMES, "schemas"]));
    const trusted = (topic: string) => since?.[topic as ResultTopic];
    const log = await OutputLog.#open(disk, dir, new FileLogWriter(dir, { disk, trusted, reopen: true }));
    log.lastMarker = await lastMarkerIn(disk, dir);
    return log;
  }

  static async #open(disk: Disk, dir: string, writer: FileLogWriter): Promise<OutputLog> {
    try {
      const ids = await createTopics(dir, writer);
      await writer.sync();
      return new OutputLog(disk, dir, writer, ids);
    } catch (error) {
      writer.close();
      throw error;
    }
  }

  /** Where the topics end, once all that was appended is durable. */
  positions(): FileLogPositions {
    return Object.fromEntries(NAMES.map((topic) => [topic, this.#writer.position(topic, 0)])) as FileLogPositions;
  }

  /**
   * What is appended from now on comes behind `before`: what the log holds there already is the beginning of it, and is
   * not appended again. LOG_OFFSET_OUT_OF_RANGE where the log ends before that place.
   */
  goOnBehind(before: LogPositions): void {
    for (const topic of NAMES) {
      const end = this.#writer.nextOffset(topic, 0);
      const { offset } = ofFiles(this.#dir, before)[topic];
      if (offset > end) raise("LOG_OFFSET_OUT_OF_RANGE", { dir: this.#dir, topic, partition: 0, offset, end });
      this.#held[topic] = end - offset;
    }
  }

  /** `encoded` is the record by its contract. */
  verdict(record: VerdictRecord, encoded: Uint8Array): void {
    this.#append(this.#records.verdict(record, encoded), record.time);
  }

  alert(record: AlertRecord, encoded: Uint8Array): void {
    this.#append(this.#records.alert(record, encoded), record.time);
  }

  deadLetter(fault: RecordFault, at: number): void {
    this.#append(this.#records.deadLetter(fault), at);
  }

  /** To be appended once all else is out, and durable. */
  marker(record: MarkerRecord): void {
    this.#append(this.#records.marker(record), record.time);
    this.lastMarker = record;
  }

  /** Makes what was appended visible, and resolves when it is durable. */
  async sync(): Promise<void> {
    await this.#writer.sync();
  }

  /** Ends the log, complete through an event time, durably. It takes nothing more. */
  async end(throughMs: number): Promise<void> {
    this.#writer.finish(throughMs);
    await this.#writer.sync();
  }

  async visit(
    topic: ResultTopic,
    positions: LogPositions,
    from: "start" | "positions",
    visit: (encoded: Uint8Array, isBehind: boolean) => void,
  ): Promise<void> {
    const { offset } = ofFiles(this.#dir, positions)[topic];
    if (from === "positions" && offset === this.positions()[topic].offset) return;
    let next = from === "start" ? 0 : offset;
    await readTopic(this.#disk, this.#dir, topic, next, (encoded) => visit(encoded, next++ >= offset));
  }

  close(): void {
    this.#writer.close();
  }

  #append({ topic, key, value }: ResultRecord, timestamp: number): void {
    if (this.#held[topic] > 0) {
      this.#held[topic]--;
      return;
    }
    this.#writer.append(topic, 0, { key: Buffer.from(key), value, timestamp });
  }
}

/** The last marker in an output log, by whichever run. Raises what reading a file log raises. */
export async function lastMarkerIn(disk: Disk, dir: string): Promise<MarkerRecord | undefined> {
  const place = { dir, topic: "markers", partition: 0 } as const;
  if (!disk.exists(partitionPath(place))) return undefined;
  const reader = new FileLogReader(place.dir, place.topic, place.partition, disk);
  const end = reader.endOffset();
  reader.close();
  let last: MarkerRecord | undefined;
  if (end > 0)
    await readTopic(disk, dir, "markers", end - 1, (encoded) => {
      last = decodeMarker(encoded);
    });
  return last;
}

/** Positions as this log tells them, not those of topics. RESULTS_ELSEWHERE. */
function ofFiles(dir: string, positions: LogPositions): FileLogPositions {
  const isOurs = NAMES.every((topic) => !Array.isArray(positions[topic]));
  if (!isOurs) raise("RESULTS_ELSEWHERE", { dir });
  return positions as FileLogPositions;
}

async function whileLocked(disk: Disk, dir: string, action: () => Promise<void>): Promise<void> {
  onDisk("write", dir, () => disk.makeFolder(dir));
  const lock = onDisk("write", dir, () => lockLog(dir));
  try {
    await action();
  } finally {
    lock.release();
  }
}

/** Makes the topics that are not there and registers their contracts; gives the schema id of each. */
async function createTopics(dir: string, writer: FileLogWriter): Promise<Record<ResultTopic, number>> {
  const registry = new FolderRegistry(registryFolder(dir));
  const ids: Record<string, number> = {};
  for (const [topic, contract] of Object.entries(RESULT_TOPICS)) {
    writer.createTopic(topic, 1);
    ids[topic] = await registry.register(valueSubject(topic), contractSchemas[contract]);
  }
  return ids as Record<ResultTopic, number>;
}
