import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { linesTable, paymentsTable } from "../../../shop/tables.ts";
import type { PeerPlace } from "../peer.ts";
import type { TopicSet } from "../topic-set.ts";

/** The job of the workload. */
export const JOB = join(import.meta.dirname, "../job.ts");
/** The same over tables that are declared `before: full`. */
export const WHOLE_ROWS_JOB = join(import.meta.dirname, "../whole-rows-job.ts");

/** Where the workload's topics are. */
type TopicPlace = Pick<TopicSet, "brokers" | "prefix" | "schemas">;

/** What differs between runs. */
export interface ConfigOptions {
  /** Default: as Flink's peers have it. */
  readonly checkpointEvery?: string;
  /** `state.memory`. */
  readonly memory?: string;
  /** What the payments come from. */
  readonly paymentsFrom?: "mariadb" | "postgresql";
  /** For how long closed keys are remembered. */
  readonly retain?: string;
}

/** Writes the configuration that binds the job to the topics; gives its path. */
export function writeConfig(
  place: Pick<PeerPlace, "folder" | "results"> & { readonly set: TopicPlace },
  options: ConfigOptions = {},
): string {
  const { set, folder, results } = place;
  const { checkpointEvery = "10s", memory = "512MB", paymentsFrom = "mariadb", retain } = options;
  mkdirSync(folder, { recursive: true });
  // The contracts of the results are registered beside the schemas of the tables.
  cpSync(set.schemas, join(folder, "schemas"), { recursive: true });
  const tables = (table: { readonly name: string; readonly topic: string }) => ({
    [table.name]: { topic: set.prefix + table.topic },
  });
  const file = join(folder, "countercheck.json");
  const config = {
    kafka: { brokers: set.brokers },
    sources: {
      shop: { kind: paymentsFrom, kafka: { start: "earliest" }, tables: tables(paymentsTable) },
      ledger: { kind: "postgresql", kafka: { start: "earliest" }, tables: tables(linesTable) },
    },
    registry: { folder: "schemas" },
    output: "out",
    results: { kafka: { prefix: results } },
    ...(retain !== undefined && { retain }),
    state: { memory, checkpointEvery },
  };
  writeFileSync(file, JSON.stringify(config, undefined, 2));
  return file;
}
