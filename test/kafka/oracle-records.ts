import { type Random, seededRandom } from "../../base/random.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import type { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { readTopicToEnd } from "../../connectors/kafka/read-topic.ts";
import type { RecordHeader } from "../../connectors/kafka/record-encoder.ts";

/** A record with nothing left out. */
export interface PlainRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
  readonly headers: readonly RecordHeader[];
}

/** A record as it lies in a partition. */
export interface WireRecord extends PlainRecord {
  readonly offset: number;
}

/** Records with everything that the format allows: nulls, no bytes at all, large values, odd headers, times that go back. */
export function randomRecords(seed: string, count: number): PlainRecord[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => ({
    key: random.chance(0.1) ? null : bytes(random, 30),
    value: random.chance(0.1) ? null : bytes(random, random.chance(0.02) ? 200_000 : 500),
    timestamp: random.chance(0.1) ? random.below(1e9) : 1_700_000_000_000 + random.below(1e8),
    headers: Array.from({ length: random.chance(0.5) ? 0 : random.below(4) }, () => ({
      name: random.pick(["", "a", "a", "trace-id", "größe"]),
      value: random.chance(0.2) ? null : bytes(random, 20),
    })),
  }));
}

/** Comparable text of records, without their offsets: bytes as hex. */
export function shown(records: readonly PlainRecord[]): string[] {
  return records.map(({ key, value, timestamp, headers }) => {
    const pairs = headers.map((header) => `${header.name}=${hex(header.value)}`);
    return [timestamp, hex(key), hex(value), ...pairs].join(" ");
  });
}

/** All committed records of a partition as countercheck reads them. */
export async function readAll(cluster: KafkaCluster, topic: string, partition = 0): Promise<WireRecord[]> {
  const records: WireRecord[] = [];
  await readTopicToEnd(cluster, topic, partition, "earliest", (batch) => {
    for (let i = 0; i < batch.count; i++)
      records.push({
        offset: batch.offsets[i]!,
        timestamp: batch.timestamps[i]!,
        key: part(batch, batch.keyStarts[i]!, batch.keyEnds[i]!),
        value: part(batch, batch.valueStarts[i]!, batch.valueEnds[i]!),
        headers: headersAt(batch, i),
      });
  });
  return records;
}

/** Null as a hyphen, bytes in hex with an x in front. */
export function hex(value: Uint8Array | null): string {
  return value === null ? "-" : `x${Buffer.from(value).toString("hex")}`;
}

/** What `hex` gave. */
export function fromHex(text: string): Buffer | null {
  return text === "-" ? null : Buffer.from(text.slice(1), "hex");
}

function bytes(random: Random, most: number): Buffer {
  const value = Buffer.alloc(random.below(most));
  const letters = random.chance(0.5) ? 4 : 256;
  for (let i = 0; i < value.length; i++) value[i] = random.below(letters);
  return value;
}

function part({ buffer }: RecordBatch, start: number, end: number): Buffer | null {
  return start < 0 ? null : Buffer.from(buffer.subarray(start, end));
}

/** All of them, byte for byte and in order; written anew here, since the product's own way gives text by name. */
function headersAt(batch: RecordBatch, i: number): RecordHeader[] {
  let at = batch.headerStarts[i]!;
  if (at < 0) return [];
  const length = (): number => {
    let raw = 0;
    let weight = 1;
    for (;;) {
      const byte = batch.buffer[at++]!;
      raw += (byte & 127) * weight;
      if (byte < 128) return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
      weight *= 128;
    }
  };
  const next = (): Buffer | null => {
    const size = length();
    if (size < 0) return null;
    at += size;
    return part(batch, at - size, at);
  };
  return Array.from({ length: length() }, () => ({ name: String(next()), value: next() }));
}
