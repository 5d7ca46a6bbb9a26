import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { IdempotentProducer } from "../../connectors/kafka/producer.ts";
import { ensureTopic } from "../../connectors/kafka/topics.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { type CaseLog, caseLogOf } from "../conformance/case-log.ts";
import { type Cut, EmbeddedCases } from "../conformance/embedded.ts";
import { Outcome, plainly } from "../conformance/outcome.ts";
import { conformanceCases } from "../conformance/table.ts";
import tableJob from "../conformance/table-job.ts";
import { deleteTopics } from "../real/topics.ts";
import type { FlinkJobs } from "./flink-jobs.ts";
import { Results } from "./results.ts";

const JOB = join(import.meta.dirname, "../conformance/table-job.ts");

/** The table of conformance, to be run on a cluster of Flink any number of times. */
export class ConformanceOnFlink {
  readonly #jobs: FlinkJobs;
  readonly #brokers: readonly string[];
  readonly #folder: string;
  readonly #log: CaseLog;
  /** How many lines are out by the end of each part. */
  readonly #sizes: readonly number[];
  #runs = 0;

  private constructor(
    jobs: FlinkJobs,
    brokers: readonly string[],
    folder: string,
    log: CaseLog,
    sizes: readonly number[],
  ) {
    this.#jobs = jobs;
    this.#brokers = brokers;
    this.#folder = folder;
    this.#log = log;
    this.#sizes = sizes;
  }

  /** `brokers`: as the test and Flink reach them. */
  static async open(jobs: FlinkJobs, brokers: readonly string[]): Promise<ConformanceOnFlink> {
    const folder = mkdtempSync(join(tmpdir(), "countercheck-conformance-"));
    const registry = new FolderRegistry(join(folder, "schemas"));
    const log = await caseLogOf(conformanceCases, (subject, schema) => registry.register(subject, schema));
    using embedded = await EmbeddedCases.open(conformanceCases);
    const sizes: number[] = [];
    for (const cut of [1, 2, 3] as const) sizes.push((await embedded.run(1, cut)).sizes[0]!);
    sizes.push((await embedded.run(1)).sizes[0]!);
    return new ConformanceOnFlink(jobs, brokers, folder, log, sizes);
  }

  /** Runs all cases with so many subtasks; with a cut, until a savepoint there, and from it with so many others. */
  async run(parallelism: number, cut?: Cut, others = parallelism): Promise<Outcome> {
    const prefix = `run${this.#runs++}.`;
    const config = this.#configOf(prefix);
    const cluster = new KafkaCluster({ clientId: "test", brokers: this.#brokers });
    let results: Results | undefined;
    try {
      for (const { topic, partitions } of this.#log.topics) {
        // Rows of cases are of one day that is long past.
        await ensureTopic(cluster, { name: prefix + topic, partitions, settings: { "retention.ms": "-1" } });
      }
      const producer = await IdempotentProducer.open(cluster);
      await this.#jobs.submitJob({ jobs: [JOB], config, parallelism });
      const registry = new FolderRegistry(join(this.#folder, "schemas"));
      results = await Results.open(this.#brokers, `${prefix}results.`, registry, sinks);
      for (let part = 0; part < this.#log.parts.length; part++) {
        if (part === cut) {
          const fromSavepoint = await this.#jobs.stopWithSavepoint(tableJob.name);
          await this.#jobs.submitJob({ jobs: [JOB], config, parallelism: others, fromSavepoint });
        }
        await this.#write(producer, prefix, part);
        if (await results.comes(this.#sizes[part]!)) continue;
        const job = await this.#jobs.tell(tableJob.name);
        const came = `${results.size} of ${this.#sizes[part]} lines have come by the end of part ${part + 1}`;
        throw new Error(`${came}. ${job}\n${JSON.stringify(plainly(linesOf(results)), undefined, 1)}`);
      }
      await this.#jobs.cancel(tableJob.name);
      return linesOf(results);
    } finally {
      await results?.close();
      await cluster.close();
      await this.#jobs.cancel(tableJob.name).catch(() => undefined);
      await deleteTopics(this.#brokers, prefix);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Heartbeats come behind all that they prove. */
  async #write(producer: IdempotentProducer, prefix: string, part: number): Promise<void> {
    for (const { topic, partition, key, value, timestamp, isBeat } of this.#log.parts[part]!) {
      if (isBeat) await producer.flush();
      producer.append(prefix + topic, partition, key, value, timestamp);
    }
    await producer.flush();
  }

  #configOf(prefix: string): string {
    const folder = join(this.#folder, prefix);
    mkdirSync(folder);
    const config = {
      kafka: { brokers: this.#brokers },
      sources: this.#log.sources({ kafka: {} }, prefix),
      registry: { folder: "../schemas" },
      output: "out",
      results: { kafka: { prefix: `${prefix}results.` } },
      state: { memory: "64MB" },
    };
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    return join(folder, "config.json");
  }
}

const sinks = tableJob.graph().nodes.flatMap((node) => (node.type === "sink" ? [node.sink] : []));

function linesOf({ verdicts, alerts, rows, troubles }: Results): Outcome {
  const outcome = new Outcome();
  if (troubles.length > 0) throw new Error(`the table makes trouble: ${troubles.join("\n")}`);
  for (const verdict of verdicts) outcome.verdict(verdict);
  for (const alert of alerts) outcome.alert(alert);
  for (const [sink, all] of rows) for (const row of all) outcome.row(sink, row);
  return outcome;
}
