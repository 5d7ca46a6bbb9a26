import { setTimeout as sleep } from "node:timers/promises";
import { isError } from "../../base/errors.ts";
import type { PartitionReader } from "../../connectors/debezium/partition-reader.ts";
import type { TableSplit } from "../compose.ts";
import { openAnywhere } from "../kafka-input.ts";

const READ_BYTES = 256 * 1024;
const LOOK_EVERY_MS = 20;
/** Since when an end is to be known: any will do. */
const ANY_TIME = 0;
/** A partition whose records do not come is not waited for. */
const PATIENCE_MS = 15_000;

/**
 * Looks at the first records of partitions, and gives the topics whose rows are not where Kafka's own clients put them: a
 * row may be in two partitions of those. What opening and reading a partition raises.
 */
export async function topicsWhereRowsMove(
  splits: readonly TableSplit[],
  job: string,
  configFile: string,
): Promise<Set<string>> {
  const found = new Set<string>();
  const several = splits.filter(({ count = 1, gathered, table, source }) => {
    return count > 1 && gathered !== true && table !== source.heartbeatTable;
  });
  const open = openAnywhere(job, configFile);
  const readers = several.map((split) => ({ topic: split.topic, reader: open(split) }));
  const until = performance.now() + PATIENCE_MS;
  try {
    for (let left = readers; left.length > 0 && performance.now() < until; await sleep(LOOK_EVERY_MS)) {
      left = left.filter(({ topic, reader }) => !found.has(topic) && !wasLookedAt(reader, topic, found));
    }
    return found;
  } finally {
    for (const { reader } of readers) reader.close();
  }
}

/** True once the first records were looked at, or there are none. */
function wasLookedAt(reader: PartitionReader, topic: string, moving: Set<string>): boolean {
  try {
    return (
      reader.read(READ_BYTES) !== null || reader.offset >= (reader.endOffset(ANY_TIME) ?? Number.POSITIVE_INFINITY)
    );
  } catch (error) {
    if (!isError(error, "ROWS_MOVE")) throw error;
    moving.add(topic);
    return true;
  }
}
