import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemDisk } from "../../base/disk.ts";
import { holderOf } from "../../base/folder-lock.ts";
import { readTopic } from "../../cli/output-topics.ts";
import { outputPaths } from "../../cli/outputs.ts";
import { shopConfig } from "../../cli/shop-log.ts";
import { Desk } from "../../connectors/desk/desk.ts";
import type { MoneyAlert } from "../../connectors/desk/records.ts";
import { FileLogWriter } from "../../connectors/file/writer.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import { type Delivered, decodeVerdict, type VerdictRecord } from "../../schemas/contracts.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { runShop } from "../../shop/shop.ts";
import type { ShopTruth } from "../../shop/truth.ts";
import { countercheck, ended, root, startCountercheck } from "../support/cli.ts";

/** The job that ships. */
export const JOB = join(root, "jobs/payment-settlement");

type Step = (writer: FileLogWriter) => void;

/** A shop's log in a folder, that grows when it is told to, and runs over it with an output folder each. */
export class GrowingShop {
  readonly dir: string;
  /** What really happened, once all of it is in the log. */
  readonly truth: ShopTruth;
  readonly #departments: readonly string[];
  readonly #writer: FileLogWriter;
  /** What is still to be written: between two flushes the log is never cut. */
  readonly #parts: Step[][];
  readonly #total: number;

  private constructor(dir: string, parts: Step[][], truth: ShopTruth, departments: readonly string[]) {
    this.dir = dir;
    this.truth = truth;
    this.#departments = departments;
    this.#writer = new FileLogWriter(join(dir, "input"));
    this.#parts = parts;
    this.#total = parts.length;
  }

  /** Lets a shop trade; nothing of it is in the log yet but its topics. */
  static async make(dir: string, orders: number, departments = ["payment-settlement"]): Promise<GrowingShop> {
    const registry = new FolderRegistry(join(dir, "input", "schemas"));
    const topics: Step[] = [];
    const parts: Step[][] = [[]];
    const add = (step: Step) => void parts.at(-1)!.push(step);
    const truth = await runShop({
      seed: 1,
      orders,
      departments,
      sink: {
        createTopic: (topic, partitions) => void topics.push((writer) => writer.createTopic(topic, partitions)),
        append: (topic, partition, record) => add((writer) => void writer.append(topic, partition, record)),
        flush: () => void parts.push([]),
        end: (time) => add((writer) => writer.end(time)),
        register: (subject, schema) => registry.register(subject, schema as AvroSchema),
      },
    });
    const shop = new GrowingShop(dir, parts, truth, departments);
    for (const topic of topics) topic(shop.#writer);
    return shop;
  }

  /** Grows the log to a part of the whole; with all of it, it is ended. */
  growTo(part: number): void {
    const left = Math.round(this.#total * (1 - part));
    while (this.#parts.length > left) {
      for (const step of this.#parts.shift()!) step(this.#writer);
      if (this.#parts.length > 0) this.#writer.flush();
    }
  }

  /** Writes a configuration with an output folder of this name, and gives its path. */
  config(name: string, changes: object = {}): string {
    const path = join(this.dir, `${name}.json`);
    const state = { checkpointEvery: "100ms" };
    writeFileSync(path, JSON.stringify({ ...shopConfig("input", name, this.#departments), state, ...changes }));
    return path;
  }

  /** Runs the job to the end of the log. */
  async runToEnd(name: string, args: readonly string[] = [], job = JOB): Promise<Results> {
    const files = ["--verdicts", `${name}.verdicts`, "--history", `${name}.history`];
    const command = ["run", job, "--config", `${name}.json`, "--quiet", "--json", ...files, ...args];
    const { code, stdout, stderr } = await countercheck(command, { cwd: this.dir });
    if (code !== 3) throw new Error(`${command.join(" ")} ended with ${code}: ${stderr}`);
    const [verdicts, history] = files.filter((_, i) => i % 2 === 1).map((file) => linesOf(join(this.dir, file)));
    return { summary: JSON.parse(stdout), verdicts: verdicts!, history: history!, alerts: this.alerts(name) };
  }

  /** Runs a job that checks nothing to the end of the log. */
  async complete(name: string, args: readonly string[], job: string): Promise<void> {
    const { code, stderr } = await this.ask("run", job, "--config", `${name}.json`, "--quiet", ...args);
    if (code !== 0) throw new Error(`${job} ended with ${code}: ${stderr}`);
  }

  /** Starts a run that follows the log. */
  follow(name: string, args: readonly string[] = [], job = JOB): FollowingRun {
    const child = startCountercheck(
      ["run", job, "--config", `${name}.json`, "--follow", "--quiet", "--json", ...args],
      {
        cwd: this.dir,
      },
    );
    return { pid: child.pid!, kill: (signal) => void child.kill(signal), ended: ended(child) };
  }

  /** Runs another command. */
  async ask(...args: string[]) {
    return countercheck(args, { cwd: this.dir });
  }

  /** Verdicts in the log of an output folder, in its order. */
  async emitted(name: string): Promise<(VerdictRecord & Delivered)[]> {
    const log = outputPaths.log(join(this.dir, name));
    const verdicts: (VerdictRecord & Delivered)[] = [];
    if (!existsSync(join(log, "verdicts"))) return verdicts;
    await readTopic(systemDisk, log, "verdicts", 0, (encoded) => void verdicts.push(decodeVerdict(encoded)));
    return verdicts;
  }

  /** Waits until more verdicts than these are out. */
  async emits(name: string, more: number): Promise<void> {
    await waitFor(async () => (await this.emitted(name)).length > more);
  }

  /** Waits until a run that goes on has emitted nothing for a while. */
  async settles(name: string): Promise<void> {
    let before = -1;
    await waitFor(async () => {
      await sleep(1_500);
      const { length } = await this.emitted(name);
      const same = length === before && holderOf(join(this.dir, name, "state")) !== undefined;
      before = length;
      return same;
    });
  }

  /** Money alerts on the desk, by id. */
  alerts(name: string) {
    const desk = new Desk(outputPaths.desk(join(this.dir, name)));
    try {
      return desk.alerts({ limit: 1_000 }).sort((left, right) => (left.id < right.id ? -1 : 1));
    } finally {
      desk.close();
    }
  }

  counts(name: string) {
    const desk = new Desk(outputPaths.desk(join(this.dir, name)));
    try {
      return desk.counts();
    } finally {
      desk.close();
    }
  }

  close(): void {
    this.#writer.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What a run to the end left. */
export interface Results {
  readonly summary: Record<string, unknown>;
  readonly verdicts: readonly string[];
  readonly history: readonly string[];
  readonly alerts: readonly MoneyAlert[];
}

/** A run that follows a log. */
export interface FollowingRun {
  readonly pid: number;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: ReturnType<typeof ended>;
}

/** Names of a verdict's version, which are each there once. */
export function versionsOf(verdicts: readonly VerdictRecord[]): string[] {
  return verdicts.map(({ key, currency, version }) => `${key} ${currency} ${version}`).sort();
}

/** Waits until something is so. */
export async function waitFor(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const until = performance.now() + 120_000; performance.now() < until; await sleep(50)) if (await isSo()) return;
  throw new Error("what was waited for did not come");
}

function linesOf(path: string): string[] {
  const text = readFileSync(path, "utf8").trimEnd();
  return text === "" ? [] : text.split("\n");
}
