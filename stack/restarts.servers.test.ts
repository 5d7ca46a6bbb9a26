import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnection } from "mariadb";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isFree } from "./ports.ts";
import { type Stack, startStack } from "./stack.ts";

/** Those that start quickly: the shared servers are running beside. */
describe("a stack of one's own", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ services: ["registry", "mariadb", "postgres", "redis"], ports: "free" });
  });
  afterAll(() => stack?.close());

  it("knows its ids again after the registry was killed", async () => {
    const first = await register("one", "A");
    const second = await register("two", "B");
    await stack.kill("registry");
    await expect(fetch(stack.registry.url)).rejects.toThrow();
    await stack.start("registry");
    expect(await register("two", "B")).toBe(second);
    const answer = await fetch(`${stack.registry.url}/schemas/ids/${first}`);
    expect(await answer.json()).toMatchObject({ schema: schemaOf("A") });
    expect(await register("three", "C")).toBeGreaterThan(second);
  });

  it("keeps what the databases committed, killed or stopped", async () => {
    await maria("create table kept (id int primary key)");
    await postgres("create table kept (id int primary key)");
    for (const [id, end] of [stack.kill, stack.stop].entries()) {
      await maria(`insert into kept values (${id})`);
      await postgres(`insert into kept values (${id})`);
      await Promise.all([end("mariadb"), end("postgres")]);
      await stack.start("mariadb", "postgres");
    }
    expect(await maria("select id from kept order by id")).toEqual([{ id: 0 }, { id: 1 }]);
    expect(await postgres("select id from kept order by id")).toEqual([{ id: 0 }, { id: 1 }]);
  });

  it("says what runs, and starts nothing twice", async () => {
    const before = (await stack.status()).find(({ name }) => name === "redis");
    expect(before).toMatchObject({ state: "ready", version: "7" });
    await stack.start("redis");
    expect((await stack.status()).find(({ name }) => name === "redis")).toMatchObject({ pids: before!.pids });
    await stack.stop("redis");
    expect((await stack.status()).find(({ name }) => name === "redis")).toMatchObject({ state: "stopped", pids: [] });
  });

  async function register(subject: string, name: string): Promise<number> {
    const response = await fetch(`${stack.registry.url}/subjects/${subject}/versions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ schema: schemaOf(name) }),
    });
    return ((await response.json()) as { id: number }).id;
  }

  async function maria(sql: string): Promise<unknown> {
    const connection = await createConnection(stack.mariadb);
    return connection.query(sql).finally(() => connection.end());
  }

  async function postgres(sql: string): Promise<unknown> {
    const client = new Client(stack.postgres);
    await client.connect();
    return client
      .query(sql)
      .then(({ rows }) => rows)
      .finally(() => client.end());
  }
});

describe("what cannot be started", () => {
  it("is named with the port that is taken", async () => {
    const first = await startStack({ services: ["redis"], ports: "free" });
    const folder = mkdtempSync(join(tmpdir(), "countercheck-taken-"));
    try {
      cpSync(join(first.folder, "stack.json"), join(folder, "stack.json"));
      await expect(startStack({ services: ["redis"], folder })).rejects.toThrow(
        `redis cannot be started: another process listens on port ${first.redis.port} of this machine.`,
      );
    } finally {
      await first.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("is told with the end of its log", async () => {
    const folder = mkdtempSync(join(tmpdir(), "countercheck-broken-"));
    try {
      // The log of appended commands is where Redis looks for it, and is none.
      mkdirSync(join(folder, "redis", "appendonlydir"), { recursive: true });
      writeFileSync(join(folder, "redis", "appendonlydir", "appendonly.aof.manifest"), "damaged\n");
      await expect(startStack({ services: ["redis"], ports: "free", folder })).rejects.toThrow(
        /^redis could not be started: it ended by itself\. \S+redis\.log ends with: \n.*AOF/s,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("a process that is killed with a stack of its own", () => {
  it("leaves neither servers nor files", async () => {
    const script = `
      import { startStack } from "${join(import.meta.dirname, "stack.ts")}";
      const { folder, redis } = await startStack({ services: ["redis"], ports: "free" });
      console.log(JSON.stringify({ folder, port: redis.port }));
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", script]);
    const text = await new Promise<string>((resolve) => child.stdout.once("data", (bytes) => resolve(String(bytes))));
    const { folder, port } = JSON.parse(text) as { folder: string; port: number };
    expect(await isFree(port)).toBe(false);
    child.kill("SIGKILL");
    await expect.poll(() => existsSync(folder)).toBe(false);
    expect(await isFree(port)).toBe(true);
  });
});

function schemaOf(name: string): string {
  return JSON.stringify({ type: "record", name, fields: [{ name: "id", type: "long" }] });
}
