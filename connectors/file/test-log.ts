import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { RecordBatch } from "../../base/record-batch.ts";
import { EndMarker, type FileLogReader } from "./reader.ts";
import { headersOf, type LogRecord } from "./records.ts";
import { FileLogWriter } from "./writer.ts";

/** An empty folder that is gone after the test. */
export function emptyFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "file-log-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A writer of a new log with one topic, `events`; closed after the test. */
export function newLog(dir: string, partitions = 1): FileLogWriter {
  const writer = openLog(dir);
  writer.createTopic("events", partitions);
  return writer;
}

/** A writer of a log that may exist; closed after the test. */
export function openLog(dir: string): FileLogWriter {
  const writer = new FileLogWriter(dir);
  onTestFinished(() => writer.close());
  return writer;
}

/** A record whose value is a text. */
export function record(value: string | null, rest: Partial<LogRecord> = {}): LogRecord {
  return { key: null, value: value === null ? null : Buffer.from(value), timestamp: 0, ...rest };
}

/** What a test compares: a record copied out of a batch. */
export interface Plain {
  offset: number;
  timestamp: number;
  key: string | null;
  value: string | null;
  headers: Record<string, string>;
}

/** Copies a batch out. */
export function plain(records: RecordBatch): Plain[] {
  const text = (start: number, end: number) =>
    start < 0 ? null : Buffer.from(records.buffer.subarray(start, end)).toString();
  return Array.from({ length: records.count }, (_, i) => ({
    offset: records.offsets[i]!,
    timestamp: records.timestamps[i]!,
    key: text(records.keyStarts[i]!, records.keyEnds[i]!),
    value: text(records.valueStarts[i]!, records.valueEnds[i]!),
    headers: headersOf(records, i),
  }));
}

/** Reads on until there is nothing new; gives the records, and whether the end marker was met. */
export function readAll(reader: FileLogReader, maxBytes = 4096): { records: Plain[]; end: EndMarker | null } {
  const records: Plain[] = [];
  for (;;) {
    const read = reader.read(maxBytes);
    if (read === null || read instanceof EndMarker) return { records, end: read };
    records.push(...plain(read));
  }
}

/** The values alone. */
export function readValues(reader: FileLogReader): (string | null)[] {
  return readAll(reader).records.map((each) => each.value);
}
