import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { onDisk, partitionPath } from "../connectors/file/file-log.ts";
import { lockLog } from "../connectors/file/lock.ts";
import { FileLogWriter } from "../connectors/file/writer.ts";
import type { RecordFault } from "../dataflow/source.ts";
import { type AlertRecord, encodeAlert, encodeDeadLetter, type VerdictRecord } from "../schemas/contracts.ts";
import { FolderRegistry } from "../schemas/folder-registry.ts";
import { FRAME_LENGTH, writeFrame } from "../schemas/wire-format.ts";
import { beginFolder } from "./begun-folder.ts";

/** Topics of the output log and the contract of each. */
const TOPICS = { verdicts: "verdict", alerts: "alert", "dead-letters": "dead-letter" } as const;
type Topic = keyof typeof TOPICS;

/** Bytes in front of the record in Avro's single-object encoding: a marker and the contract's fingerprint. */
const SINGLE_OBJECT_HEADER = 10;

/**
 * The log that a run leaves for others to read: verdicts, alerts and dead letters in Confluent-framed Avro, keyed by
 * business key or record id, in one partition each; their contracts are in the folder registry `schemas` within.
 */
export class OutputLog {
  /** Paths of the files that records are written to. */
  readonly files: readonly string[];
  readonly #writer: FileLogWriter;
  readonly #ids: Readonly<Record<Topic, number>>;

  private constructor(dir: string, writer: FileLogWriter, ids: Readonly<Record<Topic, number>>) {
    this.files = Object.keys(TOPICS).map((topic) => partitionPath({ dir, topic, partition: 0 }));
    this.#writer = writer;
    this.#ids = ids;
  }

  /** Begins the log anew: a run reads its sources from the start and writes all of it again. LOG_LOCKED, OUTPUT_FOREIGN. */
  static async begin(dir: string): Promise<OutputLog> {
    onDisk("write", dir, () => clear(dir));
    const writer = new FileLogWriter(dir);
    try {
      return new OutputLog(dir, writer, await createTopics(dir, writer));
    } catch (error) {
      writer.close();
      throw error;
    }
  }

  verdict(record: VerdictRecord, encoded: Uint8Array): void {
    this.#append("verdicts", record.key, encoded, record.time);
  }

  alert(record: AlertRecord): void {
    this.#append("alerts", record.key, encodeAlert({ ...record, epoch: 0 }), record.time);
  }

  deadLetter(fault: RecordFault, at: number): void {
    this.#append("dead-letters", fault.id, encodeDeadLetter({ ...fault, row: fault.row ?? null }), at);
  }

  /** Makes what was appended visible. */
  flush(): void {
    this.#writer.flush();
  }

  /** Ends the log, complete through an event time, or leaves it open without one. */
  close(throughMs: number | undefined): void {
    if (throughMs === undefined) this.#writer.close();
    else this.#writer.end(throughMs);
  }

  #append(topic: Topic, key: string, encoded: Uint8Array, timestamp: number): void {
    const value = new Uint8Array(FRAME_LENGTH + encoded.length - SINGLE_OBJECT_HEADER);
    writeFrame(this.#ids[topic], value, 0);
    value.set(encoded.subarray(SINGLE_OBJECT_HEADER), FRAME_LENGTH);
    this.#writer.append(topic, 0, { key: Buffer.from(key), value, timestamp });
  }
}

function clear(dir: string): void {
  mkdirSync(dir, { recursive: true });
  const lock = lockLog(dir);
  try {
    beginFolder(dir, [...Object.keys(TOPICS), "schemas"]);
  } finally {
    lock.release();
  }
}

/** Makes the topics and registers their contracts; gives the schema id of each. */
async function createTopics(dir: string, writer: FileLogWriter): Promise<Record<Topic, number>> {
  const registry = new FolderRegistry(join(dir, "schemas"));
  const ids: Record<string, number> = {};
  for (const [topic, contract] of Object.entries(TOPICS)) {
    writer.createTopic(topic, 1);
    ids[topic] = await registry.register(`${topic}-value`, contractSchema(contract));
  }
  return ids as Record<Topic, number>;
}

function contractSchema(contract: string) {
  return JSON.parse(readFileSync(new URL(`../schemas/contracts/${contract}.avsc`, import.meta.url), "utf8"));
}
