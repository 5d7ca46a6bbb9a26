import { Redis, ReplyError } from "ioredis";
import { CountercheckError, messageOf } from "../../base/errors.ts";

/** How a Redis server is reached. */
export interface RedisOptions {
  /** `redis://user:password@host:port/database`, or `rediss://` for TLS with the machine's authorities. A secret. */
  readonly url: string;
  /** TLS with these PEM texts: the authority that signed the server's certificate, the client's own with its key. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Until a connection is given up, in ms. Default 2 s. */
  readonly connectTimeoutMs?: number;
  /** Until an answer is given up, in ms. Default 1 s. */
  readonly commandTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 2_000;
const COMMAND_TIMEOUT_MS = 1_000;
const MOST_WAIT_MS = 1_000;

/** A connection that was lost. */
const AWAY: ReadonlySet<string> = new Set(["reconnecting", "close", "end"]);

/** What no repetition mends. */
const REFUSED = /^(?:WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR invalid password|ERR unknown command|NOSCRIPT)/;

/**
 * A connection to a Redis server, made when it is first needed and again when it was lost. No command is ever sent twice,
 * and none waits for a server that is away: it fails at once, with REDIS_UNAVAILABLE, or REDIS_REFUSED where trying again
 * helps nobody. The owner closes it.
 */
export class RedisClient {
  /** `host:port`, for people. */
  readonly address: string;
  readonly #redis: Redis;
  readonly #firstWithinMs: number;
  #trouble: unknown;

  constructor(options: RedisOptions) {
    const { hostname, port, protocol } = new URL(options.url);
    const connectTimeout = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    this.address = `${hostname}:${port || 6379}`;
    this.#firstWithinMs = connectTimeout;
    this.#redis = new Redis(options.url, {
      lazyConnect: true,
      connectTimeout,
      commandTimeout: options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS,
      // A lock that is set a second time, seconds later, is another lock.
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), MOST_WAIT_MS),
      // One that was the master and is no longer.
      reconnectOnError: (error) => error.message.startsWith("READONLY"),
      disableClientInfo: true,
      // Proxies speak no newer one.
      protocol: 2,
      ...(options.tls !== undefined || protocol === "rediss:" ? { tls: { ...options.tls } } : {}),
    });
    this.#redis.on("error", (error) => {
      this.#trouble = error;
    });
    this.#redis.on("ready", () => {
      this.#trouble = undefined;
    });
  }

  /** Runs a Lua script at the server, which does nothing else meanwhile. */
  run(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.#ask((redis) => redis.eval(script, keys.length, ...keys, ...args));
  }

  /** Never rejects, and waits for no answer. */
  close(): void {
    this.#redis.disconnect();
  }

  async #ask<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      await this.#connected();
      return await command(this.#redis);
    } catch (error) {
      const cause = error instanceof ReplyError ? error : (this.#trouble ?? error);
      const reason = messageOf(cause) || "the connection failed";
      const code = REFUSED.test(reason) ? "REDIS_REFUSED" : "REDIS_UNAVAILABLE";
      throw new CountercheckError(code, { server: this.address, reason }, { cause: error });
    }
  }

  /** Waits for the first connection; one that was lost is not waited for. */
  async #connected(): Promise<void> {
    const redis = this.#redis;
    if (redis.status === "ready") return;
    if (redis.status === "wait") redis.connect().catch(() => undefined);
    if (AWAY.has(redis.status)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        for (const event of ["ready", "close", "end"]) redis.off(event, done);
        resolve();
      };
      const timer = setTimeout(done, this.#firstWithinMs);
      for (const event of ["ready", "close", "end"]) redis.once(event, done);
    });
  }
}
