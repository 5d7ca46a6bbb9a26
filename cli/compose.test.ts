import { expect, it } from "vitest";
import type { PartitionReader } from "../connectors/debezium/partition-reader.ts";
import paymentSettlement from "../jobs/payment-settlement/job.ts";
import { openReaders, splitsOf } from "./compose.ts";
import type { SourceBinding } from "./config.ts";

it("leaves nothing open where one of the readers cannot be made", () => {
  const input = { folder: "log" };
  const tables = { payments: { topic: "payments" }, refunds: { topic: "refunds" } };
  const shop: SourceBinding = { name: "shop", kind: "mariadb", input, tables };
  const lines = { settlement_lines: { topic: "lines" }, payouts: { topic: "payouts" } };
  const ledger: SourceBinding = { name: "ledger", kind: "postgresql", input, tables: lines, heartbeatTable: "beats" };
  const splits = [
    { source: shop, table: "payments", topic: "payments", partition: 0 },
    { source: ledger, table: "settlement_lines", topic: "lines", partition: 0 },
  ];
  const opened: string[] = [];
  const closed: string[] = [];
  const open = ({ topic }: { readonly topic: string }): PartitionReader => {
    opened.push(topic);
    return {
      offset: 0,
      read: () => null,
      seek: () => undefined,
      endOffset: () => 0,
      close: () => void closed.push(topic),
    };
  };
  const graph = paymentSettlement.graph();
  const registry = { schemaById: () => expect.unreachable() };
  const share = { worker: 0, workers: 1, splits };
  const readers = () => openReaders(graph, [shop, ledger], registry, share, open);
  expect(readers).toThrow(expect.objectContaining({ code: "SOURCE_TABLE_UNKNOWN" }));
  expect(opened).toEqual(["payments", "lines"]);
  expect(closed).toEqual(opened);
});

it("gathers the partitions of a table where the configuration says so", () => {
  const input = { folder: "log" };
  const payments = { payments: { topic: "payments", gathered: true }, refunds: { topic: "refunds" } };
  const lines = { settlement_lines: { topic: "lines", gathered: false }, payouts: { topic: "payouts" } };
  const sources: SourceBinding[] = [
    { name: "shop", kind: "mariadb", input, tables: payments },
    { name: "ledger", kind: "postgresql", input, tables: lines },
  ];
  const splits = splitsOf(paymentSettlement.graph(), sources, () => [{ partition: 0 }, { partition: 1 }]);
  expect(splits.filter(({ gathered }) => gathered).map(({ topic, partition }) => [topic, partition])).toEqual([
    ["payments", 0],
    ["payments", 1],
  ]);
});
