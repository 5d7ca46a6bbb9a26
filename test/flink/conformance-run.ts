import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { caseLogOf } from "../conformance/case-log.ts";
import { type Cut, EmbeddedRuns, outcomeOf } from "../conformance/embedded.ts";
import { Outcome, plainly } from "../conformance/outcome.ts";
import type { PartedLog } from "../conformance/parted-log.ts";
import { conformanceCases } from "../conformance/table.ts";
import tableJob from "../conformance/table-job.ts";
import { FedTopics } from "./fed-topics.ts";
import type { FlinkJobs } from "./flink-jobs.ts";
import { Results, sinksOf } from "./results.ts";

const JOB = join(import.meta.dirname, "../conformance/table-job.ts");

const COMES_WITHIN_MS = 60_000;

/** The table of conformance, to be run on a cluster of Flink any number of times. */
export class ConformanceOnFlink {
  readonly #jobs: FlinkJobs;
  readonly #brokers: readonly string[];
  readonly #folder: string;
  readonly #registry: FolderRegistry;
  readonly #log: PartedLog;
  /** How many lines are out by the end of each part. */
  readonly #sizes: readonly number[];
  #runs = 0;

  private constructor(
    jobs: FlinkJobs,
    brokers: readonly string[],
    folder: string,
    registry: FolderRegistry,
    log: PartedLog,
    sizes: readonly number[],
  ) {
    this.#jobs = jobs;
    this.#brokers = brokers;
    this.#folder = folder;
    this.#registry = registry;
    this.#log = log;
    this.#sizes = sizes;
  }

  /** `brokers`: as the test and Flink reach them. */
  static async open(jobs: FlinkJobs, brokers: readonly string[]): Promise<ConformanceOnFlink> {
    const folder = mkdtempSync(join(tmpdir(), "countercheck-conformance-"));
    const registry = new FolderRegistry(join(folder, "schemas"));
    const log = await caseLogOf(conformanceCases, (subject, schema) => registry.register(subject, schema));
    using embedded = new EmbeddedRuns(tableJob, log, registry);
    const sizes: number[] = [];
    for (const cut of [1, 2, 3] as const) {
      const { records, before } = await embedded.run(1, cut);
      sizes.push(outcomeOf(records.slice(0, before)).size);
    }
    sizes.push(outcomeOf((await embedded.run(1)).records).size);
    return new ConformanceOnFlink(jobs, brokers, folder, registry, log, sizes);
  }

  /** Runs all cases with so many subtasks; with a cut, until a savepoint there, and from it with so many others. */
  async run(parallelism: number, cut?: Cut, others = parallelism): Promise<Outcome> {
    const name = `run${this.#runs++}`;
    const topics = await FedTopics.make({ log: this.#log, brokers: this.#brokers, folder: this.#folder, name });
    const submission = { jobs: [JOB], config: topics.config };
    let results: Results | undefined;
    try {
      await this.#jobs.submitJob({ ...submission, parallelism });
      results = await Results.open(this.#brokers, topics.results, this.#registry, sinksOf(tableJob));
      for (const [part, size] of this.#sizes.entries()) {
        if (part === cut) {
          const fromSavepoint = await this.#jobs.stopWithSavepoint(tableJob.name);
          await this.#jobs.submitJob({ ...submission, parallelism: others, fromSavepoint });
        }
        await topics.write(part);
        if (!(await results.comeTo((all) => all.size >= size, COMES_WITHIN_MS)))
          await this.#raiseMissing(results, part);
      }
      return linesOf(results);
    } finally {
      await results?.close();
      await this.#jobs.cancel(tableJob.name).catch(() => undefined);
      await topics.remove();
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #raiseMissing(results: Results, part: number): Promise<never> {
    const came = `${results.size} of ${this.#sizes[part]} lines have come by the end of part ${part + 1}`;
    const lines = JSON.stringify(plainly(linesOf(results)), undefined, 1);
    throw new Error(`${came}. ${await this.#jobs.tell(tableJob.name)}\n${lines}`);
  }
}

function linesOf({ verdicts, alerts, rows, troubles }: Results): Outcome {
  const outcome = new Outcome();
  if (troubles.length > 0) throw new Error(`the table makes trouble: ${troubles.join("\n")}`);
  for (const verdict of verdicts) outcome.verdict(verdict);
  for (const alert of alerts) outcome.alert(alert);
  for (const [sink, all] of rows) for (const row of all) outcome.row(sink, row);
  return outcome;
}
