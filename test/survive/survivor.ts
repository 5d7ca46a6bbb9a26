import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { shopConfig } from "../../cli/shop-log.ts";
import { type CliResult, ended, root, TemporaryFolder } from "../support/cli.ts";
import { breakRecord, layShopLog } from "../support/shop.ts";
import { CRASH_AT } from "./hooks.ts";
import { type Results, readResults } from "./results.ts";

/** Many processes are started, each of them for seconds where others keep the machine busy. */
export const TIMEOUT = 30 * 60_000;

/** A shop's log that many runs read; one of its records cannot be read. */
export class Shop implements Disposable {
  readonly #folder = new TemporaryFolder();

  static async lay(orders: number): Promise<Shop> {
    const shop = new Shop();
    // One that does not come again: by how much that is behind the frontier depends on the order in which splits are read.
    const change = breakRecord("pg.public.settlement_lines", 100);
    await layShopLog(shop.#folder.path, orders, { flushEvery: 100, change });
    return shop;
  }

  get log(): string {
    return join(this.#folder.path, "input");
  }

  /** What a run leaves that nothing disturbs. */
  async undisturbed(parallelism: number): Promise<Undisturbed> {
    using run = new Survivor(this);
    const began = performance.now();
    const attempt = run.start({ parallelism });
    await attempt.begun;
    const startMs = performance.now() - began;
    const summary = await attempt.complete();
    return { results: await run.results(summary), runMs: performance.now() - began - startMs };
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

export interface Undisturbed {
  readonly results: Results;
  /** From when the process had loaded its code until its end. */
  readonly runMs: number;
}

/** How a process is started. */
export interface Start {
  readonly parallelism: number;
  /** A place in a checkpoint, and how often it is reached before the process dies there. */
  readonly crashAt?: readonly [point: string, times: number];
}

/** A run of the job that ships, in a folder of its own, by one process after the other. */
export class Survivor implements Disposable {
  readonly #folder = new TemporaryFolder();
  readonly #shop: Shop;

  constructor(shop: Shop) {
    this.#shop = shop;
    const config = { ...shopConfig(shop.log, "out"), state: { checkpointEvery: "50ms", memory: "32MB" } };
    writeFileSync(join(this.#folder.path, "config.json"), JSON.stringify(config));
  }

  /** The same run in another folder. */
  copy(): Survivor {
    const copy = new Survivor(this.#shop);
    cpSync(this.at(), copy.at(), { recursive: true });
    return copy;
  }

  /** A path in the run's folder; `out/state` is its state. */
  at(...path: string[]): string {
    return join(this.#folder.path, ...path);
  }

  /** Starts a process: the same command each time. */
  start({ parallelism, crashAt }: Start): Attempt {
    const job = join(root, "jobs/payment-settlement");
    const files = ["--verdicts", "verdicts", "--history", "history"];
    const args = ["run", job, "--config", "config.json", "--json", "--parallelism", String(parallelism), ...files];
    const script = join(import.meta.dirname, "breakable-run.ts");
    const env = { ...process.env, ...(crashAt && { [CRASH_AT]: crashAt.join(":") }) };
    const node = ["--disable-warning=ExperimentalWarning", script, ...args];
    return new Attempt(spawn(process.execPath, node, { cwd: this.#folder.path, env }));
  }

  /** What is left of a run that is complete, by the summary of its last process. */
  results(summary: Summary): Promise<Results> {
    return readResults(this.#folder.path, summary);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** What `--json` says of a run. */
export type Summary = Readonly<Record<string, unknown>>;

/** One process of a run. */
export class Attempt {
  /** When the process has loaded its code. */
  readonly begun: Promise<void>;
  readonly ended: Promise<CliResult>;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = ended(child);
    this.begun = new Promise((resolve) => {
      child.stderr!.once("data", () => resolve());
      child.once("close", () => resolve());
    });
  }

  /** Waits for the end of a run that comes to it. */
  async complete(): Promise<Summary> {
    const { code, stdout, stderr } = await this.ended;
    // The shop has faults to be found.
    expect({ code, stderr }).toEqual({ code: 3, stderr: "begun\n" });
    return JSON.parse(stdout);
  }

  /** Waits until the process was killed; fails if it ended otherwise. */
  async died(): Promise<void> {
    const { code, stderr } = await this.ended;
    expect({ signal: this.#child.signalCode, code, stderr }, "it was killed").toEqual({
      signal: "SIGKILL",
      code: null,
      stderr: "begun\n",
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Kills the process so many ms after it began; its summary if it was complete before. */
  async killedAfter(ms: number): Promise<Summary | undefined> {
    await this.begun;
    await Promise.race([sleep(ms), this.ended]);
    this.#child.kill("SIGKILL");
    await this.ended;
    if (this.#child.signalCode === null) return this.complete();
    await this.died();
    return undefined;
  }
}
