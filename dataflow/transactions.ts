import type { Field, Id, Model } from "./model.ts";
import { TRANSACTIONS } from "./source.ts";

/** What a source says at the end of a transaction. */
export type TransactionFields = {
  readonly transactionId: Field<Id, "id">;
  /** Changes of captured tables in it. */
  readonly eventCount: Field<bigint, "integer">;
  /** Changes of each table that the source binds, as JSON: `{"orders":2,"refunds":1}`. */
  readonly tableCounts: Field<string, "text">;
};

/**
 * The ends of a source's transactions, as Debezium tells of them with `provide.transaction.metadata`: one row each, which
 * never goes. The configuration says where they are: `transactions: { topic }`.
 */
export function transactionsOf(source: string): Model<TransactionFields> {
  return {
    name: `Transactions_${source.replaceAll(/\W/g, "_")}`,
    from: [{ source, table: TRANSACTIONS }],
    fields: { transactionId: { kind: "id" }, eventCount: { kind: "integer" }, tableCounts: { kind: "text" } },
  };
}

/** Counts by table of a row's `tableCounts`. */
export function tableCountsOf(text: string): ReadonlyMap<string, number> {
  return new Map(Object.entries(JSON.parse(text) as Record<string, number>));
}
