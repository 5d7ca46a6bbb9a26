import { randomUUID } from "node:crypto";
import { isError } from "../../base/errors.ts";
import type { RedisClient } from "./client.ts";

/** A value with the version under which it was read, to be filled in with. */
export interface SharedRead {
  /** JSON text; undefined where there is none. */
  readonly text: string | undefined;
  /** What `fill` must be given with what is read at the source from now on; undefined where Redis is away. */
  readonly version: string | undefined;
}

/** KEYS: value, version. ARGV: version to begin with, how long versions are kept. */
const READ = `
  local version = redis.call('GET', KEYS[2])
  if not version then
    version = ARGV[1]
    redis.call('SET', KEYS[2], version, 'PX', ARGV[2])
  end
  return {redis.call('GET', KEYS[1]) or '', version}`;

/** ARGV: version that was read before, value, how long it is kept. What changed meanwhile is not filled in. */
const FILL = `
  if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1`;

/** ARGV: a version that was never there, how long versions are kept. */
const DROP = `
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
  return redis.call('DEL', KEYS[1])`;

/** A version outlives all that was read under it. */
const VERSIONS_LIVE = 10;
/** Keys that could not be dropped are remembered for as long as their values live; of more than that, all are distrusted. */
const MOST_DISTRUSTED = 10_000;

/**
 * Values in Redis, for all processes that ask. Nothing here ever rejects: where Redis is away there is no value. A fill
 * that was slow cannot bring back what changed meanwhile, since it carries the version that was there before it read; a
 * Redis that has lost its data knows no such version and takes no such fill.
 */
export class SharedValues {
  readonly #redis: RedisClient;
  readonly #prefix: string;
  readonly #liveMs: number;
  readonly #distrusted = new Map<string, number>();
  #allDistrustedUntil = 0;
  /** Questions that Redis did not answer. */
  failures = 0;

  /** `prefix` begins the names of the keys there, and `liveMs` is how long values are kept. */
  constructor(redis: RedisClient, prefix: string, liveMs: number) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#liveMs = liveMs;
  }

  async read(key: string): Promise<SharedRead> {
    if (this.#isDistrusted(key)) return NOTHING;
    const answer = await this.#ask(READ, key, [randomUUID(), VERSIONS_LIVE * this.#liveMs]);
    if (answer === undefined || this.#isDistrusted(key)) return NOTHING;
    const [text, version] = answer as [string, string];
    return { text: text === "" ? undefined : text, version };
  }

  async fill(key: string, text: string, version: string): Promise<void> {
    if (!this.#isDistrusted(key)) await this.#ask(FILL, key, [version, text, this.#liveMs]);
  }

  /** The value of a key is no longer true. From this call on it is not read here, whether Redis can be told or not. */
  async drop(key: string): Promise<void> {
    this.#distrust(key);
    const answer = await this.#ask(DROP, key, [randomUUID(), VERSIONS_LIVE * this.#liveMs]);
    if (answer !== undefined) this.#distrusted.delete(key);
  }

  async #ask(script: string, key: string, args: readonly (string | number)[]): Promise<unknown> {
    const name = `{${this.#prefix}${key}}`;
    try {
      return await this.#redis.run(script, [`${name}:value`, `${name}:version`], args);
    } catch (error) {
      if (!isError(error)) throw error;
      this.failures++;
      return undefined;
    }
  }

  #isDistrusted(key: string): boolean {
    const now = Date.now();
    if (now < this.#allDistrustedUntil) return true;
    const until = this.#distrusted.get(key);
    if (until === undefined) return false;
    if (now < until) return true;
    this.#distrusted.delete(key);
    return false;
  }

  #distrust(key: string): void {
    const until = Date.now() + this.#liveMs;
    if (this.#distrusted.size >= MOST_DISTRUSTED) {
      this.#distrusted.clear();
      this.#allDistrustedUntil = until;
    }
    this.#distrusted.set(key, until);
  }
}

const NOTHING: SharedRead = { text: undefined, version: undefined };
