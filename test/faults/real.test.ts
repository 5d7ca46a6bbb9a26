import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Random, seededRandom } from "../../base/random.ts";
import { HBaseSnapshotStore } from "../../connectors/hbase/hbase-snapshot-store.ts";
import type { VerdictRecord } from "../../schemas/contracts.ts";
import { slowOnPurpose } from "../../shop/sql/sql-look-alikes.ts";
import { SqlShop } from "../../shop/sql/sql-shop.ts";
import { type Stack, startStack } from "../../stack/stack.ts";
import { readWithKcat } from "../kafka/kcat.ts";
import { compare } from "../real/comparison.ts";
import { configOf } from "../real/live-run.ts";
import { openRealShop } from "../real/real-shop.ts";
import { decodeValues } from "../real/topics.ts";
import { countercheck, root, startCountercheck, TemporaryFolder } from "../support/cli.ts";

const seed = Number(process.env.COUNTERCHECK_SEED ?? Date.now() % 100_000);
const NAME = "faulty";
const KILLS = 20;
/** Traffic that lasts longer than all that is done to the servers. */
const traffic = { orders: 500, arriveWithin: 240_000 };

let stack: Stack;
beforeAll(async () => {
  const services = ["kafka", "registry", "connect", "mariadb", "postgres", "hbase"] as const;
  stack = await startStack({ services, ports: "free" });
});
afterAll(() => stack?.close());

it(`says everything once, with its evidence, whatever is killed meanwhile; seed ${seed}`, async () => {
  using folder = new TemporaryFolder();
  const random = seededRandom(seed);
  const real = await openRealShop(stack, NAME);
  writeFileSync(join(folder.path, "config.json"), JSON.stringify(configOf(stack, real, NAME)));
  const shop = new SqlShop({ seed, ...traffic, without: slowOnPurpose, shop: real.shop, ledger: real.ledger });
  await shop.seed(Date.now() + 55_000);
  await real.capture();
  const made = await countercheck(["snapshots", "create-table", "--config", "config.json"], { cwd: folder.path });
  expect(made).toMatchObject({ code: 0 });

  const runner = new Runner(folder.path);
  try {
    const through = shop.run();
    const disturbances = [disturb(stack), runner.killAtRandom(random, KILLS)];
    const [truth] = await Promise.all([through, ...disturbances]);
    runner.start();
    const isJudged = (all: readonly VerdictRecord[]) =>
      all.some(({ key, status }) => key === truth.lastKey && status === "fail");
    const verdicts = await until(emitted, isJudged, truth.judgedBy - Date.now() + 180_000, runner);
    await runner.stop();

    expect(runner.kills, "nothing was killed").toBe(KILLS);
    expect(gaps(verdicts)).toEqual([]);
    const judged = compare(truth, verdicts);
    expect(judged).toEqual({ missed: [], false: [] });
    expect(truth.doubtful.length, "too slow a machine").toBeLessThan(truth.orders / 4);
    expect(await withoutEvidence(verdicts)).toEqual([]);
  } finally {
    await runner.close();
    await real.close();
  }
});

/** All committed verdicts, as librdkafka reads them. */
async function emitted(): Promise<VerdictRecord[]> {
  const records = readWithKcat(stack.kafka.brokers, `${NAME}.verdicts`);
  return (await decodeValues(stack, records)) as VerdictRecord[];
}

/** What every server goes through while the traffic flows. */
async function disturb(servers: Stack): Promise<void> {
  await sleep(20_000);
  await servers.restart("kafka");
  await sleep(20_000);
  await servers.restart("registry");
  await sleep(10_000);
  await servers.stop("hbase");
  await sleep(15_000);
  await servers.start("hbase");
  await sleep(10_000);
  await servers.restart("connect");
  await sleep(20_000);
  await servers.kill("kafka");
  await servers.start("kafka");
}

/** The job's process, which may be killed at any moment. */
class Runner {
  kills = 0;
  readonly #dir: string;
  #child: ChildProcess | undefined;
  #stderr = "";

  constructor(dir: string) {
    this.#dir = dir;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get complaint(): string {
    return this.#stderr.slice(-2_000);
  }

  start(): void {
    if (this.isRunning) return;
    const args = ["run", join(root, "jobs/payment-settlement"), "--config", "config.json", "--quiet"];
    this.#child = startCountercheck(args, { cwd: this.#dir });
    this.#child.stderr?.on("data", (chunk) => {
      this.#stderr += chunk;
    });
  }

  /** One that ends by itself, because servers were away when it began, is simply started again, as a supervisor would. */
  async killAtRandom(random: Random, times: number): Promise<void> {
    while (this.kills < times) {
      this.start();
      await sleep(2_000 + random.below(14_000));
      if (!this.isRunning) continue;
      this.kills++;
      await this.#end("SIGKILL");
    }
  }

  async stop(): Promise<void> {
    await this.#end("SIGINT");
    expect(this.#child!.exitCode, this.complaint).toBe(0);
  }

  async close(): Promise<void> {
    if (this.isRunning) await this.#end("SIGKILL");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child!;
    child.kill(signal);
    if (this.isRunning) await once(child, "exit");
  }
}

/** Polls until what was read fits; rejects when that takes too long. */
async function until(
  read: () => Promise<VerdictRecord[]>,
  fits: (all: readonly VerdictRecord[]) => boolean,
  withinMs: number,
  runner: Runner,
): Promise<VerdictRecord[]> {
  for (const end = Date.now() + withinMs; ; ) {
    const all = await read();
    if (fits(all)) return all;
    if (Date.now() > end) throw new Error(`${all.length} verdicts and not the last; ${runner.complaint}`);
    runner.start();
    await sleep(1_000);
  }
}

/** Keys whose versions are not 1, 2, 3 … in the order of the log. */
function gaps(verdicts: readonly VerdictRecord[]): string[] {
  const last = new Map<string, number>();
  return verdicts.flatMap(({ check, key, currency, version }) => {
    const name = `${check} ${key} ${currency}`;
    const expected = (last.get(name) ?? 0) + 1;
    last.set(name, version);
    return version === expected ? [] : [`${name}: ${version} where ${expected} was expected`];
  });
}

/** Verdicts that HBase has no evidence of. */
async function withoutEvidence(verdicts: readonly VerdictRecord[]): Promise<string[]> {
  const store = new HBaseSnapshotStore({ url: stack.hbase.url, table: NAME });
  const kept = new Set<string>();
  for (let after: string | null | undefined; after !== null; ) {
    const page = await store.scan({ limit: 1_000, ...(after === undefined ? {} : { after }) });
    for (const row of page.rows) kept.add(nameOf(row));
    after = page.next;
  }
  store.close();
  return verdicts.map(nameOf).filter((name) => !kept.has(name));
}

function nameOf({
  check,
  key,
  currency,
  version,
}: Pick<VerdictRecord, "check" | "key" | "currency" | "version">): string {
  return `${check} ${key} ${currency} ${version}`;
}
