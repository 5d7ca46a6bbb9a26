import { raise } from "../base/errors.ts";
import type { RecordBatch } from "../base/record-batch.ts";
import { partitionOfKey } from "../connectors/kafka/partitioner.ts";
import type { TableSplit } from "./compose.ts";

/** So many records of a partition tell whether it had them before its topic was given more partitions. */
const RECORDS_LOOKED_AT = 1_000;

/**
 * Looks whether the first records that are read of a partition are where Kafka's own clients, and so Connect, put their
 * keys. If not, the topic had fewer partitions once, or its writer has its own way: a row may be in two of them. ROWS_MOVE.
 */
export class PlaceCheck {
  readonly #split: TableSplit;
  #left = RECORDS_LOOKED_AT;

  /** Of a split of a topic with more than one partition, whose rows are not looked for in all of them. */
  constructor(split: TableSplit) {
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
