import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FileLog } from "../../connectors/file/file-log.ts";
import { EndMarker, FileLogReader } from "../../connectors/file/reader.ts";
import { type DecodedRecord, type Envelope, parseSchema, type Row } from "../../shop/decoded-log.test-helper.ts";

/** All records of a file log as avsc reads them with the schemas in its folder `schemas`; partition by partition. */
export function decodeFileLog(dir: string): DecodedRecord[] {
  const types = new Map<number, ReturnType<typeof parseSchema>>();
  const decode = (bytes: Buffer): unknown => {
    const id = bytes.readUInt32BE(1);
    const type = types.get(id) ?? parseSchema(JSON.parse(readFileSync(join(dir, "schemas", `${id}.json`), "utf8")));
    types.set(id, type);
    return type.fromBuffer(bytes.subarray(5));
  };
  const records: DecodedRecord[] = [];
  for (const { topic, partitions } of FileLog.topics(dir)) {
    for (let partition = 0; partition < partitions; partition++) {
      for (const { key, value, timestamp } of recordsOf(dir, topic, partition)) {
        records.push({
          record: { topic, partition, key, value, timestamp },
          key: key === null ? {} : (decode(key) as Row),
          value: value === null ? null : (decode(value) as Envelope),
        });
      }
    }
  }
  return records;
}

function* recordsOf(dir: string, topic: string, partition: number) {
  const reader = new FileLogReader(dir, topic, partition);
  try {
    for (;;) {
      const batch = reader.read(1 << 20);
      if (batch === null || batch instanceof EndMarker) return;
      const { buffer, keyStarts, keyEnds, valueStarts, valueEnds, timestamps } = batch;
      const part = (start: number, end: number) => (start < 0 ? null : Buffer.from(buffer.subarray(start, end)));
      for (let i = 0; i < batch.count; i++) {
        const [key, value] = [part(keyStarts[i]!, keyEnds[i]!), part(valueStarts[i]!, valueEnds[i]!)];
        yield { key, value, timestamp: timestamps[i]! };
      }
    }
  } finally {
    reader.close();
  }
}
