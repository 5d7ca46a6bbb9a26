import type { PlannedSplit } from "../../flink/cluster-plan.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import type { ResultTopic } from "../../schemas/contract-subjects.ts";
import type { BasicAuth, HBaseConfig, SourceBinding } from "../config.ts";
import type { MaskConfig } from "../masking.ts";
import type { SinkConfig } from "../notify/notify-config.ts";

/**
 * All that a Node child on the cluster must know besides its job and its place: `child.json` in the job's jar. Plain JSON;
 * secrets are references, which are looked up in the child, and times are in ms.
 */
export interface ChildSpec {
  readonly version: 1;
  readonly job: string;
  /** Begins anew with every submission that Flink does not restore, and with every one from a savepoint. */
  readonly epoch: number;
  /** The configuration that the job was submitted with, for errors. */
  readonly configFile: string;
  readonly sources: readonly ChildSource[];
  /** As the plan has them: a split's number is its place in the list. */
  readonly splits: readonly ChildSplit[];
  readonly registry: ChildRegistry;
  /** Ids of the contracts of results, which were registered when the job was submitted. */
  readonly contracts: Readonly<Record<ResultTopic, number>>;
  /** Names of the plan's sinks, by number: those of `sinkNames`. */
  readonly sinks: readonly string[];
  readonly mask?: MaskConfig | undefined;
  readonly retainMs: number;
  readonly staleAfterMs?: number | undefined;
  readonly snapshots?: { readonly hbase: HBaseConfig } | undefined;
  readonly notify: readonly SinkConfig[];
  /** Texts of the certificates that `notify` names, by their paths: a TaskManager has no such files. */
  readonly certificates: Readonly<Record<string, string>>;
  /** Most memory that the state of a child's tasks may take together, in bytes. */
  readonly memoryBytes: number;
  /** An embedded savepoint, in a folder that every TaskManager reaches by this path. */
  readonly savepoint?: { readonly folder: string } | undefined;
  readonly allowDroppedState: boolean;
  /** Where a TaskManager has it, the folder that profiles of children are written to. */
  readonly profile?: string | undefined;
}

/** A source as its reader must know it; where its records come from is the plan's business. */
export type ChildSource = Omit<SourceBinding, "input" | "connector" | "database">;

/** A partition that the job reads, with the table that it is of. */
export interface ChildSplit extends PlannedSplit {
  readonly table: string;
  /** As `Split` has it. */
  readonly gathered?: boolean | undefined;
}

/** Where schemas are: at a server, or, of a folder registry, here. */
export type ChildRegistry = { readonly url: string; readonly auth?: BasicAuth } | EmbeddedSchemas;

/** Schemas by their ids, and the versions of each subject, oldest first. */
export interface EmbeddedSchemas {
  readonly schemas: Readonly<Record<string, AvroSchema>>;
  readonly subjects: Readonly<Record<string, readonly { readonly version: number; readonly id: number }[]>>;
}

/** Names of the sinks that every job has, by number; those of the job's own sinks follow. */
export const RESULT_SINKS = ["verdicts", "alerts", "dead-letters", "engine-alerts"] as const;

/** Names of a job's sinks on the cluster, by number, and so of their topics behind the prefix; `own` are its own sinks. */
export function sinkNames(own: readonly string[]): string[] {
  return [...RESULT_SINKS, ...own.map((name) => `sinks.${name}`)];
}
