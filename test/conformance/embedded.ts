import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as eventsToCome } from "node:timers/promises";
import { MemoryDisk } from "../../base/memory-disk.ts";
import { days } from "../../base/time.ts";
import type { Job } from "../../checks/job.ts";
import { type AlertRecord, OUTPUTS, type VerdictRecord } from "../../checks/records.ts";
import { openFile, openReaders, partitionsInFiles, splitsOf } from "../../cli/compose.ts";
import { readConfig, type SourceBinding } from "../../cli/config.ts";
import { FileLogWriter } from "../../connectors/file/writer.ts";
import type { RunRequests } from "../../runtime/embedded-runner.ts";
import type { OutboxRecord } from "../../runtime/outbox.ts";
import type { FolderRegistry } from "../../schemas/folder-registry.ts";
import { beginFrom } from "../semantics/algebra/embedded-run.ts";
import { runInMemory } from "../support/memory-run.ts";
import { Outcome } from "./outcome.ts";
import type { LogRecord, PartedLog } from "./parted-log.ts";

/** Where a savepoint is made: so many of the log's parts have come then. */
export type Cut = 1 | 2 | 3;

/** What came out of a run over a log in parts. */
export interface EmbeddedRun {
  /** Until the savepoint, where there is one, and to the end. */
  readonly records: readonly OutboxRecord[];
  /** How many of them came before the savepoint. */
  readonly before: number;
}

/** Runs of a job in this process, over a log that comes part by part. */
export class EmbeddedRuns {
  readonly #job: Job;
  readonly #log: PartedLog;
  readonly #registry: FolderRegistry;
  readonly #folder = mkdtempSync(join(tmpdir(), "countercheck-parts-"));
  readonly #sources: readonly SourceBinding[];

  constructor(job: Job, log: PartedLog, registry: FolderRegistry) {
    this.#job = job;
    this.#log = log;
    this.#registry = registry;
    const config = join(this.#folder, "config.json");
    const rest = { registry: { folder: "schemas" }, output: "out" };
    writeFileSync(config, JSON.stringify({ sources: log.sources({ log: "input" }), ...rest }));
    this.#sources = readConfig(config).sources;
  }

  /** Runs by so many workers; with a cut, until its savepoint, and from there by so many others. */
  async run(workers: number, cut?: Cut, others = workers): Promise<EmbeddedRun> {
    const disk = new MemoryDisk();
    disk.makeFolder("savepoints");
    const feed = new Feed(this.#log, disk, join(this.#folder, "input"));
    const records: OutboxRecord[] = [];
    let before = 0;
    if (cut !== undefined) {
      await this.#stage(0, workers, disk, records, feed.through(cut, SAVEPOINT));
      before = records.length;
      await beginFrom(SAVEPOINT, disk, "state-1", 1);
    }
    await this.#stage(1, others, disk, records, feed.through(this.#log.parts.length, undefined));
    feed.close();
    return { records, before };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #stage(
    stage: number,
    parallelism: number,
    disk: MemoryDisk,
    records: OutboxRecord[],
    steps: ReturnType<Feed["through"]>,
  ): Promise<void> {
    const graph = this.#job.graph();
    const splits = splitsOf(graph, this.#sources, partitionsInFiles(disk));
    const readers = (worker: number, workers: number) =>
      openReaders(graph, this.#sources, this.#registry, { worker, workers, splits }, openFile(disk));
    const groups = new Map(
      splits.map(({ source, topic, partition }, i) => [`${source.name} ${topic}/${partition}`, i]),
    );
    const place = { disk, dir: `state-${stage}`, epoch: stage };
    const how = { graph, readers, groups, parallelism, retainMs: days(180), follow: true };
    await runInMemory({ ...how, ...place, ...steps }, records);
  }
}

const SAVEPOINT = "savepoints/cut";

/** What was emitted, as the outcome of cases, which make no trouble. */
export function outcomeOf(records: readonly OutboxRecord[]): Outcome {
  const outcome = new Outcome();
  for (const record of records) tell(outcome, record);
  return outcome;
}

/** Brings the log's parts one by one, each when all workers have done what there was to do. */
class Feed {
  readonly #log: PartedLog;
  readonly #writer: FileLogWriter;
  #come = 0;

  constructor(log: PartedLog, disk: MemoryDisk, folder: string) {
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

  #write(records: readonly LogRecord[]): void {
    for (const { topic, partition, isBeat, ...record } of records) {
      if (isBeat) this.#writer.flush();
      this.#writer.append(topic, partition, record);
    }
    this.#writer.flush();
  }
}

function tell(outcome: Outcome, record: OutboxRecord): void {
  if (record.kind === "engine-alert") throw new Error(`a case makes trouble: ${record.alert.message}`);
  if (record.kind !== "emit") throw new Error(`a case tells of ${JSON.stringify(record)}`);
  const { output } = record;
  if (output === OUTPUTS.verdicts) outcome.verdict(record.record as VerdictRecord);
  else if (output === OUTPUTS.alerts) outcome.alert(record.record as AlertRecord);
  else if (output === OUTPUTS.counts || output === OUTPUTS.finals) return;
  else outcome.row(output, record.record as Record<string, unknown>);
}
