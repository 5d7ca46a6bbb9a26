import { raise } from "../base/errors.ts";
import type { RecordBatch } from "../base/record-batch.ts";
import type { PartitionReader } from "../connectors/debezium/partition-reader.ts";
import { partitionOfKey } from "../connectors/kafka/partitioner.ts";
import type { TableSplit } from "./compose.ts";

/** What must be known of a split to tell whether its records belong there. */
export type PlacedSplit = Pick<TableSplit, "topic" | "partition" | "count"> & {
  readonly source: { readonly name: string };
};

/** The reader of a partition, which raises ROWS_MOVE where one of the first records that it reads belongs elsewhere. */
export function lookedAt(reader: PartitionReader, split: PlacedSplit): PartitionReader {
  const check = new PlaceCheck(split);
  return {
    get offset() {
      return reader.offset;
    },
    read: (maxBytes) => {
      const records = reader.read(maxBytes);
      if (records !== null && "count" in records) check.look(records);
      return records;
    },
    seek: (offset) => reader.seek(offset),
    endOffset: (since) => reader.endOffset(since),
    close: () => reader.close(),
  };
}

/** So many records of a partition tell whether it had them before its topic was given more partitions. */
const RECORDS_LOOKED_AT = 1_000;

/**
 * Looks whether the first records that are read of a partition are where Kafka's own clients, and so Connect, put their
 * keys. If not, the topic had fewer partitions once, or its writer has its own way: a row may be in two of them. ROWS_MOVE.
 */
class PlaceCheck {
  readonly #split: PlacedSplit;
  #left = RECORDS_LOOKED_AT;

  /** Of a split of a topic with more than one partition, whose rows are not looked for in all of them. */
  constructor(split: PlacedSplit) {
    this.#split = split;
  }

  /** Looks at records in the order of the partition. ROWS_MOVE. */
  look({ buffer, count, keyStarts, keyEnds }: RecordBatch): void {
    const { topic, partition, source, count: partitions } = this.#split;
    for (let i = 0; i < count && this.#left > 0; i++) {
      if (keyStarts[i]! < 0) continue;
      this.#left--;
      if (partitionOfKey(buffer.subarray(keyStarts[i]!, keyEnds[i]!), partitions!) === partition) continue;
      const reason = `it had fewer than ${partitions} partitions once, or its writer spreads keys in its own way`;
      raise("ROWS_MOVE", { topic, source: source.name, reason });
    }
  }
}
