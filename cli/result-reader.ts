import type { RecordBatch } from "../base/record-batch.ts";
import type { KafkaCluster } from "../connectors/kafka/cluster.ts";
import { readTopicToEnd } from "../connectors/kafka/read-topic.ts";
import { headersOf } from "../connectors/kafka/record-slots.ts";
import type { ResultTopic } from "../schemas/contract-subjects.ts";
import { decodeMarker, type MarkerRecord, singleObjectHeader } from "../schemas/contracts.ts";
import type { SubjectRegistry } from "../schemas/registry.ts";
import { FRAME_LENGTH, schemaIdAt } from "../schemas/wire-format.ts";
import type { ResultsConfig } from "./config.ts";

/** A header that says whose a record is: several jobs may share topics. */
export const JOB = "countercheck.job";
export const MARKERS = "markers" satisfies ResultTopic;

/** How a job's results get into topics. */
export interface KafkaResultsOptions {
  readonly config: ResultsConfig;
  readonly job: string;
  /** Where the contracts are registered. */
  readonly registry: SubjectRegistry;
  /** The configuration file, for errors. */
  readonly configFile: string;
  /** Aborts when the run is to end: brokers that do not answer are then waited for a few seconds more. */
  readonly signal?: AbortSignal;
}

/** Reads what a job has written to the topics of results. */
export class ResultReader {
  readonly #cluster: KafkaCluster;
  readonly #options: KafkaResultsOptions;
  readonly #headers = new Map<number, Uint8Array>();

  constructor(cluster: KafkaCluster, options: KafkaResultsOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** The job's records as their contract encodes them; those of others and tombstones are passed over. */
  async read(
    topic: ResultTopic,
    partition: number,
    from: number | "earliest",
    visit: (encoded: Uint8Array, offset: number) => void,
    to: "latest" | "stable" = "latest",
  ): Promise<void> {
    const { config, job, registry } = this.#options;
    const values: { readonly value: Buffer; readonly offset: number }[] = [];
    const gather = (records: RecordBatch) => values.push(...valuesOf(records, job));
    await readTopicToEnd(this.#cluster, config.prefix + topic, partition, from, gather, to);
    for (const { value, offset } of values) {
      const id = schemaIdAt(value, 0, value.length);
      let header = this.#headers.get(id);
      if (header === undefined) {
        header = singleObjectHeader(await registry.schemaById(id));
        this.#headers.set(id, header);
      }
      visit(Buffer.concat([header, value.subarray(FRAME_LENGTH)]), offset);
    }
  }
}

/** The last marker of a job, up to the end, or to the first transaction that is open. */
export async function lastMarkerOf(reader: ResultReader, to: "latest" | "stable"): Promise<MarkerRecord | undefined> {
  let last: MarkerRecord | undefined;
  await reader.read(MARKERS, 0, "earliest", (encoded) => (last = decodeMarker(encoded)), to);
  return last;
}

function* valuesOf(records: RecordBatch, job: string) {
  const { buffer, count, valueStarts, valueEnds, offsets } = records;
  for (let i = 0; i < count; i++) {
    if (valueStarts[i]! < 0 || headersOf(records, i)[JOB] !== job) continue;
    yield { value: Buffer.from(buffer.subarray(valueStarts[i]!, valueEnds[i]!)), offset: offsets[i]! };
  }
}
