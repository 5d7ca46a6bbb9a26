import type { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { readTopicToEnd } from "../../connectors/kafka/read-topic.ts";
import { headersOf } from "../../connectors/kafka/record-slots.ts";
import { PushedPartition } from "../../flink/pushed-partition.ts";

/** A record as it came to a task on Flink. */
export interface CopiedRecord {
  readonly split: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a payload brought, and to which subtask of how many. */
export interface Copied<T> {
  readonly subtask: number;
  readonly parallelism: number;
  readonly what: T;
}

/** A proof as it came to a task: where splits end, by their numbers, and what that proves. */
export interface CopiedProof {
  readonly ends: Readonly<Record<number, number>>;
  readonly rows: readonly CopiedRecord[];
}

/** What `CopyRun` wrote of records, in the order of the topic: of each frame, its records. */
export function copiedRecords(cluster: KafkaCluster, topic: string): Promise<Copied<CopiedRecord[]>[]> {
  return copied(cluster, topic, (payload) => recordsOf(payload, 0, payload.length));
}

/** What `CopyRun` wrote of proofs. */
export function copiedProofs(cluster: KafkaCluster, topic: string): Promise<Copied<CopiedProof>[]> {
  return copied(cluster, topic, (payload) => {
    const ends: Record<number, number> = {};
    let at = 4;
    for (let left = payload.readInt32LE(0); left > 0; left--, at += 12) {
      ends[payload.readInt32LE(at)] = payload.readDoubleLE(at + 4);
    }
    const rows: CopiedRecord[] = [];
    const pieces = payload.readInt32LE(at);
    at += 4;
    for (let left = pieces; left > 0; left--) {
      const end = at + 4 + payload.readInt32LE(at);
      rows.push(...recordsOf(payload, at + 4, end));
      at = end;
    }
    return { ends, rows };
  });
}

async function copied<T>(cluster: KafkaCluster, topic: string, what: (payload: Buffer) => T): Promise<Copied<T>[]> {
  const all: Copied<T>[] = [];
  const text = (bytes: Uint8Array, start: number, end: number) => Buffer.from(bytes.subarray(start, end));
  await readTopicToEnd(
    cluster,
    topic,
    0,
    "earliest",
    (batch) => {
      for (let i = 0; i < batch.count; i++) {
        const [subtask, parallelism] = text(batch.buffer, batch.keyStarts[i]!, batch.keyEnds[i]!).toString().split("/");
        const payload = text(batch.buffer, batch.valueStarts[i]!, batch.valueEnds[i]!);
        all.push({ subtask: Number(subtask), parallelism: Number(parallelism), what: what(payload) });
      }
    },
    "stable",
  );
  return all;
}

/** As a task on Flink reads them. */
function recordsOf(payload: Buffer, start: number, end: number): CopiedRecord[] {
  const partition = new PushedPartition("copied", 0, 0, false);
  partition.push(payload, start + 4, end);
  const batch = partition.read();
  if (batch === null) return [];
  const part = (from: number, to: number) => (from < 0 ? null : payload.toString("utf8", from, to));
  return Array.from({ length: batch.count }, (_, i) => ({
    split: payload.readInt32LE(start),
    offset: batch.offsets[i]!,
    timestamp: batch.timestamps[i]!,
    key: part(batch.keyStarts[i]!, batch.keyEnds[i]!),
    value: part(batch.valueStarts[i]!, batch.valueEnds[i]!),
    headers: headersOf(batch, i),
  }));
}
