import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { linesTable, paymentsTable } from "../../../shop/tables.ts";
import type { PeerPlace } from "../peer.ts";

/** The job of the workload. */
export const JOB = join(import.meta.dirname, "../job.ts");

/** Writes the configuration that binds the job to the topics; gives its path. Checkpoints as Flink's peers have them. */
export function writeConfig({ set, folder, results }: PeerPlace): string {
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
      shop: { kind: "mariadb", kafka: { start: "earliest" }, tables: tables(paymentsTable) },
      ledger: { kind: "postgresql", kafka: { start: "earliest" }, tables: tables(linesTable) },
    },
    registry: { folder: "schemas" },
    output: "out",
    results: { kafka: { prefix: results } },
    state: { memory: "512MB", checkpointEvery: "10s" },
  };
  writeFileSync(file, JSON.stringify(config, undefined, 2));
  return file;
}
