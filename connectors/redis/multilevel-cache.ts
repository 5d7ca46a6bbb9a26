import type { RedisClient } from "./client.ts";
import { type Dated, type HotOptions, HotValues } from "./hot-values.ts";
import { SharedValues } from "./shared-values.ts";

/** How a cache is made. Times in ms. */
export interface CacheOptions<V> {
  /** Reads the value of a key at the source; what it rejects with goes to whoever asked. */
  readonly load: (key: string, signal: AbortSignal) => Promise<V>;
  /** Shared with other processes; without it there are two levels. The caller closes it. */
  readonly redis?: RedisClient | undefined;
  /** Begins the names of the keys in Redis. */
  readonly prefix: string;
  /** Longest time for which a value is used. */
  readonly liveMs: number;
  /** When a key is known to have changed last, in epoch ms; what was begun to be read by then is not used. */
  readonly changedAt?: (key: string) => number;
  readonly hot?: Partial<HotOptions>;
}

/** Questions, by the level that answered them. */
export interface CacheMetrics {
  readonly local: number;
  readonly redis: number;
  readonly source: number;
  /** Questions and news that Redis did not take. */
  readonly redisFailures: number;
  /** Hot keys that are kept in this process. */
  readonly hotKeys: number;
}

const HOT: HotOptions = { hotFrom: 3, halveEveryMs: 10_000, most: 1_000 };

/**
 * Values in three levels: those of hot keys in this process, all in Redis, and the source that they come from. What changes
 * is known from change events, and from then on is read anew; where Redis is away the source is asked.
 *
 * The idea of finding hot keys by their frequency, and of keeping only those in the process, is that of YouZan's
 * Transparent Multilevel Cache.
 */
export class MultilevelCache<V> {
  readonly #options: CacheOptions<V>;
  readonly #hot: HotValues<V>;
  readonly #shared: SharedValues | undefined;
  /** By key, what is being read. */
  readonly #reading = new Map<string, Reading<V>>();
  /** What may be in Redis, by this process, with when it was begun to be read; the oldest comes first. */
  readonly #filled = new Map<string, number>();
  readonly #counts = { local: 0, redis: 0, source: 0 };

  constructor(options: CacheOptions<V>) {
    const { redis, prefix, liveMs } = options;
    this.#options = options;
    this.#hot = new HotValues({ ...HOT, ...options.hot });
    this.#shared = redis && new SharedValues(redis, prefix, liveMs);
  }

  get metrics(): CacheMetrics {
    return { ...this.#counts, redisFailures: this.#shared?.failures ?? 0, hotKeys: this.#hot.size };
  }

  /**
   * The value of a key as it was `since` or later, in epoch ms, and no longer than `liveMs` ago. Those who ask for the same
   * at the same time share one answer, and the signal of the first.
   */
  get(key: string, signal: AbortSignal, since = 0): Promise<Dated<V>> {
    const now = Date.now();
    const own = this.#hot.ask(key, now);
    if (own !== undefined && this.#isFresh(key, own.readAt, since)) {
      this.#counts.local++;
      return Promise.resolve(own);
    }
    const known = this.#reading.get(key);
    if (known !== undefined && this.#isFresh(key, known.readAt, since)) return known.result;
    const reading: Reading<V> = { readAt: now, isOutdated: false, result: undefined! };
    const result = this.#read(key, since, reading, signal).finally(() => {
      if (this.#reading.get(key) === reading) this.#reading.delete(key);
    });
    reading.result = result;
    this.#reading.set(key, reading);
    return result;
  }

  /** What was read of a key until now is not used from this call on, in any level. Never rejects. */
  async changed(key: string): Promise<void> {
    this.#hot.delete(key);
    this.#filled.delete(key);
    const reading = this.#reading.get(key);
    if (reading !== undefined) reading.isOutdated = true;
    this.#reading.delete(key);
    await this.#shared?.drop(key);
  }

  /** Drops what has changed of what this process has read, in Redis too, so that other processes read it anew. */
  async sweep(): Promise<void> {
    const { changedAt, liveMs } = this.#options;
    if (changedAt === undefined) return;
    const old = Date.now() - liveMs;
    const changed: string[] = [];
    for (const [key, readAt] of this.#filled) {
      if (changedAt(key) >= readAt) changed.push(key);
      else if (readAt < old) this.#filled.delete(key);
    }
    await Promise.all(changed.map((key) => this.changed(key)));
  }

  #isFresh(key: string, readAt: number, since: number): boolean {
    const { liveMs, changedAt } = this.#options;
    return readAt >= since && Date.now() - readAt < liveMs && readAt > (changedAt?.(key) ?? 0);
  }

  async #read(key: string, since: number, reading: Reading<V>, signal: AbortSignal): Promise<Dated<V>> {
    const shared = await this.#shared?.read(key);
    const found = datedIn<V>(shared?.text);
    if (found !== undefined && this.#isFresh(key, found.readAt, since)) {
      this.#counts.redis++;
      this.#keep(key, found, reading);
      return found;
    }
    this.#counts.source++;
    const readAt = Date.now();
    const dated = { value: await this.#options.load(key, signal), readAt };
    if (!this.#keep(key, dated, reading) || shared?.version === undefined) return dated;
    this.#filled.delete(key);
    this.#filled.set(key, readAt);
    if (this.#filled.size > MOST_FILLED) this.#filled.delete(this.#filled.keys().next().value!);
    // Nobody waits for it.
    void this.#shared?.fill(key, JSON.stringify(dated), shared.version);
    return dated;
  }

  /** False where it changed while it was read. */
  #keep(key: string, dated: Dated<V>, { isOutdated }: Reading<V>): boolean {
    const isGood = !isOutdated && this.#isFresh(key, dated.readAt, 0);
    if (isGood) this.#hot.offer(key, dated, Date.now());
    return isGood;
  }
}

/** What somebody else has put there under the name is none of ours. */
function datedIn<V>(text: string | undefined): Dated<V> | undefined {
  if (text === undefined) return undefined;
  try {
    const found = JSON.parse(text) as Partial<Dated<V>> | null;
    return typeof found?.readAt === "number" && "value" in found ? (found as Dated<V>) : undefined;
  } catch {
    return undefined;
  }
}

interface Reading<V> {
  readonly readAt: number;
  /** It is known to have changed meanwhile. */
  isOutdated: boolean;
  result: Promise<Dated<V>>;
}

/** Keys that this process remembers to have put into Redis. */
const MOST_FILLED = 10_000;
