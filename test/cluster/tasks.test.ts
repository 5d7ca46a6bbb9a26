import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemDisk } from "../../base/disk.ts";
import { seededRandom } from "../../base/random.ts";
import { days, systemClock } from "../../base/time.ts";
import { type CountRecord, OUTPUTS } from "../../checks/records.ts";
import { takeFormerFiles } from "../../cli/cluster/former-files.ts";
import { openReaders, splitsOf } from "../../cli/compose.ts";
import { readConfig } from "../../cli/config.ts";
import { Recorder } from "../../cli/recorder.ts";
import { shopConfig, writeShopLog } from "../../cli/shop-log.ts";
import { DebeziumReader } from "../../connectors/debezium/reader.ts";
import { FileLogReader } from "../../connectors/file/reader.ts";
import { modelsOf } from "../../dataflow/graph.ts";
import type { TaskPlace } from "../../flink/frames.ts";
import type { HostedTask } from "../../flink/hosted-task.ts";
import { formatOf } from "../../flink/row-format.ts";
import { PushedSplits, sourceInlet } from "../../flink/source-inlet.ts";
import paymentSettlement from "../../jobs/payment-settlement/job.ts";
import { ChainTask } from "../../runtime/chain-task.ts";
import { splitKey, splitName } from "../../runtime/checkpoint/manifest.ts";
import { type OutboxRecord, outboxRecordOf } from "../../runtime/outbox.ts";
import { planOf } from "../../runtime/plan.ts";
import { SourceTask } from "../../runtime/source-task.ts";
import type { AskingTask } from "../../runtime/task.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { usualDepartments } from "../../shop/departments.ts";
import { memoryBackend } from "../../testing/memory-backend.ts";
import { runInMemory } from "../support/memory-run.ts";
import { type FakeCheckpoint, FakeFlink } from "./fake-flink.ts";
import { FedLog, type FedSplit, plannedSplits } from "./fed-log.ts";

const SEED = 11;
const ORDERS = 400;
const RETAIN_MS = days(180);
const graph = paymentSettlement.graph();
const plan = planOf(graph);

