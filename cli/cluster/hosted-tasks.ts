import { type Disk, systemDisk } from "../../base/disk.ts";
import { seededRandom } from "../../base/random.ts";
import { systemClock } from "../../base/time.ts";
import { DebeziumReader } from "../../connectors/debezium/reader.ts";
import { type Graph, modelsOf } from "../../dataflow/graph.ts";
import type { TaskPlace } from "../../flink/frames.ts";
import type { HostedTask, SinkOutput } from "../../flink/hosted-task.ts";
import { formatOf } from "../../flink/row-format.ts";
import { PushedSplits, sourceInlet } from "../../flink/source-inlet.ts";
import { ChainTask } from "../../runtime/chain-task.ts";
import { splitKey, splitName } from "../../runtime/checkpoint/manifest.ts";
import { requireNothingDropped } from "../../runtime/checkpoint/upgrade.ts";
import { type Plan, planOf } from "../../runtime/plan.ts";
import { asKept } from "../../runtime/source-parts.ts";
import { SourceTask } from "../../runtime/source-task.ts";
import type { KeptState } from "../../runtime/task.ts";
import type { SubjectRegistry } from "../../schemas/registry.ts";
import type { SnapshotStore } from "../../snapshots/snapshot-store.ts";
import { StateStore } from "../../state/state-store.ts";
import { operatorsBehind } from "../compose.ts";
import { DiskBackend } from "../disk-backend.ts";
import { Masking } from "../masking.ts";
import { DEFAULT_PATIENCE } from "../notify/backoff.ts";
import { type DirectSinkConfig, openDirectSink } from "../notify/direct-sinks.ts";
import type { DispatchedSink } from "../notify/dispatcher.ts";
import { openHBase } from "../open-hbase.ts";
import { openRegistry } from "../open-registry.ts";
import { lookedAt } from "../place-check.ts";
import { CACHE_SHARE, STORE_SHARE } from "../state-memory.ts";
import type { ChildSpec, ChildSplit } from "./child-spec.ts";
import { EmbeddedRegistry } from "./embedded-registry.ts";
import { EvidenceDelivery } from "./evidence-delivery.ts";
import { takeFormerFiles } from "./former-files.ts";
import { NoticeDelivery } from "./notice-delivery.ts";
import { RestoredSavepoint } from "./restored-savepoint.ts";
import { TaskResults } from "./result-outlet.ts";
import { MeasuredTask, measuredInlet, TaskMeter } from "./task-meter.ts";
import { taskMetrics } from "./task-metrics.ts";
import { tellingDisk } from "./telling-disk.ts";

/** Told of what happens beside the tasks. */
export interface HostedTasksHooks {
  /** Writes a line for those who look after the job. */
  readonly note: (line: string) => void;
  /** Something beside the tasks has failed for good, and so has all. */
  readonly onFailure: (error: unknown) => void;
}

/** How long a registry may be away before the subtask fails: longer than one takes to start anew, and less than a checkpoint may. */
const UNREADABLE_MS = 120_000;

/** While records come that their log has had for longer, a source works off a backlog and is not stale. */
const BACKLOG_MS = 10_000;

/**
 * The tasks of a job that one process hosts, by their places in its plan, with all that they share. The constructor raises
 * what opening registry, masking, HBase and sinks raises: CONFIG_SECRET_MISSING and its like.
 */
export class HostedTasks {
  readonly #spec: ChildSpec;
  readonly #graph: Graph;
  readonly #hooks: HostedTasksHooks;
  readonly #plan: Plan;
  readonly #registry: SubjectRegistry;
  readonly #mask: Masking | undefined;
  readonly #store: SnapshotStore | undefined;
  readonly #results = new Set<TaskResults>();
  #savepoint: RestoredSavepoint | undefined;

