import { describe, expect, it } from "vitest";
import { id, model, table } from "../../dataflow/model.ts";
import { TRANSACTIONS } from "../../dataflow/source.ts";
import { transactionsOf } from "../../dataflow/transactions.ts";
import { writesModel } from "../../dataflow/writes.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { CapturedTable } from "../../shop/captured-table.ts";
import { bigInt } from "../../shop/column-types.ts";
import { Connector } from "../../shop/connector.ts";
import { MariaDb } from "../../shop/mariadb.ts";
import { Postgres } from "../../shop/postgres.ts";
import type { ShopSink } from "../../shop/sink.ts";
import { TransactionLog } from "../../shop/transaction-log.ts";
import { type Message, readAll, TemporaryLog } from "../../test/support/debezium-harness.ts";
import type { DatabaseKind } from "./config.ts";

const T = 1_795_413_597_441;
const Order = model("Order", { from: table("db", "orders"), fields: { orderId: id("id") } });
const [Writes, Ends] = [writesModel(Order), transactionsOf("db")];

/** Reads what a database's connector writes while `work` is done: the writes of orders, and the ends of transactions. */
async function read(kind: DatabaseKind, work: (shop: Shop) => void) {
  using log = new TemporaryLog();
  const registry = new FolderRegistry(`${log.dir}/schemas`);
  const messages: Message[] = [];
  const sink: ShopSink = {
    createTopic: () => undefined,
    append: (topic, _, { key, value }) => void messages.push({ topic, key, value }),
    flush: () => undefined,
    end: () => undefined,
    register: (subject, schema) => registry.register(subject, schema as AvroSchema),
  };
  const database = kind === "mariadb" ? new MariaDb() : new Postgres();
  const schema = kind === "mariadb" ? "shop" : "public";
  const connector = new Connector(sink);
  const open = (name: string) => {
    const topic = `${database.prefix}.${schema}.${name}`;
    const spec = { topic, name, partitions: 1, columns: [bigInt("id")], key: ["id"], hasBefore: true };
    return new CapturedTable<{ id: number }>(spec, database, connector);
  };
  const shop = { database, orders: open("orders"), others: open("others") };
  await shop.orders.create(sink);
  await shop.others.create(sink);
  for (const each of [shop.orders, shop.others]) each.snapshot(() => "true");
  database.transactions = new TransactionLog(database.prefix, `${schema}.`, connector);
  await database.transactions.create(sink);
  work(shop);
  database.finish();
  log.write(messages);
  const tables = {
    orders: { topic: shop.orders.spec.topic },
    [TRANSACTIONS]: { topic: `${database.prefix}.transaction` },
  };
  const reader = log.reader({ name: "db", kind, tables }, [Writes, Ends], registry);
  try {
    const output = await readAll(reader);
    expect(output.faults).toEqual([]);
    return { writes: output.rows(Writes).map((row) => row.transactionId), ends: output.rows(Ends) };
  } finally {
    reader.close();
  }
}

interface Shop {
  readonly database: MariaDb | Postgres;
  readonly orders: CapturedTable<{ id: number }>;
  readonly others: CapturedTable<{ id: number }>;
}

/** An order and two rows of a table that is not bound; an order more; nothing. */
function threeTransactions({ database, orders, others }: Shop): void {
  database.begin(T);
  orders.insert({ id: 1 }, T);
  for (const id of [1, 2]) others.insert({ id }, T);
  database.begin(T + 1000);
  orders.insert({ id: 2 }, T + 1000);
  database.begin(T + 2000);
}

describe.each(["mariadb", "postgresql"] as const)("transactions of %s", (kind) => {
  it("have one name in their changes and at their end", async () => {
    const { writes, ends } = await read(kind, threeTransactions);
    expect(new Set(writes).size).toBe(2);
    expect(ends.map(({ transactionId }) => transactionId).slice(0, 2)).toEqual(writes);
    expect(writes[0]).toMatch(kind === "mariadb" ? /^'0-1-\d+$/ : /^'\d+$/);
  });

  it("end with their count, and those of the tables that are bound", async () => {
    const { ends } = await read(kind, threeTransactions);
    expect(ends.map(({ eventCount, tableCounts }) => [eventCount, tableCounts])).toEqual([
      [3n, '{"orders":1}'],
      [1n, '{"orders":1}'],
      [0n, "{}"],
    ]);
  });

  it("end at their own time, behind all that are in the topic before", async () => {
    const { ends } = await read(kind, threeTransactions);
    const whole = (time: number) => (kind === "mariadb" ? Math.floor(time / 1000) * 1000 : time);
    expect(ends.map(({ $time }) => $time)).toEqual([T, T + 1000, T + 2000].map(whole));
    expect(ends.map(({ $major, $minor }) => [$major, $minor])).toEqual([1, 3, 5].map((offset) => [0, offset]));
  });
});

it("DDL begins in MariaDB and never ends", async () => {
  const { ends } = await read("mariadb", ({ database, orders }) => {
    (database as MariaDb).alter(T);
    database.begin(T);
    orders.insert({ id: 1 }, T);
  });
  expect(ends.map(({ tableCounts }) => tableCounts)).toEqual(['{"orders":1}']);
});
