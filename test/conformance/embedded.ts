import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as eventsToCome } from "node:timers/promises";
import { MemoryDisk } from "../../base/memory-disk.ts";
import { days } from "../../base/time.ts";
import { jointJob } from "../../checks/joint-job.ts";
import { type AlertRecord, OUTPUTS, type VerdictRecord } from "../../checks/records.ts";
import { openFile, openReaders, partitionsInFiles, splitsOf } from "../../cli/compose.ts";
import { readConfig, type SourceBinding } from "../../cli/config.ts";
import { FileLogWriter } from "../../connectors/file/writer.ts";
import type { RunRequests } from "../../runtime/embedded-runner.ts";
import type { OutboxRecord } from "../../runtime/outbox.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { beginFrom } from "../semantics/algebra/embedded-run.ts";
import { runInMemory } from "../support/memory-run.ts";
import { type CaseLog, type CaseRecord, caseLogOf } from "./case-log.ts";
import type { ConformanceCase } from "./format.ts";
import { Outcome } from "./outcome.ts";

/** Where a savepoint is made: so many of the log's parts have come then. */
export type Cut = 1 | 2 | 3;

/** What all cases are together as one job in this process. */
export class EmbeddedCases {
  readonly #job;
  readonly #log: CaseLog;
  readonly #registry: FolderRegistry;
  readonly #folder: string;
  readonly #sources: readonly SourceBinding[];

  private constructor(
    cases: readonly ConformanceCase[],
    log: CaseLog,
    folder: string,
    sources: readonly SourceBinding[],
  ) {
    this.#job = jointJob(
      cases.map(({ job }) => job),
      "conformance",
    );
    this.#log = log;
    this.#folder = folder;
    this.#sources = sources;
    this.#registry = new FolderRegistry(folder);
  }

  static async open(cases: readonly ConformanceCase[]): Promise<EmbeddedCases> {
    const folder = mkdtempSync(join(tmpdir(), "countercheck-conformance-"));
    const registry = new FolderRegistry(folder);
    const log = await caseLogOf(cases, (subject, schema) => registry.register(subject, schema));
    const config = join(folder, "config.json");
    const rest = { registry: { folder: "." }, output: "out" };
    writeFileSync(config, JSON.stringify({ sources: log.sources({ log: "input" }), ...rest }));
    return new EmbeddedCases(cases, log, folder, readConfig(config).sources);
  }

  /**
   * Runs the cases by so many workers; with a cut, until its savepoint, and from there by so many others. Gives what came out,
   * and how much of it had by the end of each part.
   */
  async run(
    workers: number,
    cut?: Cut,
    others = workers,
  ): Promise<{ readonly outcome: Outcome; readonly sizes: number[] }> {
    const disk = new MemoryDisk();
    disk.makeFolder("savepoints");
    const feed = new Feed(this.#log, disk, this.#input);
    const outcome = new Outcome();
    const sizes: number[] = [];
    const stages = cut === undefined ? [workers] : [workers, others];
    for (const [stage, parallelism] of stages.entries()) {
      const isLast = stage === stages.length - 1;
      const through = isLast ? this.#log.parts.length : cut!;
      if (stage > 0) await beginFrom("savepoints/cut", disk, `state-${stage}`, stage);
      const graph = this.#job.graph();
      const sources = this.#sources;
      const splits = splitsOf(graph, sources, partitionsInFiles(disk));
      const records: OutboxRecord[] = [];
      await runInMemory(
        {
          graph,
          readers: (worker, count) =>
            openReaders(graph, sources, this.#registry, { worker, workers: count, splits }, openFile(disk)),
          groups: new Map(splits.map(({ source, topic, partition }, i) => [`${source.name} ${topic}/${partition}`, i])),
          retainMs: days(180),
          follow: true,
          parallelism,
          disk,
          dir: `state-${stage}`,
          epoch: stage,
          ...feed.through(through, isLast ? undefined : "savepoints/cut"),
        },
        records,
      );
      for (const record of records) tell(outcome, record);
      sizes.push(outcome.size);
    }
    feed.close();
    return { outcome, sizes };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #input(): string {
    return join(this.#folder, "input");
  }
}

/** Brings the log's parts one by one, each when all workers have done what there was to do. */
class Feed {
  readonly #log: CaseLog;
  readonly #writer: FileLogWriter;
  #come = 0;

  constructor(log: CaseLog, disk: MemoryDisk, folder: string) {
    this.#log = log;
    this.#writer = new FileLogWriter(folder, { disk, lock: () => ({ release: () => undefined }) });
    for (const { topic, partitions } of log.topics) this.#writer.createTopic(topic, partitions);
    this.#writer.flush();
  }

  through(parts: number, savepoint: string | undefined) {
    let stop: ReturnType<RunRequests["next"]>;
    const clock = {
      now: () => 0,
      sleep: async () => {
        if (this.#come < parts) this.#write(this.#log.parts[this.#come++]!);
        else stop = { stop: "keep", ...(savepoint === undefined ? {} : { savepoint }), done: () => undefined };
        await eventsToCome();
      },
    };
    return { clock, requests: { next: () => stop } };
  }

  close(): void {
    this.#writer.close();
  }

  #write(records: readonly CaseRecord[]): void {
    for (const { topic, partition, isBeat, ...record } of records) {
      if (isBeat) this.#writer.flush();
      this.#writer.append(topic, partition, record);
    }
    this.#writer.flush();
  }
}

/** What a run in memory emits, as its outcome. */
function tell(outcome: Outcome, record: OutboxRecord): void {
  if (record.kind === "engine-alert") throw new Error(`a case makes trouble: ${record.alert.message}`);
  if (record.kind !== "emit") throw new Error(`a case tells of ${JSON.stringify(record)}`);
  const { output } = record;
  if (output === OUTPUTS.verdicts) outcome.verdict(record.record as VerdictRecord);
  else if (output === OUTPUTS.alerts) outcome.alert(record.record as AlertRecord);
  else if (output === OUTPUTS.counts || output === OUTPUTS.finals) return;
  else outcome.row(output, record.record as Record<string, unknown>);
}
