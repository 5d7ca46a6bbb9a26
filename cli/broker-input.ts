import type { CountercheckError } from "../base/errors.ts";
import { type Graph, modelsOf } from "../dataflow/graph.ts";
import { type OpenPartition, openFile } from "./compose.ts";
import type { SourceBinding } from "./config.ts";
import type { KafkaInputs } from "./kafka-input.ts";

/** True where a job reads topics of brokers, which have no end. */
export function readsBrokers(graph: Graph, sources: readonly SourceBinding[]): boolean {
  return brokerSources(graph, sources).length > 0;
}

/** The sources of a job whose topics are at brokers. */
export function brokerSources(graph: Graph, sources: readonly SourceBinding[]): SourceBinding[] {
  const read = new Set(modelsOf(graph).flatMap(({ from }) => from.map(({ source }) => source)));
  return sources.filter(({ name, input }) => "kafka" in input && read.has(name));
}

/**
 * What a job reads at brokers; undefined, and no client of theirs loaded, where it is nothing. `onRefused` as `KafkaInputs`
 * has it. CONFIG_SECRET_MISSING.
 */
export async function brokerInputs(
  graph: Graph,
  sources: readonly SourceBinding[],
  configFile: string,
  onRefused: (error: CountercheckError) => void,
): Promise<KafkaInputs | undefined> {
  const used = brokerSources(graph, sources);
  return used.length === 0
    ? undefined
    : new (await import("./kafka-input.ts")).KafkaInputs(used, graph.name, configFile, onRefused);
}

/** Opens what a job reads, in file logs and at brokers alike. */
export async function partitionOpener(
  graph: Graph,
  sources: readonly SourceBinding[],
  configFile: string,
): Promise<OpenPartition> {
  if (!readsBrokers(graph, sources)) return openFile();
  return (await import("./kafka-input.ts")).openAnywhere(graph.name, configFile);
}