/** All tasks of a job as a cluster drives them, sources included, with the shuffles of a Flink that is none. */
describe("the tasks of the shop's job on a cluster", () => {
  const folder = mkdtempSync(join(tmpdir(), "countercheck-tasks-"));
  const log = join(folder, "input");
  let splits: readonly FedSplit[];
  let embedded: readonly OutboxRecord[];

  beforeAll(async () => {
    await writeShopLog({ dir: log, seed: SEED, orders: ORDERS, departments: usualDepartments });
    writeFileSync(join(folder, "config.json"), JSON.stringify(shopConfig("input", ".", usualDepartments)));
    splits = plannedSplits(splitsOf(graph, sources()));
    embedded = await runEmbedded();
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([1, 2, 3])("give what the embedded runner gives, at parallelism %i", async (parallelism) => {
    await using run = new ClusterRun(parallelism);
    await run.begin(parallelism);
    await run.feedAll();
    await run.flink.drain();
    run.commit();
    expectSame(run.records);
  });

  it.each([
    { seed: 1, first: 1, second: 2, third: 3 },
    { seed: 2, first: 3, second: 1, third: 2 },
    { seed: 3, first: 2, second: 2, third: 1 },
  ])("go on from savepoints at other parallelisms, and after a crash: %o", async ({ seed, first, second, third }) => {
    await using run = new ClusterRun(seed);
    await run.begin(first);
    await run.feed(350);
    await run.stop();
    await run.begin(second);
    await run.feed(250);
    await run.checkpoint();
    expect(verdictsOf(run.records)).toBeGreaterThan(0);
    await run.feed(150);
    await run.crash();
    await run.begin(third);
    await run.feed(50);
    await run.checkpoint();
    await run.feedAll();
    await run.stop();
    await run.begin(first);
    await run.flink.drain();
    run.commit();
    expectSame(run.records);
  });

  /** A run that is stopped and goes on. Its results count when the checkpoint behind them is complete. */
  class ClusterRun {
    flink!: FakeFlink;
    readonly records: OutboxRecord[] = [];
    readonly #log: FedLog;
    readonly #outlets: Outlet[] = [];
    #checkpoints = 0;
    #last: { readonly state: FakeCheckpoint; readonly positions: readonly number[] } | undefined;

    constructor(seed: number) {
      this.#log = new FedLog(log, splits, seededRandom(seed));
    }

    async begin(parallelism: number): Promise<void> {
      this.#log.seek(this.#last?.positions ?? splits.map(() => 0));
      this.flink = await FakeFlink.start(plan, parallelism, (place) => this.#host(place), this.#last?.state);
    }

    feed(pieces: number): Promise<boolean> {
      return this.#log.feed(this.flink, pieces);
    }

    async feedAll(): Promise<void> {
      while (await this.feed(100)) this.flink.processingTime(Date.now());
    }

    /** Some more is fed before its files are copied. */
    async checkpoint(): Promise<void> {
      const { positions } = this.#log;
      const state = await this.flink.checkpoint(++this.#checkpoints, () => this.feed(50));
      this.#complete(state, positions);
    }

    /** A savepoint, behind which nothing follows. */
    async stop(): Promise<void> {
      const { positions } = this.#log;
      this.#complete(await this.flink.savepoint(++this.#checkpoints), positions);
      await this.flink.close();
      this.#outlets.length = 0;
    }

    #complete(state: FakeCheckpoint, positions: readonly number[]): void {
      this.#last = { state, positions };
      for (const outlet of this.#outlets) this.records.push(...outlet.takeSaved());
    }

    async crash(): Promise<void> {
      await this.flink.close();
      this.#outlets.length = 0;
    }

    /** All has ended. */
    commit(): void {
      for (const outlet of this.#outlets) this.records.push(...outlet.takeAll());
    }

    async [Symbol.asyncDispose](): Promise<void> {
      await this.flink.close().catch(() => undefined);
      this.#log.close();
    }

    #host(place: TaskPlace): HostedTask {
      const results = new Outlet();
      this.#outlets.push(results);
      const backend = memoryBackend(systemDisk, place.folder);
      const hosted = { format: formatOf(plan, place), results, metrics: () => [], close: () => backend.store.close() };
      const isFirst = place.subtask === 0;
      const reading = { disk: systemDisk, memoryBytes: 1 << 26 };
      const takes = (task: AskingTask): Pick<HostedTask, "task" | "takeFiles"> => ({
        task,
        takeFiles: (files, folder) => takeFormerFiles(task, place, files, { ...reading, folder }),
      });
      if (place.task > 0) return { ...hosted, ...takes(new ChainTask(plan.tasks[place.task]!, backend, isFirst)) };
      const pushed = new PushedSplits(splits, place);
      const task = new SourceTask({
        ...{
          graph,
          isFirst,
          backend,
          retainMs: RETAIN_MS,
          clock: systemClock,
          isCaughtUp: () => true,
          unreadableMs: 0,
        },
        readers: readersOf(pushed),
        groups: new Map(splits.map((split) => [splitKey(split.source, splitName(split)), split.keyGroup])),
      });
      return { ...hosted, ...takes(task), sources: sourceInlet(pushed, task) };
    }
  }

  function sources() {
    return readConfig(join(folder, "config.json")).sources;
  }

  function readersOf(pushed: PushedSplits<FedSplit>): DebeziumReader[] {
    const registry = new FolderRegistry(join(log, "schemas"));
    return sources().map((source) => {
      const partitions = pushed.of(source.name).map(({ planned: { table, partition }, ...split }) => {
        return { table, partition, reader: split.partition };
      });
      return new DebeziumReader({ source, models: modelsOf(graph), registry, partitions });
    });
  }

  /** Over the same log without its ends, until all was read. */
  async function runEmbedded(): Promise<OutboxRecord[]> {
    const records: OutboxRecord[] = [];
    const partitions: EndlessReader[] = [];
    const open = ({ topic, partition }: { readonly topic: string; readonly partition: number }) => {
      const reader = new EndlessReader(log, topic, partition);
      partitions.push(reader);
      return reader;
    };
    const registry = new FolderRegistry(join(log, "schemas"));
    let isAsked = false;
    await runInMemory(
      {
        ...{ graph, clock: systemClock, retainMs: RETAIN_MS, follow: true },
        readers: (worker, workers) => openReaders(graph, sources(), registry, { worker, workers }, open),
        groups: new Map(splits.map((split, index) => [splitKey(split.source, splitName(split)), index])),
        requests: {
          next() {
            if (isAsked || !partitions.every(({ isAtEnd }) => isAtEnd)) return undefined;
            isAsked = true;
            return { stop: "drain", done: () => undefined };
          },
        },
      },
      records,
    );
    return records;
  }

  function expectSame(records: readonly OutboxRecord[]): void {
    const [mine, theirs] = [records, embedded].map((all) => {
      const of = (output: string) =>
        all.flatMap((each) => (each.kind === "emit" && each.output === output ? [each.record] : []));
      return {
        verdicts: historyOf(of(OUTPUTS.verdicts)),
        alerts: sorted(of(OUTPUTS.alerts)),
        finals: sorted(of(OUTPUTS.finals)),
        counts: countsOf(of(OUTPUTS.counts)),
        others: sorted(all.filter(({ kind }) => kind !== "emit")),
      };
    });
    expect(mine).toEqual(theirs);
    expect(mine!.verdicts.length).toBeGreaterThan(10);
  }
});

/** A partition whose log has an end that is not told. */
class EndlessReader extends FileLogReader {
  isAtEnd = false;

  override read(maxBytes: number) {
    const read = super.read(maxBytes);
    this.isAtEnd = read === null || "throughMs" in read;
    return this.isAtEnd ? null : read;
  }
}

/** Results of a task, cut at barriers. */
class Outlet {
  readonly isFull = false;
  readonly isStuck = false;
  #records: OutboxRecord[] = [];
  #saved: OutboxRecord[] = [];

  emit(tag: string, record: unknown): void {
    this.#records.push(outboxRecordOf(tag, structuredClone(record)));
  }

  save(): Uint8Array {
    this.#saved.push(...this.#records.splice(0));
    return new Uint8Array(0);
  }

  takeSaved(): OutboxRecord[] {
    return this.#saved.splice(0);
  }

  takeAll(): OutboxRecord[] {
    return [...this.takeSaved(), ...this.#records.splice(0)];
  }

  restore(): void {}

  confirmed(): void {}
}

/** What of verdicts does not depend on the order in which partitions were read. */
function historyOf(records: readonly unknown[]): string[] {
  const recorder = new Recorder();
  for (const record of records) recorder.emitted(OUTPUTS.verdicts, record);
  return sorted(recorder.history);
}

function verdictsOf(records: readonly OutboxRecord[]): number {
  return records.filter((each) => each.kind === "emit" && each.output === OUTPUTS.verdicts).length;
}

/** Passes and pendings per minute, which several subtasks count apart. */
function countsOf(records: readonly unknown[]): Record<string, [pass: number, pending: number]> {
  const counts: Record<string, [number, number]> = {};
  for (const { check, minute, pass, pending } of records as (CountRecord & { check: string })[]) {
    const [passes, pendings] = counts[`${check} ${minute}`] ?? [0, 0];
    counts[`${check} ${minute}`] = [passes + pass, pendings + pending];
  }
  return counts;
}

function sorted(records: readonly unknown[]): string[] {
  return records.map((record) => JSON.stringify(record)).sort();
}
