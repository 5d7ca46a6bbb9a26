import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestRedis } from "../../test/support/test-redis.ts";
import { type CacheOptions, MultilevelCache } from "./multilevel-cache.ts";

const NEVER = new AbortController().signal;

/** A source whose values are numbers that change. */
class Source {
  value = 1;
  reads = 0;
  delayMs = 0;

  readonly load = async (): Promise<number> => {
    this.reads++;
    const { value } = this;
    await sleep(this.delayMs);
    return value;
  };
}

describe("a cache of hot values, Redis and a source", () => {
  let redis: TestRedis;
  let source: Source;
  beforeEach(async () => {
    redis = await TestRedis.start({ seasoned: false });
    source = new Source();
  });
  afterEach(() => redis.close());

  function cache(options: Partial<CacheOptions<number>> = {}): MultilevelCache<number> {
    return new MultilevelCache({
      load: source.load,
      redis: redis.client(),
      prefix: "test:",
      liveMs: 5_000,
      ...options,
    });
  }
  const ask = async (from: MultilevelCache<number>, since?: number) => (await from.get("key", NEVER, since)).value;

  it("asks the source once, then Redis, then nobody any more", async () => {
    const [one, other] = [cache(), cache()];
    expect(await ask(one)).toBe(1);
    await sleep(50);
    for (let i = 0; i < 10; i++) expect(await ask(other)).toBe(1);
    expect(source.reads).toBe(1);
    expect(one.metrics).toMatchObject({ local: 0, redis: 0, source: 1 });
    expect(other.metrics).toMatchObject({ local: 7, redis: 3, source: 0, hotKeys: 1 });
  });

  it("has one question for all that is asked at the same time", async () => {
    source.delayMs = 100;
    const one = cache();
    expect(await Promise.all(Array.from({ length: 20 }, () => ask(one)))).toEqual(Array(20).fill(1));
    expect(source.reads).toBe(1);
  });

  it("reads anew what has changed, at once and in all processes", async () => {
    const [one, other] = [cache(), cache()];
    for (let i = 0; i < 4; i++) await ask(one);
    source.value = 2;
    await one.changed("key");
    expect(await ask(one)).toBe(2);
    expect(await ask(other)).toBe(2);
  });

  it("does not let a slow read bring back what changed meanwhile", async () => {
    const [one, other] = [cache(), cache()];
    source.delayMs = 200;
    const slow = ask(one);
    await sleep(100);
    source.value = 2;
    source.delayMs = 0;
    await other.changed("key");
    expect(await slow).toBe(1);
    await sleep(50);
    expect(await ask(cache())).toBe(2);
  });

  it("takes no slow read into a Redis that lost its data meanwhile", async () => {
    const one = cache();
    source.delayMs = 1_500;
    const slow = ask(one);
    await sleep(100);
    await redis.kill();
    source.value = 2;
    await redis.start();
    await slow;
    source.delayMs = 0;
    await sleep(1_200);
    expect(await ask(cache())).toBe(2);
  });

  it("uses nothing that was read before change events told of a change", async () => {
    let changedAt = 0;
    const options = { changedAt: () => changedAt };
    const [one, other] = [cache(options), cache(options)];
    for (let i = 0; i < 4; i++) await ask(one);
    source.value = 2;
    changedAt = Date.now();
    await sleep(5);
    expect([await ask(one), await ask(other)]).toEqual([2, 2]);
    source.value = 3;
    changedAt = Date.now();
    await sleep(5);
    await one.sweep();
    // Who does not see change events finds nothing old either.
    expect(await ask(cache())).toBe(3);
  });

  it("gives what is as new as it was asked for", async () => {
    const one = cache();
    await ask(one);
    source.value = 2;
    expect(await ask(one)).toBe(1);
    expect(await ask(one, Date.now())).toBe(2);
  });

  it("asks the source while Redis is away, and trusts nothing there that it could not drop", async () => {
    const one = cache({ hot: { hotFrom: 1_000 } });
    expect(await ask(one)).toBe(1);
    await sleep(50);
    redis.freeze();
    source.value = 2;
    await one.changed("key");
    expect(await ask(one)).toBe(2);
    redis.thaw();
    await sleep(100);
    expect(await ask(one)).toBe(2);
    await redis.kill();
    expect(await ask(one)).toBe(2);
    expect(one.metrics.redisFailures).toBeGreaterThan(0);
  });

  it("takes nothing from Redis that is none of its own", async () => {
    for (const text of ["no JSON", "null", "7", '{"readAt": "now"}']) {
      const one = cache();
      await redis.client().run("return redis.call('SET', KEYS[1], ARGV[1])", ["{test:key}:value"], [text]);
      expect(await ask(one)).toBe(1);
      expect(one.metrics).toMatchObject({ redis: 0, source: 1 });
    }
  });

  it("does not fail where there is no Redis at all", async () => {
    const one = cache({ redis: undefined });
    for (let i = 0; i < 5; i++) expect(await ask(one)).toBe(1);
    expect(one.metrics).toMatchObject({ local: 2, redis: 0, source: 3 });
  });
});
