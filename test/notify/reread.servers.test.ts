import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { outputPaths } from "../../cli/outputs.ts";
import { shopConfig } from "../../cli/shop-log.ts";
import { Desk } from "../../connectors/desk/desk.ts";
import { type Stack, startStack } from "../../stack/stack.ts";
import { GrowingShop } from "../savepoints/growing-shop.ts";
import { TemporaryFolder } from "../support/cli.ts";
import { HookListener } from "../support/hook-listener.ts";
import { TestRedis } from "../support/test-redis.ts";

const ORDERS = 400;
const CHECK = "payment-settlement";
const DEPARTMENTS = ["payment-settlement"];
const reference = (name: string) => `$${`{env:${name}}`}`;

describe("alerts whose source of truth is asked before anybody is paged", { timeout: 180_000 }, () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ services: ["postgres"], ports: "free" });
    const { user, password, host, port, database } = stack.postgres;
    process.env.REREAD_LEDGER_URL = `postgres://${user}:${password}@${host}:${port}/${database}`;
    process.env.REREAD_HOOK_SECRET = "a secret of the hook";
  });
  afterAll(() => stack.close());

  let folder: TemporaryFolder;
  let shop: GrowingShop;
  let redis: TestRedis;
  let hook: HookListener;
  beforeEach(async () => {
    folder = new TemporaryFolder();
    shop = await GrowingShop.make(folder.path, ORDERS, DEPARTMENTS);
    redis = await TestRedis.start({ seasoned: false });
    process.env.REREAD_REDIS_URL = redis.url;
    hook = await HookListener.open();
  });
  afterEach(async () => {
    shop[Symbol.dispose]();
    await hook[Symbol.asyncDispose]();
    await redis.close();
    folder[Symbol.dispose]();
  });

  /** `truth` is what the database says of a payment by its id: whether something is wrong. */
  async function configure(truth: string, patience: string): Promise<void> {
    await execute(`CREATE OR REPLACE FUNCTION truth(id bigint) RETURNS boolean LANGUAGE plpgsql AS $$ ${truth} $$`);
    const { sources } = shopConfig("input", "out", DEPARTMENTS);
    const ledger = { ...sources.ledger, database: { url: reference("REREAD_LEDGER_URL") } };
    const wrong = { sql: { source: "ledger", query: "SELECT truth($1) AS wrong" } };
    shop.config("out", {
      sources: { ...sources, ledger },
      redis: { url: reference("REREAD_REDIS_URL") },
      reread: { [CHECK]: { patience, timeout: "2s", wrong } },
      notify: {
        ops: { webhook: { url: hook.url, secret: reference("REREAD_HOOK_SECRET") }, storm: { moreThan: 10_000 } },
      },
    });
  }

  async function execute(sql: string): Promise<void> {
    const client = new Client(stack.postgres);
    await client.connect();
    await client.query(sql).finally(() => client.end());
  }

  function onDesk<T>(look: (desk: Desk) => T): T {
    const desk = new Desk(outputPaths.desk(`${folder.path}/out`));
    try {
      return look(desk);
    } finally {
      desk.close();
    }
  }

  /** Pages that alerts of the check opened, each as it was told first. */
  function pages(): { alert: string; key: string; confirmation: string }[] {
    const seen = new Set<string>();
    return hook.calls.flatMap(({ body }) => {
      const page = JSON.parse(body);
      if (!["opened", "reopened"].includes(page.action) || page.check !== CHECK || seen.has(page.id)) return [];
      seen.add(page.id);
      return [page];
    });
  }

  async function allTold(): Promise<void> {
    const waiting = () => onDesk((desk) => desk.notifications.counts().waiting ?? 0);
    await expect.poll(waiting, { timeout: 60_000, interval: 200 }).toBe(0);
  }

  const openAlerts = () => onDesk((desk) => desk.alerts({ state: "open", check: CHECK, limit: 1_000 }));

  it("are told as it says, be it slow, failing or lying, with the run killed and Redis killed meanwhile", async () => {
    await configure(
      `BEGIN CASE id % 4
         WHEN 0 THEN RETURN true;
         WHEN 1 THEN RETURN false;
         WHEN 2 THEN PERFORM pg_sleep(30); RETURN false;
         ELSE RAISE EXCEPTION 'the ledger is being migrated';
       END CASE; END`,
      "12s",
    );
    shop.growTo(0.8);
    const first = shop.follow("out");
    await expect.poll(() => pages().length, { timeout: 60_000 }).toBeGreaterThan(0);
    first.kill("SIGKILL");
    await first.ended;
    await redis.kill();
    const second = shop.follow("out");
    await expect.poll(() => openAlerts().length, { timeout: 60_000 }).toBeGreaterThan(0);
    await redis.start();
    await allTold();
    second.kill("SIGINT");
    const { code, stdout } = await second.ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout).reread).toMatchObject({ source: expect.any(Number) });

    const told = pages();
    const says = (rest: number) =>
      new Set(told.filter(({ key }) => BigInt(key) % 4n === BigInt(rest)).map(({ confirmation }) => confirmation));
    expect(says(0)).toEqual(new Set(["the source of truth says that it is so"]));
    expect(says(1)).toEqual(new Set(["the source of truth says that nothing is wrong"]));
    for (const text of says(2)) expect(text).toMatch(/^not confirmed: .*no answer within 2000 ms/);
    for (const text of says(3)) expect(text).toMatch(/^not confirmed: .*the ledger is being migrated/);
    expect([0, 1, 2, 3].map((rest) => says(rest).size > 0)).toEqual([true, true, true, true]);
    const open = openAlerts().map(({ id }) => id);
    expect(told.map(({ alert }) => alert)).toEqual(expect.arrayContaining(open));
    // What was confirmed did not wait for what was slow.
    const order = told.map(({ key }) => BigInt(key) % 4n);
    expect(order.lastIndexOf(0n)).toBeLessThan(order.indexOf(2n));
    const troubles = onDesk((desk) => desk.engineAlerts({ limit: 100 }));
    expect(troubles).toMatchObject([{ code: "TRUTH_DISAGREES", source: CHECK }]);
  });

  it("are told to nobody when they are over before it is back", async () => {
    await configure("BEGIN RETURN true; END", "40s");
    await stack.kill("postgres");
    shop.growTo(0.5);
    const run = shop.follow("out");
    await expect.poll(() => openAlerts().length, { timeout: 60_000 }).toBeGreaterThan(0);
    shop.growTo(0.9);
    await shop.settles("out");
    expect(pages()).toEqual([]);
    await stack.start("postgres");
    await allTold();
    run.kill("SIGINT");
    await run.ended;
    const told = new Set(pages().map(({ alert }) => alert));
    expect(told).toEqual(new Set(openAlerts().map(({ id }) => id)));
    expect(onDesk((desk) => desk.alerts({ state: "resolved", check: CHECK, limit: 1_000 })).length).toBeGreaterThan(0);
    expect(onDesk((desk) => desk.notifications.counts()).dropped).toBeGreaterThan(0);
  });
});
