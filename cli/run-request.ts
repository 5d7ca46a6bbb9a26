import type { Disk } from "../base/disk.ts";
import type { Rank } from "../base/folder-lock.ts";
import type { Clock } from "../base/time.ts";
import type { NotificationCounts, RunRecord, SuspensionEntry } from "../connectors/desk/records.ts";
import type { CacheMetrics } from "../connectors/redis/multilevel-cache.ts";
import type { Graph } from "../dataflow/graph.ts";
import type { Manifest } from "../runtime/checkpoint/manifest.ts";
import type { RunnerMetrics, RunRequests } from "../runtime/embedded-runner.ts";
import type { WorkerHandle } from "../runtime/worker-handle.ts";
import type { SnapshotStore } from "../snapshots/snapshot-store.ts";
import type { RegistryConfig, SourceBinding, StateConfig } from "./config.ts";
import type { JobFiles } from "./load-job.ts";
import type { MaskConfig } from "./masking.ts";
import type { SinkConfig } from "./notify/notify-config.ts";
import type { RereadRequest } from "./notify/open-rereading.ts";
import type { Progress } from "./progress.ts";
import type { ResultPlace } from "./result-log.ts";
import type { Tally } from "./tally.ts";
import type { WorkerHooks, WorkerSpec } from "./workers.ts";

/** What a run is made of. */
export interface RunRequest {
  readonly graph: Graph;
  /** Files or folders of the jobs that the graph is of: threads load them again. */
  readonly jobs: JobFiles;
  readonly sources: readonly SourceBinding[];
  readonly registry: RegistryConfig;
  /** The configuration file, for errors. */
  readonly configFile: string;
  /** Output folder. */
  readonly output: string;
  /** Opens where verdicts, alerts and dead letters go. Default: a file log in the output folder. */
  readonly results?: (() => ResultPlace) | undefined;
  /** Opens where the evidence goes. Default: a file in the output folder. */
  readonly snapshots?: (() => Promise<SnapshotStore>) | undefined;
  /** What nobody may see in results. Default: everything may be seen. */
  readonly mask?: MaskConfig | undefined;
  /** Who is told of alerts. Default: nobody. */
  readonly notify?: readonly SinkConfig[] | undefined;
  readonly state: StateConfig;
  readonly retainMs: number;
  readonly staleAfterMs?: number | undefined;
  readonly follow: boolean;
  /** Workers; with more than one, each has a thread. */
  readonly parallelism: number;
  /** Begin from the start of the log, even if there is a run to go on with. */
  readonly fresh: boolean;
  readonly fromSavepoint?: string | undefined;
  readonly allowDroppedState: boolean;
  /** How alerts are confirmed before anybody is told. */
  readonly reread?: RereadRequest | undefined;
  /** The run's turn among those that may run the job. */
  readonly turn?: RunTurn | undefined;
  /** Reads partitions in a random order. */
  readonly interleave?: number | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Is told what the checks emit, when it is about to go out. */
  readonly onRecord?: ((output: string, record: unknown) => void) | undefined;
  /** Is told after each turn how far the run is. */
  readonly onMetrics?: ((metrics: RunnerMetrics) => void) | undefined;
  readonly hooks?: RunHooks | undefined;
}

/** The right to be the one that runs a job, wherever else it may be started. */
export interface RunTurn extends Rank {
  /** Throws once another may run it. */
  requireMine(): void;
}

/** For tests that break a run off: hooks of this thread, and what workers' threads begin with. */
export interface RunHooks extends WorkerHooks {
  readonly entry?: URL;
  readonly machine?: Machine;
}

/** What a simulated run has in the place of the machine's own. */
export interface Machine {
  /** Of state, the output log and the files of sinks; locks, the desk and the evidence are on the machine's own. */
  readonly disk: Disk;
  readonly clock: Clock;
  readonly openWorkers: (from: Manifest | undefined, spec: WorkerSpec) => WorkerHandle[];
  readonly requests: RunRequests;
  readonly yieldToOthers: () => Promise<void>;
}

/** How a run went. */
export interface RunResult {
  /** Everything was read. */
  readonly isComplete: boolean;
  /** Changes read. */
  readonly events: number;
  readonly seconds: number;
  readonly tally: Tally;
  readonly metrics: RunnerMetrics;
  /** How often the source of truth was asked, and what answered; undefined where nothing is to be asked. */
  readonly reread: CacheMetrics | undefined;
  /** Dead letters that are open on the desk afterwards, and how many of them this run met. */
  readonly openDeadLetters: { readonly all: number; readonly ofThisRun: number };
  /** Suspensions that wait on the desk afterwards, from this run and the ones before; 1,000 at most. */
  readonly openSuspensions: readonly SuspensionEntry[];
  /** Notifications on the desk afterwards, by state. */
  readonly notifications: NotificationCounts;
  /** The run before this one in the same output folder. */
  readonly previousRun: RunRecord | undefined;
  /** The checkpoint that this run went on from; undefined for one that began at the start. */
  readonly resumedFrom: number | undefined;
}
