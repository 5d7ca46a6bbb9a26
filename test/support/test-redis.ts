import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RedisClient } from "../../connectors/redis/client.ts";
import { freePorts } from "../../stack/ports.ts";
import { tool } from "../../stack/tools.ts";

/** A Redis server of a test's own, which can be killed, frozen and started again on its port. */
export class TestRedis {
  readonly url: string;
  readonly #port: number;
  readonly #dir = mkdtempSync(join(tmpdir(), "countercheck-redis-"));
  readonly #clients: RedisClient[] = [];
  readonly #options: readonly string[];
  #server: ChildProcess | undefined;

  private constructor(port: number, password: string | undefined) {
    this.#port = port;
    this.#options = password === undefined ? [] : ["--requirepass", password];
    this.url = `redis://${password === undefined ? "" : `:${password}@`}127.0.0.1:${port}`;
  }

  /** Starts one that has run for so many seconds already, as far as leases are concerned. */
  static async start({ seasoned = true, password = undefined as string | undefined } = {}): Promise<TestRedis> {
    const server = new TestRedis((await freePorts()).redis.redis!, password);
    await server.start();
    if (seasoned) await sleep(1_100);
    return server;
  }

  /** Starts it, with nothing of what it had. */
  async start(): Promise<void> {
    const args = ["--bind", "127.0.0.1", "--port", String(this.#port), "--dir", this.#dir, "--save", ""];
    this.#server = spawn(tool("redis-server"), [...args, ...this.#options], { stdio: "ignore" });
    const client = new RedisClient({ url: this.url });
    while (
      !(await client.run("return 1", [], []).then(
        () => true,
        () => false,
      ))
    )
      await sleep(20);
    client.close();
  }

  /** Kills it, as `kill -9` does. */
  async kill(): Promise<void> {
    const server = this.#server!;
    server.kill("SIGKILL");
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
  }

  /** It is there, and answers nothing. */
  freeze(): void {
    this.#server!.kill("SIGSTOP");
  }

  thaw(): void {
    this.#server!.kill("SIGCONT");
  }

  /** A client that is closed with the server. */
  client(): RedisClient {
    const client = new RedisClient({ url: this.url, commandTimeoutMs: 300 });
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    this.thaw();
    await this.kill();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
