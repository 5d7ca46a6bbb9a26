import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { messageOf } from "../base/errors.ts";
import { readConfig } from "./config.ts";
import { openRedis } from "./redis-config.ts";
import { shopConfig } from "./shop-log.ts";

const dir = mkdtempSync(join(tmpdir(), "countercheck-redis-config-"));
afterAll(() => rmSync(dir, { recursive: true }));
const reference = (name: string) => `$${`{env:${name}}`}`;

function read(changes: object) {
  const file = join(dir, "config.json");
  writeFileSync(file, JSON.stringify({ ...shopConfig("log", "out"), ...changes }));
  return readConfig(file);
}

function problemOf(act: () => unknown): string {
  try {
    act();
    return "";
  } catch (error) {
    return messageOf(error);
  }
}

const SQL = { sql: { source: "ledger", query: "SELECT currency, amount FROM t WHERE id = $1" } };
const HOOK = { url: "https://hooks.example/a", secret: reference("S"), acts: true };

describe("a configuration with Redis", () => {
  it("has one on this machine, and a lease of 15 s, unless it says otherwise", () => {
    const { lock, redis } = read({ redis: {}, lock: { redis: {} } });
    expect(lock).toEqual({ leaseMs: 15_000, redis: { prefix: "countercheck:" } });
    const client = openRedis(redis!, "config.json");
    expect(client.address).toBe("127.0.0.1:6379");
    client.close();
  });

  it.each([
    [{ lock: { redis: {} } }, "lock.redis: it needs `redis` beside `sources`"],
    [{ redis: {}, lock: { redis: { lease: "100ms" } } }, "lock.redis.lease: expected a lease of 500ms at least"],
    [{ redis: {}, lock: { redis: { lease: "25h" } } }, "lock.redis.lease: expected a lease of 1d at most"],
    [{ redis: {}, lock: { redis: { lease: "1d" } } }, ""],
    [{ redis: { url: "redis://me:secret@there" } }, "redis.url: expected a reference"],
    [{ redis: { prefix: "a b" } }, "redis.prefix: expected letters"],
    [{ notify: { ops: { webhook: HOOK } } }, "notify.ops.webhook.acts: it needs `lock`"],
    [{ redis: {}, lock: { redis: {} }, notify: { ops: { webhook: HOOK } } }, ""],
    [{ reread: { c: {} } }, "reread.c: expected either `wrong`, or `actual` or `expected` or both"],
    [{ reread: { c: { wrong: SQL, actual: SQL } } }, "reread.c: expected either `wrong`"],
    [{ reread: { c: { actual: { sql: { source: "ledger", query: "SELECT 1" } } } } }, "asks for the key, as $1"],
    [{ reread: { c: { actual: { sql: { source: "ledger", query: "DELETE FROM t WHERE id = $1" } } } } }, "a SELECT"],
    [{ reread: { c: { wrong: { http: { url: "http://far.example/{1}" } } } } }, "everyone on the way could read it"],
    [{ reread: { c: { wrong: { http: { url: "http://127.0.0.1/{1}" } } } } }, ""],
    [{ reread: { c: { wrong: SQL, timeout: "2m" } } }, "reread.c.timeout: expected a time of up to 30s"],
    [{ reread: { c: { actual: SQL, expected: SQL } } }, ""],
  ])("says what is wrong with it: %j", (changes, says) => {
    const problem = problemOf(() => read(changes));
    if (says === "") expect(problem).toBe("");
    else expect(problem).toContain(says);
  });

  it.each([
    ["not a url", "it refers to no URL that begins with redis://"],
    ["http://127.0.0.1", "it refers to no URL that begins with redis://"],
    ["redis://me:secret@far.example:6379", "by redis:// the password would go to far.example:6379"],
  ])("refuses the address %s, and shows no password", (url, says) => {
    process.env.REDIS_CONFIG_TEST_URL = url;
    const problem = problemOf(() => openRedis({ url: reference("REDIS_CONFIG_TEST_URL"), prefix: "" }, "config.json"));
    expect(problem).toContain(says);
    expect(problem).not.toContain("me:secret");
  });
});
