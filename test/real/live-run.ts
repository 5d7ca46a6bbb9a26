import { once } from "node:events";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { VerdictRecord } from "../../schemas/contracts.ts";
import type { Endpoints } from "../../stack/endpoints.ts";
import { type CliResult, countercheck, ended, root, startCountercheck, TemporaryFolder } from "../support/cli.ts";
import type { RealShop } from "./real-shop.ts";
import { Collector, decodeValues, deleteTopics } from "./topics.ts";

const SHIPPED = join(root, "jobs/payment-settlement");

/** The job that ships, run by `countercheck run --follow` over the real shop, in a folder of its own. */
export class LiveRun {
  readonly #servers: Endpoints;
  readonly #name: string;
  readonly #folder = new TemporaryFolder();
  readonly #collector: Collector;
  #process: ReturnType<typeof startCountercheck> | undefined;
  #ended: Promise<CliResult> | undefined;

  private constructor(servers: Endpoints, name: string, config: object, collector: Collector) {
    this.#servers = servers;
    this.#name = name;
    this.#collector = collector;
    writeFileSync(join(this.#folder.path, "config.json"), JSON.stringify(config, null, 2));
  }

  /** Prepares a run; verdicts are collected from now on. */
  static async prepare(servers: Endpoints, shop: RealShop, name: string): Promise<LiveRun> {
    const config = configOf(servers, shop, name);
    return new LiveRun(servers, name, config, await Collector.open(servers.kafka.brokers, `${name}.verdicts`));
  }

  /** Starts the process with a job, or starts it again, to go on where it was. */
  start({ job = SHIPPED, parallelism }: { readonly job?: string; readonly parallelism: number }): void {
    const args = ["run", job, "--config", "config.json", "--follow", "--quiet", "--parallelism", String(parallelism)];
    this.#process = startCountercheck(args, { cwd: this.#folder.path });
    this.#ended = ended(this.#process);
  }

  /** Starts a job's copy in the run's folder, with some text of its files replaced. */
  startChanged(job: string, file: string, replaced: Readonly<Record<string, string>>, parallelism: number): void {
    const copy = join(this.#folder.path, "changed");
    cpSync(job, copy, { recursive: true });
    const path = join(copy, file);
    let text = readFileSync(path, "utf8");
    for (const [before, after] of Object.entries(replaced)) {
      if (!text.includes(before)) throw new Error(`${file} has no ${before}`);
      text = text.replace(before, after);
    }
    writeFileSync(path, text);
    this.start({ job: copy, parallelism });
  }

  /** Starts the job again with a copy of its models in which the payments' amount is declared anew, as text that it reads. */
  startMended(parallelism: number): void {
    const mended = join(this.#folder.path, "mended");
    cpSync(SHIPPED, mended, { recursive: true });
    const models = join(mended, "models.ts");
    const text = readFileSync(models, "utf8").replace("amount: money(),", 'amount: money({ column: "amount" }),');
    writeFileSync(models, text);
    this.start({ job: mended, parallelism });
  }

  /** Ends the process as Ctrl-C does, and gives how it ended. */
  async stop(): Promise<CliResult> {
    const child = this.#process!;
    if (child.exitCode === null) child.kill("SIGINT");
    return this.#ended!;
  }

  /** Makes the table of HBase that the run keeps its evidence in. */
  async createTable(): Promise<void> {
    await this.#command("snapshots", "create-table", "--config", "config.json");
  }

  /** What HBase has of a key in a currency. */
  async evidence(key: string, currency: string): Promise<unknown> {
    const where = ["--currency", currency, "--config", "config.json"];
    return JSON.parse(await this.#command("snapshots", "get", key, "--history", "--json", ...where));
  }

  /** All verdicts emitted up to now. */
  async verdicts(): Promise<VerdictRecord[]> {
    return (await decodeValues(this.#servers, this.#collector.messages)) as VerdictRecord[];
  }

  /** Waits until a verdict is there that fits, and gives all. Rejects when the process ends, or it takes too long. */
  async until(isFitting: (verdict: VerdictRecord) => boolean, withinMs: number): Promise<VerdictRecord[]> {
    const end = Date.now() + withinMs;
    for (;;) {
      const all = await this.verdicts();
      if (all.some(isFitting)) return all;
      if (this.#process!.exitCode !== null) throw new Error(`the run has ended: ${(await this.#ended!).stderr}`);
      if (Date.now() > end) throw new Error(`no such verdict among ${all.length} within ${withinMs} ms`);
      await sleep(500);
    }
  }

  /** Ends what still runs, and removes its topics, its table and its folder. */
  async close(): Promise<void> {
    if (this.#process !== undefined && this.#process.exitCode === null) {
      this.#process.kill("SIGKILL");
      await once(this.#process, "close");
    }
    await this.#collector.close();
    await deleteTopics(this.#servers.kafka.brokers, `${this.#name}.`);
    await fetch(`${this.#servers.hbase.url}/${this.#name}/schema`, { method: "DELETE" });
    this.#folder[Symbol.dispose]();
  }

  /** Runs another command in the run's folder, and gives what it prints. */
  async #command(...args: readonly string[]): Promise<string> {
    const { stdout, stderr, code } = await countercheck(args, { cwd: this.#folder.path });
    if (code !== 0) throw new Error(`countercheck ${args.join(" ")}: ${stderr}`);
    return stdout;
  }
}

/** A configuration of a job over a real shop. */
export function configOf(
  { kafka, registry, hbase }: Endpoints,
  { connectors, topics, tables }: RealShop,
  name: string,
) {
  const topicsOf = (prefix: string, names: readonly string[]) =>
    Object.fromEntries(names.map((table) => [table, { topic: `${prefix}.${table}` }]));
  const heartbeat = (prefix: string) => ({ table: "heartbeat", topic: `${prefix}.heartbeat` });
  return {
    kafka: { brokers: kafka.brokers },
    sources: {
      shop: {
        kind: "mariadb",
        kafka: { start: "earliest" },
        tables: topicsOf(topics.shop, tables.shop),
        heartbeat: heartbeat(topics.shop),
        transactions: { topic: `${connectors.shop}.transaction` },
      },
      ledger: {
        kind: "postgresql",
        kafka: { start: "earliest" },
        tables: topicsOf(topics.ledger, tables.ledger),
        heartbeat: heartbeat(topics.ledger),
        transactions: { topic: `${connectors.ledger}.transaction` },
      },
    },
    registry: { url: registry.url },
    output: "out",
    staleAfter: "15s",
    results: { kafka: { prefix: `${name}.` } },
    snapshots: { hbase: { url: hbase.url, table: name } },
    state: { memory: "64MB" },
  };
}
