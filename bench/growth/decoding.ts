import { openReaders } from "../../cli/compose.ts";
import type { Config } from "../../cli/config.ts";
import { openRegistry } from "../../cli/open-registry.ts";
import type { PartitionReader } from "../../connectors/debezium/partition-reader.ts";
import { FileLogReader } from "../../connectors/file/reader.ts";
import type { Graph } from "../../dataflow/graph.ts";
import type { SourceOutput } from "../../dataflow/source.ts";
import { repeat } from "../row.ts";

const CPU_SECONDS = 2;
/** So much of each partition is read into memory. */
const PART_BYTES = 4_000_000;

/**
 * What it costs to decode a record of a log and map it to the models, in µs CPU: of records that are in memory already, again and
 * again. What reads them from a log or a broker, and checks their sums, has to go over all bytes besides.
 */
export async function decodeMicroseconds(graph: Graph, config: Config, logDir: string): Promise<number> {
  const held: Held[] = [];
  const readers = openReaders(graph, config.sources, openRegistry(config.registry, config.file), undefined, (split) => {
    const partition = new Held(new FileLogReader(logDir, split.topic, split.partition));
    held.push(partition);
    return partition;
  });
  const splits = readers.flatMap((reader) => reader.splits.map((_, split) => ({ reader, split })));
  // Schemas are fetched at the first read.
  for (const { reader, split } of splits) await reader.read(split, PART_BYTES, NOWHERE);
  const records = held.reduce((sum, { records }) => sum + records, 0);
  const { events, cpuSeconds } = repeat(CPU_SECONDS, () => {
    for (const { reader, split } of splits) void reader.read(split, PART_BYTES, NOWHERE);
    return records;
  });
  for (const reader of readers) reader.close();
  return Number(((cpuSeconds / events) * 1e6).toFixed(3));
}

/** Gives the first part of a partition again and again. */
class Held implements PartitionReader {
  readonly offset = 0;
  readonly #reader: FileLogReader;
  readonly #batch: ReturnType<FileLogReader["read"]>;

  constructor(reader: FileLogReader) {
    this.#reader = reader;
    this.#batch = reader.read(PART_BYTES);
  }

  get records(): number {
    return this.#batch !== null && "count" in this.#batch ? this.#batch.count : 0;
  }

  read(): ReturnType<FileLogReader["read"]> {
    return this.#batch;
  }

  seek(): void {}

  endOffset(): undefined {}

  close(): void {
    this.#reader.close();
  }
}

const nothing = () => undefined;

const NOWHERE: SourceOutput = {
  ...{ changes: nothing, progress: nothing, seeded: nothing, heartbeat: nothing, ended: nothing },
  ...{ fault: nothing, suspend: nothing, mended: nothing, schema: nothing },
};
