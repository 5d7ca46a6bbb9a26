import { setTimeout as sleep } from "node:timers/promises";
import { createConnection } from "mariadb";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Stack, startStack } from "../../stack/stack.ts";
import { MariadbReader } from "./mariadb-reader.ts";
import { PostgresReader } from "./postgres-reader.ts";
import type { TruthReader } from "./truth-reader.ts";

const NEVER = new AbortController().signal;
const TIMEOUT_MS = 1_000;
const BIG = "9007199254740993";

/** Servers of their own: they are killed. */
describe.each(["postgres", "mariadb"] as const)("a source of truth in %s", (kind) => {
  let stack: Stack;
  const readers: TruthReader[] = [];
  beforeAll(async () => {
    stack = await startStack({ services: [kind], ports: "free" });
    await execute("CREATE TABLE settled (id bigint, name varchar(20), currency varchar(3), net decimal(20, 4))");
    await execute(`INSERT INTO settled VALUES (${BIG}, 'it''s', 'EUR', 10.0100), (${BIG}, 'it''s', 'EUR', 0.9900)`);
    await execute(`INSERT INTO settled VALUES (1, 'x', 'USD', 12345678901234.5678)`);
  });
  afterAll(async () => {
    await Promise.all(readers.map((reader) => reader.close()));
    await stack.close();
  });

  async function execute(sql: string): Promise<void> {
    if (kind === "mariadb") {
      const connection = await createConnection(stack.mariadb);
      return connection.query(sql).finally(() => connection.end());
    }
    const client = new Client(stack.postgres);
    await client.connect();
    await client.query(sql).finally(() => client.end());
  }

  function reader(query: string, connections = 2): TruthReader {
    const { user, password, host, port, database } = stack[kind];
    const url = `${kind}://${user}:${password}@${host}:${port}/${database}`;
    const options = { source: "ledger", url, query, timeoutMs: TIMEOUT_MS, connections };
    const made = kind === "mariadb" ? new MariadbReader(options) : new PostgresReader(options);
    readers.push(made);
    return made;
  }

  const SUMS = "SELECT currency, sum(net) AS amount FROM settled WHERE id = $1 GROUP BY currency";
  const SLOW = { postgres: "SELECT pg_sleep($1) IS NULL AS wrong", mariadb: "SELECT sleep($1) = 1 AS wrong" }[kind];

  it("is asked by the parts of a key, and answers exactly", async () => {
    expect(await reader(SUMS).read(BIG, NEVER)).toEqual([{ currency: "EUR", amount: "11.0000" }]);
    expect(await reader(SUMS).read("1", NEVER)).toEqual([{ currency: "USD", amount: "12345678901234.5678" }]);
    expect(await reader(SUMS).read("2", NEVER)).toEqual([]);
    const two = reader("SELECT count(*) = 2 AS wrong FROM settled WHERE name = $2 AND id = $1 AND name = $2");
    const [row] = await two.read(`${BIG}|'it's`, NEVER);
    expect(Number(row!.wrong)).toBe(1);
  });

  it("is never written to", async () => {
    const writing =
      kind === "postgres"
        ? "WITH w AS (DELETE FROM settled WHERE id = $1 RETURNING 1) SELECT true AS wrong FROM w"
        : "DELETE FROM settled WHERE id = $1";
    const refused = expect.not.stringMatching(/WITH w|DELETE FROM/);
    await expect(reader(writing).read(BIG, NEVER)).rejects.toMatchObject({ code: "REREAD_FAILED", message: refused });
    expect(await reader(SUMS).read(BIG, NEVER)).toHaveLength(1);
  });

  it("holds up nobody for longer than its time when it is slow, and no other key", async () => {
    const slow = reader(SLOW, 3);
    const startedAt = performance.now();
    const late = Promise.allSettled([slow.read("30", NEVER), slow.read("30", NEVER)]);
    await slow.read("0", NEVER);
    expect(performance.now() - startedAt).toBeLessThan(TIMEOUT_MS);
    for (const outcome of await late)
      expect(outcome).toMatchObject({ reason: { code: "REREAD_FAILED", retryable: true } });
    expect(performance.now() - startedAt).toBeLessThan(3 * TIMEOUT_MS);
    await slow.read("0", NEVER);
  });

  it("has its time from its turn on, and waits for its turn as long as it takes", async () => {
    const one = reader(SLOW, 1);
    const all = await Promise.allSettled(["30", "0", "30", "0"].map((key) => one.read(key, NEVER)));
    expect(all.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected", "fulfilled"]);
  });

  it("is broken off when nobody waits any more", async () => {
    const controller = new AbortController();
    const read = reader(SLOW).read("30", controller.signal);
    await sleep(100);
    controller.abort();
    await expect(read).rejects.toMatchObject({ code: "REREAD_FAILED" });
  });

  it("is told from an answer when it is down, shows no password, and is found again", async () => {
    const sums = reader(SUMS);
    await sums.read(BIG, NEVER);
    await stack.kill(kind);
    const error = await sums.read(BIG, NEVER).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "REREAD_FAILED" });
    expect(JSON.stringify(error)).not.toContain(`:${stack[kind].password}@`);
    await stack.start(kind);
    await expect.poll(() => sums.read(BIG, NEVER).catch(() => [])).toHaveLength(1);
  });
});
