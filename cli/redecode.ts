import { isError, raise } from "../base/errors.ts";
import type { RecordBatch } from "../base/record-batch.ts";
import type { PartitionReader } from "../connectors/debezium/partition-reader.ts";
import { DebeziumReader } from "../connectors/debezium/reader.ts";
import type { DeadLetter } from "../connectors/desk/records.ts";
import { modelsOf } from "../dataflow/graph.ts";
import type { RecordFault, SourceOutput } from "../dataflow/source.ts";
import { openRegistry, readConfig } from "./config.ts";
import { loadJob } from "./load-job.ts";

/** What would become of a record if it were read now. */
export type Outcome =
  | { readonly usable: true }
  | { readonly usable: false; readonly code: string; readonly reason: string };

/** Reads a dead letter's raw record once more, as a configuration and a job's models say. */
export async function redecode(letter: DeadLetter, configFile: string, jobPath: string | undefined): Promise<Outcome> {
  const config = readConfig(configFile);
  const source = config.sources.find((candidate) => candidate.name === letter.source);
  if (source === undefined || !Object.hasOwn(source.tables, letter.table)) {
    const known = config.sources.map((candidate) => candidate.name).join(", ");
    raise("OPTION_INVALID", {
      option: "--config",
      value: configFile,
      expected: `one that binds ${letter.source}.${letter.table}; it has ${known}`,
    });
  }
  const models = jobPath === undefined ? [] : modelsOf((await loadJob(jobPath)).graph());
  const registry = openRegistry(config.registry, config.file);
  const partitions = [{ table: letter.table, partition: letter.partition, reader: oneRecord(letter) }];
  const faults: RecordFault[] = [];
  try {
    const reader = new DebeziumReader({ source, models, registry, partitions });
    await reader.read(
      0,
      1,
      deafBut((fault) => faults.push(fault)),
    );
  } catch (error) {
    if (!isError(error) || error.fault === "bug") throw error;
    return { usable: false, code: error.code, reason: error.message };
  }
  const [fault] = faults;
  return fault === undefined ? { usable: true } : { usable: false, code: fault.code, reason: fault.message };
}

/** A partition that holds just this record. */
function oneRecord({ topic, partition, offset, key, value }: DeadLetter): PartitionReader {
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
  return { offset, read: () => records, endOffset: () => offset + 1, close: () => undefined };
}

function deafBut(onFault: (fault: RecordFault) => void): SourceOutput {
  return {
    changes: () => undefined,
    progress: () => undefined,
    seeded: () => undefined,
    heartbeat: () => undefined,
    ended: () => undefined,
    fault: (_split, fault) => onFault(fault),
    suspend: () => undefined,
  };
}
