import type { CountercheckError } from "../../base/errors.ts";
import type { Graph } from "../../dataflow/graph.ts";
import { splitKeyGroup } from "../../flink/split-key-group.ts";
import { type SplitEntry, splitKey, splitName } from "../../runtime/checkpoint/manifest.ts";
import { brokerInputs } from "../broker-input.ts";
import { gather, splitsOf, type TableSplit } from "../compose.ts";
import type { Config } from "../config.ts";
import type { ChildSplit } from "./child-spec.ts";
import { topicsWhereRowsMove } from "./moving-rows.ts";

/** A partition, with all that plan and children must know of it. */
export type ClusterSplit = ChildSplit & { readonly start: number };

/**
 * The partitions that a job reads, as the brokers have them now, and where each is begun with: `known` says where the
 * embedded savepoint stood that it begins from. SOURCE_UNKNOWN, SOURCE_TABLE_UNKNOWN, KAFKA_TOPIC_UNKNOWN,
 * KAFKA_TOPIC_RECREATED, and what `KafkaCluster` rejects with.
 */
export async function findSplits(
  graph: Graph,
  { sources, file }: Pick<Config, "sources" | "file">,
  known: readonly SplitEntry[],
): Promise<ClusterSplit[]> {
  const inputs = await brokerInputs(graph, sources, file, NEVER_COMMITS);
  try {
    const found = splitsOf(graph, sources, await inputs?.find(graph, known));
    const gathered = gather(found, known, new Set());
    const moving = await topicsWhereRowsMove(gathered, graph.name, file);
    return gather(gathered, known, moving).map((split) => clusterSplit(split, known));
  } finally {
    await inputs?.close();
  }
}

/** Only a run that goes on commits offsets. */
const NEVER_COMMITS: (error: CountercheckError) => void = () => undefined;

function clusterSplit(split: TableSplit, known: readonly SplitEntry[]): ClusterSplit {
  const { source, table, topic, partition, gathered, topicId = "" } = split;
  return {
    source: source.name,
    table,
    topic,
    partition,
    topicId,
    heartbeat: table === source.heartbeatTable,
    // Rows of a topic that are looked for in all of its partitions are kept in one place.
    keyGroup: splitKeyGroup(topic, gathered ? 0 : partition),
    start: startOf(split, known),
    ...(gathered && { gathered }),
  };
}

/** Heartbeats were read by every worker: what one of them had not is read again. */
function startOf(split: TableSplit, known: readonly SplitEntry[]): number {
  const key = splitKey(split.source.name, splitName(split));
  const offsets = known.filter(({ source, name }) => splitKey(source, name) === key).map(({ offset }) => offset);
  return offsets.length === 0 ? (split.start?.offset ?? 0) : Math.min(...offsets);
}
