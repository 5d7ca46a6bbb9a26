import { join } from "node:path";
import { FileLogWriter } from "../connectors/file/writer.ts";
import type { AvroSchema } from "../schemas/avro-schema.ts";
import { FolderRegistry } from "../schemas/folder-registry.ts";
import type { TableSpec } from "../shop/captured-table.ts";
import { runShop, tablesOf, tellsTransactions } from "../shop/shop.ts";
import type { ShopTruth } from "../shop/truth.ts";

/** What the shop's log is made from. */
export interface ShopLogOptions {
  /** Folder of the log, which must be new or empty; its registry is the folder `schemas` in it. */
  readonly dir: string;
  readonly seed: number;
  readonly orders: number;
  /** As `ShopOptions` has them. */
  readonly departments?: readonly string[];
  /** Told now and then how many orders have arrived. */
  readonly onProgress?: (done: number) => void;
}

/** Lets the shop write a bounded file log, and gives the truth about it. */
export async function writeShopLog({ dir, ...options }: ShopLogOptions): Promise<ShopTruth> {
  const writer = new FileLogWriter(dir);
  const registry = new FolderRegistry(join(dir, "schemas"));
  return runShop({
    ...options,
    sink: {
      createTopic: (topic, partitions) => writer.createTopic(topic, partitions),
      append: (topic, partition, record) => void writer.append(topic, partition, record),
      flush: () => writer.flush(),
      end: (time) => writer.end(time),
      register: (subject, schema) => registry.register(subject, schema as AvroSchema),
    },
  });
}

/**
 * The configuration that binds the shop's databases to its log, with the tables of the departments that worked; paths are
 * relative to the file that it is written to.
 */
export function shopConfig(log: string, output: string, departments?: readonly string[]) {
  const { maria, postgres } = tablesOf(departments);
  const transactions = tellsTransactions(departments);
  return {
    sources: {
      shop: {
        kind: "mariadb",
        log,
        tables: topicsOf(maria),
        ...(transactions && { transactions: { topic: "maria.transaction" } }),
        heartbeat: { table: "heartbeat", topic: "maria.shop.heartbeat" },
      },
      ledger: {
        kind: "postgresql",
        log,
        tables: topicsOf(postgres),
        ...(transactions && { transactions: { topic: "pg.transaction" } }),
        heartbeat: { table: "heartbeat", topic: "pg.public.heartbeat" },
      },
    },
    registry: { folder: `${log}/schemas` },
    output,
  };
}

function topicsOf(tables: readonly TableSpec[]): Record<string, { readonly topic: string }> {
  return Object.fromEntries(tables.map(({ name, topic }) => [name, { topic }]));
}
