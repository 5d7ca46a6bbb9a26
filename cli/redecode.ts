import { isError, raise } from "../base/errors.ts";
import type { RecordBatch } from "../base/record-batch.ts";
import type { PartitionReader } from "../connectors/debezium/partition-reader.ts";
import { DebeziumReader } from "../connectors/debezium/reader.ts";
import type { DeadLetter } from "../connectors/desk/records.ts";
import { modelsOf } from "../dataflow/graph.ts";
import type { Model } from "../dataflow/model.ts";
import type { SchemaRegistry } from "../schemas/registry.ts";
import { readConfig, type SourceBinding } from "./config.ts";
import { loadJob } from "./load-job.ts";
import { VALUE_MASKED } from "./masking.ts";
import { openRegistry } from "./open-registry.ts";

/** What would become of a record if it were read now. */
export type Outcome =
  | { readonly usable: true }
  | { readonly usable: false; readonly code: string; readonly reason: string };

/** A raw record, and the table that it is of. */
export interface StoredRecord {
  readonly table: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** Reads a dead letter's raw record once more, as a configuration and a job's models say. */
export async function redecode(letter: DeadLetter, configFile: string, jobPath: string | undefined): Promise<Outcome> {
  if (letter.message.endsWith(VALUE_MASKED)) raise("DEAD_LETTER_MASKED", { id: letter.id });
  const config = readConfig(configFile);
  const source = config.sources.find((candidate) => candidate.name === letter.source);
  if (source === undefined || !Object.hasOwn(source.tables, letter.table)) {
    const expected = `a file that binds ${letter.source}.${letter.table}`;
    raise("OPTION_INVALID", { option: "--config", value: configFile, expected });
  }
  const models = jobPath === undefined ? [] : modelsOf((await loadJob(jobPath)).graph());
  return tryRecord(letter, source, models, openRegistry(config.registry, config.file));
}

/** Reads one record as models would, and forgets it. Rejects where the environment fails, as with REGISTRY_UNAVAILABLE. */
export async function tryRecord(
  record: StoredRecord,
  source: SourceBinding,
  models: readonly Model[],
  registry: Pick<SchemaRegistry, "schemaById">,
): Promise<Outcome> {
  const partitions = [{ table: record.table, partition: record.partition, reader: oneRecord(record) }];
  const problems: Outcome[] = [];
  const failed = (code: string, reason: string) => problems.push({ usable: false, code, reason });
  try {
    const reader = new DebeziumReader({ source, models, registry, partitions });
    await reader.read(0, 1, {
      changes: () => undefined,
      progress: () => undefined,
      seeded: () => undefined,
      heartbeat: () => undefined,
      ended: () => undefined,
      fault: (_split, { code, message }) => failed(code, message),
      suspend: () => undefined,
      mended: () => undefined,
      schema: () => undefined,
    });
  } catch (error) {
    if (!isError(error) || error.fault === "bug" || error.retryable) throw error;
    failed(error.code, error.message);
  }
  return problems[0] ?? { usable: true };
}

/** A partition that holds just this record. */
function oneRecord({ topic, partition, offset, key, value }: StoredRecord): PartitionReader {
  const keyBytes = key?.length ?? 0;
  const end = keyBytes + (value?.length ?? 0);
  const records: RecordBatch = {
    topic,
    partition,
    count: 1,
    buffer: Buffer.concat([key ?? new Uint8Array(), value ?? new Uint8Array()]),
    offsets: Float64Array.of(offset),
    timestamps: Float64Array.of(0),
    keyStarts: Int32Array.of(key === null ? -1 : 0),
    keyEnds: Int32Array.of(keyBytes),
    valueStarts: Int32Array.of(value === null ? -1 : keyBytes),
    valueEnds: Int32Array.of(end),
    headerStarts: Int32Array.of(-1),
    headerEnds: Int32Array.of(-1),
  };
  return { offset, read: () => records, seek: () => undefined, endOffset: () => offset + 1, close: () => undefined };
}
