import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FollowingRun, GrowingShop } from "../savepoints/growing-shop.ts";
import { TemporaryFolder } from "../support/cli.ts";
import { TestRedis } from "../support/test-redis.ts";

const ORDERS = 300;
/** Longer than a machine that has much to do lets a process wait. */
const LEASE = "5s";

describe("the processes that may run a job", { timeout: 180_000 }, () => {
  let folder: TemporaryFolder;
  let shop: GrowingShop;
  let redis: TestRedis;

  beforeEach(async () => {
    folder = new TemporaryFolder();
    shop = await GrowingShop.make(folder.path, ORDERS);
    redis = await TestRedis.start();
    process.env.TURNS_REDIS_URL = redis.url;
    shop.growTo(0.3);
    const reference = `$${"{env:TURNS_REDIS_URL}"}`;
    shop.config("shared", { redis: { url: reference }, lock: { redis: { lease: LEASE } } });
    shop.config("whole");
  });
  afterEach(async () => {
    shop[Symbol.dispose]();
    await redis.close();
    folder[Symbol.dispose]();
  });

  /** Waits until a run has emitted more than these, and says so when it ends instead. */
  async function emits(run: FollowingRun, more = 0): Promise<void> {
    const failed = run.ended.then(({ code, stderr }) => Promise.reject(new Error(`it ended with ${code}: ${stderr}`)));
    await Promise.race([shop.emits("shared", more), failed]);
  }

  /** What a run that nothing happened to leaves of the same log. */
  async function isAsUndisturbed(): Promise<void> {
    const whole = await shop.runToEnd("whole");
    const rest = await shop.runToEnd("shared");
    expect(rest.history).toEqual(whole.history);
    expect(rest.alerts).toEqual(whole.alerts);
    expect(shop.counts("shared")).toEqual(shop.counts("whole"));
  }

  it("are told of the one that does", async () => {
    const first = shop.follow("shared");
    await emits(first);
    const second = await shop.follow("shared").ended;
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining(`process ${first.pid} on`) });
    expect(second.stderr).toContain("LOCK_HELD");
    first.kill("SIGINT");
    expect(await first.ended).toMatchObject({ code: 0 });
  });

  it("follow each other when one is killed", async () => {
    const first = shop.follow("shared");
    await emits(first);
    const second = shop.follow("shared", ["--standby"]);
    first.kill("SIGKILL");
    const before = (await shop.emitted("shared")).length;
    shop.growTo(0.6);
    await emits(second, before);
    second.kill("SIGINT");
    expect(await second.ended).toMatchObject({ code: 0 });
    shop.growTo(1);
    await isAsUndisturbed();
  });

  it("refuse the late write of one that stood still past its lease", async () => {
    const first = shop.follow("shared");
    await emits(first);
    // Who is stopped in the midst of a transaction keeps the desk's file locked, on the same machine.
    await shop.settles("shared");
    first.kill("SIGSTOP");
    const second = shop.follow("shared", ["--standby"]);
    const before = (await shop.emitted("shared")).length;
    shop.growTo(0.6);
    await emits(second, before);
    first.kill("SIGCONT");
    shop.growTo(0.8);
    expect(await first.ended).toMatchObject({ code: 1, stderr: expect.stringContaining("LOCK_LOST") });
    second.kill("SIGINT");
    expect(await second.ended).toMatchObject({ code: 0 });
    shop.growTo(1);
    await isAsUndisturbed();
  });

  it("go on while Redis is killed and comes back without its data, and end when it stays away", async () => {
    const run = shop.follow("shared");
    await emits(run);
    await redis.kill();
    await redis.start();
    await sleep(6_000);
    const before = (await shop.emitted("shared")).length;
    shop.growTo(0.6);
    await emits(run, before);
    await redis.kill();
    expect(await run.ended).toMatchObject({ code: 1, stderr: expect.stringContaining("LOCK_LOST") });
    await redis.start();
    shop.growTo(1);
    await isAsUndisturbed();
  });
});