  constructor(spec: ChildSpec, graph: Graph, hooks: HostedTasksHooks) {
    this.#spec = spec;
    this.#graph = graph;
    this.#hooks = hooks;
    this.#plan = planOf(graph);
    const { registry, configFile, mask, snapshots } = spec;
    this.#registry = "schemas" in registry ? new EmbeddedRegistry(registry) : openRegistry(registry, configFile);
    this.#mask = mask && new Masking(mask, graph, configFile);
    this.#store = snapshots && openHBase(snapshots.hbase, { file: configFile });
    // What is missing is said before anything begins.
    for (const { sink } of this.#openSinks()) void sink.close();
  }

  /**
   * Makes the task of a place, whose results go to `output`; `alive` is called while it uses the disk, which is what a large
   * restore does for long, or a call that goes through very many keys. What its operators, readers and store raise.
   */
  make(place: TaskPlace, output: SinkOutput, alive: () => void): HostedTask {
    const storeBytes = (this.#spec.memoryBytes * STORE_SHARE) / this.#plan.tasks.length;
    const disk = tellingDisk(systemDisk, alive);
    const backend = this.#backendOf(place, storeBytes, disk);
    const { store } = backend;
    try {
      const results = this.#resultsOf(output);
      const meter = new TaskMeter();
      const isFirst = place.subtask === 0;
      const hosted = place.task === 0 ? this.#sources(place, backend, meter) : undefined;
      const chain = hosted?.task ?? new ChainTask(this.#plan.tasks[place.task]!, backend, isFirst);
      const task = new MeasuredTask(chain, meter, store, (kept) => this.#requireUsable(place, kept, chain.kept));
      return {
        task,
        format: formatOf(this.#plan, place),
        ...(hosted && { sources: hosted.inlet() }),
        results,
        begin: () => this.#savepointOf(disk)?.bring(task, place, { disk, memoryBytes: storeBytes }),
        takeFiles: (files, folder) => takeFormerFiles(task, place, files, { disk, memoryBytes: storeBytes, folder }),
        metrics: () => taskMetrics({ chain, meter, store, results }),
        close: () => backend.close(),
      };
    } catch (error) {
      backend.close();
      throw error;
    }
  }

  /** Waits for a moment for what is on its way to servers; what is not taken is in checkpoints. */
  async close(withinMs: number): Promise<void> {
    const all = [...this.#results];
    for (let rest = withinMs; rest > 0 && !all.every(({ isDelivered }) => isDelivered); rest -= 50)
      await systemClock.sleep(50, new AbortController().signal);
    await Promise.all(all.map((results) => results.close()));
    await this.#store?.close();
  }

  /** Of an embedded savepoint that is known since the job was submitted; Flink's own is opened here first. */
  #requireUsable({ restores }: TaskPlace, before: readonly KeptState[], now: readonly KeptState[]): void {
    if (restores && !this.#spec.allowDroppedState) requireNothingDropped(asKept(before), asKept(now));
  }

  /** Stores of all tasks are as large; records in front of them are kept by operators, of which the first task has none. */
  #backendOf({ folder: dir, task }: TaskPlace, storeBytes: number, disk: Disk): DiskBackend {
    const prefix = `t${task}`;
    const operators = this.#graph.nodes.filter(({ type }) => type === "operator").length;
    return new DiskBackend({
      store: new StateStore({ disk, dir, prefix, memoryBytes: storeBytes }),
      cacheBytes: (this.#spec.memoryBytes * CACHE_SHARE) / Math.max(1, operators),
      timers: { disk, dir, prefix: `${prefix}-timers` },
    });
  }

  #sources(place: TaskPlace, backend: DiskBackend, meter: TaskMeter) {
    const { sources, splits: planned, retainMs, staleAfterMs } = this.#spec;
    const splits = new PushedSplits<ChildSplit>(planned, place);
    const models = modelsOf(this.#graph);
    const read = sources.filter(({ name }) => planned.some((split) => split.source === name));
    const readers = read.map((source) => {
      const partitions = splits.of(source.name).map(({ planned: split, partition: reader }) => {
        const { table, topic, partition, gathered, heartbeat, topicId } = split;
        const count = planned.filter((other) => other.topic === topic).length;
        // Records may come that were not there when the job was submitted.
        const isPlaced = !gathered && !heartbeat && count > 1;
        return {
          ...{ table, partition, topicId },
          reader: isPlaced ? lookedAt(reader, { topic, partition, count, source }) : reader,
          ...(gathered && { gathered }),
        };
      });
      return new DebeziumReader({ source, models, registry: this.#registry, partitions });
    });
    const task = new SourceTask({
      graph: this.#graph,
      isFirst: place.subtask === 0,
      readers,
      backend,
      retainMs,
      groups: new Map(planned.map((split) => [splitKey(split.source, splitName(split)), split.keyGroup])),
      clock: systemClock,
      staleAfterMs,
      unreadableMs: UNREADABLE_MS,
      isCaughtUp: (source) => splits.isCaughtUp(source, Date.now() - BACKLOG_MS),
    });
    return { task, inlet: () => measuredInlet(sourceInlet(splits, task), meter, backend.store) };
  }

  #resultsOf(output: SinkOutput): TaskResults {
    const { note, onFailure } = this.#hooks;
    const store = this.#store;
    const onWaiting = (reason: { readonly message: string } | undefined) =>
      note(reason === undefined ? "evidence is delivered again" : `evidence waits: ${reason.message}`);
    const sinks = this.#openSinks();
    const graph = this.#graph;
    const results = new TaskResults({
      spec: this.#spec,
      output,
      mask: this.#mask,
      evidence: store && new EvidenceDelivery({ store, clock: systemClock, onWaiting, onFailure }),
      notices:
        sinks.length === 0
          ? undefined
          : new NoticeDelivery({
              job: graph.name,
              sinks,
              clock: systemClock,
              random: seededRandom(crypto.randomUUID()),
              note,
            }),
      checksOf: ({ models }) => [...new Set(models.flatMap((model) => operatorsBehind(graph, model)))],
      note,
      now: Date.now,
    });
    this.#results.add(results);
    return results;
  }

  #openSinks(): DispatchedSink[] {
    const { notify, certificates, configFile: file } = this.#spec;
    return notify.map((config) => ({
      name: config.name,
      sink: openDirectSink(config as DirectSinkConfig, { file, readCertificate: (path) => certificates[path]! }),
      patience: { ...DEFAULT_PATIENCE, giveUpAfterMs: config.giveUpAfterMs },
    }));
  }

  /** Read once, from `disk`, and made sure of, however many tasks go on from it. */
  #savepointOf(disk: Disk): RestoredSavepoint | undefined {
    const { savepoint } = this.#spec;
    if (savepoint === undefined) return undefined;
    const { folder } = savepoint;
    this.#savepoint ??= new RestoredSavepoint({ disk, graph: this.#graph, spec: this.#spec, folder });
    return this.#savepoint;
  }
}
