import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { holderOf } from "../../base/folder-lock.ts";
import { type FollowingRun, GrowingShop, waitFor } from "../savepoints/growing-shop.ts";
import { root, TemporaryFolder } from "../support/cli.ts";
import { type Results, resultsIn } from "./results.ts";

/** The job with every operator. */
export const JOB = join(root, "test/algebra/job.ts");

/** A shop's log that grows, in a folder of its own, and runs of the job over it. */
export class AlgebraShop implements Disposable {
  readonly #folder: TemporaryFolder;
  readonly log: GrowingShop;

  private constructor(folder: TemporaryFolder, log: GrowingShop) {
    this.#folder = folder;
    this.log = log;
  }

  static async make(orders: number): Promise<AlgebraShop> {
    const folder = new TemporaryFolder();
    return new AlgebraShop(folder, await GrowingShop.make(folder.path, orders));
  }

  /** Runs a job to the end of the log, which has to be there. */
  async complete(name: string, args: readonly string[] = [], job = JOB): Promise<Results> {
    this.log.config(name);
    return this.goOn(name, args, job);
  }

  /** The same, with the configuration that is there already. */
  async goOn(name: string, args: readonly string[] = [], job = JOB): Promise<Results> {
    const ended = await this.log.ask("run", job, "--config", `${name}.json`, "--quiet", "--json", ...args);
    // What is not inserted into a table of inserts only is left to be decided.
    expect(ended, ended.stderr).toMatchObject({ code: 3, stderr: "" });
    expect(JSON.parse(ended.stdout)).toMatchObject({ complete: true });
    return this.results(name);
  }

  /** Waits until a process has a run's state, so that it goes on. */
  async isRunning(name: string, { pid, ended }: FollowingRun): Promise<void> {
    const failed = ended.then(({ stderr }) => Promise.reject(new Error(`it ended by itself: ${stderr}`)));
    await Promise.race([failed, waitFor(() => holderOf(this.at(`${name}/state`))?.pid === pid)]);
    failed.catch(() => undefined);
  }

  /** What is in the sinks of output folders. */
  results(...names: readonly string[]): Results {
    return resultsIn(...names.map((name) => this.at(name)));
  }

  /** How long the sinks are by now. */
  bytesIn(name: string): number {
    const folder = this.at(`${name}/sinks`);
    if (!existsSync(folder)) return 0;
    return readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  }

  /** Writes a file, and gives its path. */
  write(file: string, text: string): string {
    writeFileSync(this.at(file), text);
    return this.at(file);
  }

  read(file: string): string {
    return readFileSync(this.at(file), "utf8");
  }

  at(file: string): string {
    return join(this.#folder.path, file);
  }

  [Symbol.dispose](): void {
    this.log.close();
    this.#folder[Symbol.dispose]();
  }
}
