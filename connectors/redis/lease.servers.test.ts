import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { TestRedis } from "../../test/support/test-redis.ts";
import { RedisClient } from "./client.ts";
import { Lease, type LeaseOptions, leaseTaker } from "./lease.ts";

const OPTIONS: LeaseOptions = { name: "run:payments", leaseMs: 1_000 };

let redis: TestRedis;
afterEach(() => redis.close());

async function taken(options = OPTIONS): Promise<Lease> {
  const take = leaseTaker(redis.client(), options);
  for (;;) {
    const lease = await take();
    if (lease instanceof Lease) return lease;
    await sleep(20);
  }
}

describe("a lease", () => {
  it("is held by one, and renewed for as long as it is wanted", async () => {
    redis = await TestRedis.start();
    const lease = await taken();
    await sleep(2_500);
    expect(lease.isHeld()).toBe(true);
    const other = await leaseTaker(redis.client(), OPTIONS)();
    expect(other).toMatchObject({ holder: expect.stringContaining(`process ${process.pid} on `) });
    await lease.release();
    expect(lease.isHeld()).toBe(false);
    expect(await leaseTaker(redis.client(), OPTIONS)()).toBeInstanceOf(Lease);
  });

  it("has a token above that of every holder before", async () => {
    redis = await TestRedis.start();
    const tokens: number[] = [];
    for (let i = 0; i < 20; i++) {
      const lease = await taken();
      tokens.push(lease.token);
      await lease.release();
    }
    expect(tokens).toEqual([...new Set(tokens)].sort((one, other) => one - other));
  });

  it("is over for its holder before another has it, when the server does not answer", async () => {
    redis = await TestRedis.start();
    const lease = await taken();
    redis.freeze();
    await Promise.all([sleep(1_000), new Promise((resolve) => lease.signal.addEventListener("abort", resolve))]);
    expect(() => lease.requireHeld()).toThrow(expect.objectContaining({ code: "LOCK_LOST" }));
    redis.thaw();
    const next = await taken();
    expect(next.token).toBeGreaterThan(lease.token);
    expect(lease.isHeld()).toBe(false);
  });

  it("outlives a server that is killed and comes back without its data, and nobody else gets it meanwhile", async () => {
    redis = await TestRedis.start();
    const options = { ...OPTIONS, leaseMs: 3_000 };
    const lease = await taken(options);
    await redis.kill();
    await redis.start();
    const refusal = await leaseTaker(redis.client(), options)();
    expect(refusal).not.toBeInstanceOf(Lease);
    await sleep(3_500);
    expect(lease.isHeld()).toBe(true);
    expect(await leaseTaker(redis.client(), options)()).toMatchObject({ holder: expect.stringContaining("process") });
  });

  it("has a token that does not go back with a server that lost its data", async () => {
    redis = await TestRedis.start();
    const tokens: number[] = [];
    for (let i = 0; i < 3; i++) {
      const lease = await taken();
      tokens.push(lease.token);
      await redis.kill();
      await lease.release();
      await redis.start();
    }
    expect(tokens).toEqual([...tokens].sort((one, other) => one - other));
    expect(new Set(tokens).size).toBe(3);
  });

  it("is not taken back by who lost it, once another had it", async () => {
    redis = await TestRedis.start();
    const [first, second] = [redis.client(), redis.client()];
    const lease = await taken();
    await second.run("redis.call('DEL', KEYS[1])", ["{run:payments}:holder"], []);
    const other = (await leaseTaker(second, OPTIONS)()) as Lease;
    await other.release();
    await sleep(500);
    expect(lease.isHeld()).toBe(false);
    expect(await leaseTaker(first, OPTIONS)()).toBeInstanceOf(Lease);
  });
});

describe("a server with a password", () => {
  it("refuses another, which is told from a server that is away, and not shown", async () => {
    redis = await TestRedis.start({ seasoned: false, password: "right-one" });
    expect(await redis.client().run("return 1", [], [])).toBe(1);
    for (const login of [":wrong-one@", ""]) {
      const client = new RedisClient({ url: redis.url.replace(":right-one@", login) });
      const error = await client.run("return 1", [], []).catch((error: unknown) => error);
      client.close();
      expect(error).toMatchObject({ code: "REDIS_REFUSED", retryable: false });
      expect(String(error)).not.toContain("wrong-one");
    }
  });
});

describe("a server that is not there", () => {
  it("is told of at once, and found again when it is back", async () => {
    redis = await TestRedis.start();
    const client = redis.client();
    await client.run("return 1", [], []);
    await redis.kill();
    await expect(client.run("return 1", [], [])).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE", retryable: true });
    await redis.start();
    await expect.poll(() => client.run("return 1", [], []).catch(() => undefined)).toBe(1);
  });
});
