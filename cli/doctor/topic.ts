import type { RecordBatch } from "../../base/record-batch.ts";
import type { TopicInfo } from "../../connectors/file/file-log.ts";
import { FileLogReader } from "../../connectors/file/reader.ts";
import { FRAME_LENGTH, schemaIdAt } from "../../schemas/wire-format.ts";

/** A record as it lies in its log. */
export interface RawRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** What a topic holds. */
export interface TopicContent {
  readonly topic: string;
  records: number;
  /** Records whose key or value is not in Confluent's format. */
  unframed: number;
  /** Ids of the schemas that keys and values are written with. */
  readonly keySchemas: Set<number>;
  readonly valueSchemas: Set<number>;
  /** The record with a value that has the greatest value schema id: the newest schema. */
  newest: RawRecord | undefined;
  /** Time of each partition's end marker, or null. */
  readonly ends: (number | null)[];
}

const READ_BYTES = 1 << 20;

/** Reads a topic through. Raises what a `FileLogReader` raises. */
export function readTopic(dir: string, { topic, partitions }: TopicInfo): TopicContent {
  const content = emptyContent(topic);
  for (let partition = 0; partition < partitions; partition++) readPartition(dir, partition, content);
  return content;
}

/** What a topic of this many records holds, as far as these records of it show. */
export function contentOf(topic: string, records: number, shown: readonly RawRecord[]): TopicContent {
  const content = emptyContent(topic);
  content.records = records;
  for (const record of shown) {
    const { key, value } = record;
    if (key !== null && !note(key, 0, key.length, content.keySchemas)) content.unframed++;
    if (value === null) continue;
    const newestId = Math.max(-1, ...content.valueSchemas);
    if (!note(value, 0, value.length, content.valueSchemas)) content.unframed++;
    else if (Math.max(-1, ...content.valueSchemas) > newestId) content.newest = record;
  }
  return content;
}

function emptyContent(topic: string): TopicContent {
  const schemas = { keySchemas: new Set<number>(), valueSchemas: new Set<number>() };
  return { topic, records: 0, unframed: 0, ...schemas, newest: undefined, ends: [] };
}

function readPartition(dir: string, partition: number, content: TopicContent): void {
  const reader = new FileLogReader(dir, content.topic, partition);
  let end: number | null = null;
  for (let read = reader.read(READ_BYTES); read !== null; read = reader.read(READ_BYTES)) {
    if ("throughMs" in read) {
      end = read.throughMs;
      break;
    }
    lookAt(read, content);
  }
  reader.close();
  content.ends.push(end);
}

function lookAt(records: RecordBatch, content: TopicContent): void {
  const { buffer, keyStarts, keyEnds, valueStarts, valueEnds } = records;
  content.records += records.count;
  for (let i = 0; i < records.count; i++) {
    if (keyStarts[i]! >= 0 && !note(buffer, keyStarts[i]!, keyEnds[i]!, content.keySchemas)) content.unframed++;
    if (valueStarts[i]! < 0) continue;
    const newestId = Math.max(-1, ...content.valueSchemas);
    if (!note(buffer, valueStarts[i]!, valueEnds[i]!, content.valueSchemas)) content.unframed++;
    else if (Math.max(-1, ...content.valueSchemas) > newestId) content.newest = copyOf(records, i);
  }
}

function note(buffer: Uint8Array, start: number, end: number, ids: Set<number>): boolean {
  if (end - start < FRAME_LENGTH || buffer[start] !== 0) return false;
  ids.add(schemaIdAt(buffer, start, end));
  return true;
}

function copyOf(records: RecordBatch, i: number): RawRecord {
  const { topic, partition, buffer, offsets, keyStarts, keyEnds, valueStarts, valueEnds } = records;
  const key = keyStarts[i]! < 0 ? null : Buffer.from(buffer.subarray(keyStarts[i]!, keyEnds[i]!));
  const value = Buffer.from(buffer.subarray(valueStarts[i]!, valueEnds[i]!));
  return { topic, partition, offset: offsets[i]!, key, value };
}
