import { rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as yieldToEvents } from "node:timers/promises";
import { systemDisk } from "../../base/disk.ts";
import { systemClock } from "../../base/time.ts";
import { OUTPUTS } from "../../checks/records.ts";
import { DiskBackend } from "../../cli/disk-backend.ts";
import { CACHE_SHARE, STORE_SHARE } from "../../cli/state-memory.ts";
import { modelsOf } from "../../dataflow/graph.ts";
import { CheckpointStore } from "../../runtime/checkpoint/checkpoint-store.ts";
import { Checkpointer } from "../../runtime/checkpoint/checkpointer.ts";
import { LocalWorker } from "../../runtime/worker-handle.ts";
import { StateStore } from "../../state/state-store.ts";
import { CheckpointTraffic, type Passed, threadCpuMs } from "../checkpoint-traffic.ts";
import { CountingDisk } from "../counting-disk.ts";
import { peersJob } from "../peers/job.ts";
import { type BenchRow, cpuSince, type Measured } from "../row.ts";

const STATE_BYTES = Number(process.env.COUNTERCHECK_CHECKPOINT_STATE ?? 1e9);
const STATE_MEMORY = 512 * (1 << 20);
/** What is new or other in each checkpoint, of all records: rows and keys. */
const CHANGED = 0.01;
const CHECKPOINTS = 30;
/** Keys whose deadline one advance of a frontier reaches, at the end. */
const OVERDUE = 100_000;
const FILLED_AT_ONCE = 500_000;

/** What a checkpoint writes where state is large and little of it changes, and for how long it holds up the stream. */
export const largeCheckpoint: BenchRow = {
  name: "large-checkpoint",
  what: `checkpoints of ${STATE_BYTES / 1e9} GB of state, of which 1 % changes in between, in state.memory of 512 MB`,
  async measure(folder): Promise<Measured> {
    const dir = join(folder, "large-checkpoint");
    rmSync(dir, { recursive: true, force: true });
    const run = await LargeState.open(dir);
    await run.fill();
    const measured = await run.measure();
    rmSync(dir, { recursive: true, force: true });
    return measured;
  },
};

/** A job whose state is large, driven as the embedded runner drives it. */
class LargeState {
  readonly #disk: CountingDisk;
  readonly #store: StateStore;
  readonly #traffic: CheckpointTraffic;
  readonly #worker: LocalWorker;
  readonly #checkpointer: Checkpointer;
  #verdicts = 0;

  static async open(dir: string): Promise<LargeState> {
    const state = new LargeState(dir);
    await state.#worker.start(undefined);
    return state;
  }

  private constructor(dir: string) {
    const graph = peersJob("peers").graph();
    this.#disk = new CountingDisk();
    const checkpoints = new CheckpointStore(this.#disk, dir);
    this.#store = new StateStore({
      disk: this.#disk,
      dir: checkpoints.segments,
      prefix: "bench",
      memoryBytes: STATE_MEMORY * STORE_SHARE,
    });
    this.#traffic = new CheckpointTraffic(modelsOf(graph), OVERDUE);
    const { readers } = this.#traffic;
    this.#worker = new LocalWorker({
      graph,
      index: 0,
      parallelism: 1,
      readers,
      clock: systemClock,
      retainMs: 1e12,
      follow: true,
      backend: new DiskBackend({
        store: this.#store,
        cacheBytes: STATE_MEMORY * CACHE_SHARE,
        timers: { disk: systemDisk, dir: checkpoints.temporary, prefix: "timers" },
      }),
      groups: new Map(readers.map(({ source }, group) => [`${source} rows/0`, group])),
      allowDroppedState: false,
      applyDecision: () => [],
    });
    this.#checkpointer = new Checkpointer(
      {
        run: { job: "peers", epoch: 1, attempt: 1, state: "running" },
        checkpoints,
        sink: { position: () => null, deliver: async () => {}, recover: async () => {}, hasDelivered: () => false },
        observer: { observe: (records) => this.#observe(records), save: () => null, restore: () => {} },
        clock: systemClock,
        checkpointEveryMs: 1e12,
        requireMine: () => {},
      },
      [this.#worker],
      undefined,
    );
  }

  /** Payments come until the state is as large as is wanted. */
  async fill(): Promise<void> {
    while (this.#store.liveBytes < STATE_BYTES) {
      this.#traffic.open(FILLED_AT_ONCE);
      await this.#drive();
      await this.#checkpoint();
    }
  }

  async measure(): Promise<Measured> {
    const { gaps } = this.#traffic;
    const [stalls, turns, shares]: [Passed[], Passed[], number[]] = [[], [], []];
    const [startedAt, cpuAtStart, settledBefore] = [performance.now(), process.cpuUsage(), this.#traffic.settled];
    const { liveBytes } = this.#store;
    let writtenBefore = this.#disk.written;
    for (let i = 0; i < CHECKPOINTS; i++) {
      this.#traffic.settle(this.#pairs);
      gaps.takeLongest();
      await this.#drive(0.5);
      turns.push(gaps.takeLongest());
      await this.#checkpoint();
      stalls.push(gaps.takeLongest());
      await this.#drive();
      shares.push((this.#disk.written - writtenBefore) / this.#store.liveBytes);
      writtenBefore = this.#disk.written;
    }
    const pairs = this.#traffic.settled - settledBefore;
    const cpuSeconds = cpuSince(cpuAtStart);
    const seconds = (performance.now() - startedAt) / 1000;
    const passed = this.#verdicts === 0;
    const overdueMs = await this.#passDeadlines();
    await this.#worker.close();
    return {
      events: 2 * pairs,
      cpuSeconds,
      seconds,
      correct: passed && this.#verdicts === OVERDUE,
      beside: {
        stateMb: Math.round(liveBytes / 1e6),
        changedRecords: Math.round((CHANGED_BY_PAIR * pairs) / CHECKPOINTS),
        writtenPercent: percent(mean(shares)),
        writtenPercentAtMost: percent(Math.max(...shares)),
        ...named("stall", stalls),
        ...named("gapWithout", turns),
        overdueKeysAtOnce: OVERDUE,
        overdueCpuMs: Math.round(overdueMs),
      },
    };
  }

  /** A pair is a payment that is settled, and another that takes its place. */
  get #pairs(): number {
    const { paid, settled } = this.#traffic;
    // Each has a row, and a payment a key.
    return Math.round((CHANGED * (2 * paid + settled)) / CHANGED_BY_PAIR);
  }

  /** Turns until all that is to come has come, or so much of it. */
  async #drive(part = 1): Promise<void> {
    const until = this.#traffic.toCome * (1 - part);
    while (this.#traffic.toCome > until) await this.#turn();
    if (part === 1) while (await this.#turn());
  }

  async #turn(): Promise<boolean> {
    const some = await this.#worker.turn();
    this.#checkpointer.poll(0);
    await yieldToEvents();
    return some;
  }

  /** Takes a checkpoint while the stream goes on. */
  async #checkpoint(): Promise<void> {
    let isOut = false;
    const taking = this.#checkpointer.take().finally(() => {
      isOut = true;
    });
    while (!isOut) await this.#turn();
    await taking;
  }

  async #passDeadlines(): Promise<number> {
    await this.#checkpoint();
    this.#traffic.passDeadlines();
    let longest = 0;
    for (let isMore = true; isMore; ) {
      const before = threadCpuMs();
      isMore = await this.#turn();
      longest = Math.max(longest, threadCpuMs() - before);
    }
    await this.#checkpoint();
    return longest;
  }

  #observe(records: Parameters<ConstructorParameters<typeof Checkpointer>[0]["observer"]["observe"]>[0]): void {
    for (const each of records) if (each.kind === "emit" && each.output === OUTPUTS.verdicts) this.#verdicts++;
  }
}

/** Two rows, the key that is settled, and a new one. */
const CHANGED_BY_PAIR = 4;

function named(name: string, times: readonly Passed[]): Record<string, number> {
  const of = (measure: keyof Passed, at: number) => {
    const sorted = times.map((time) => time[measure]).sort((a, b) => a - b);
    return Number(sorted[Math.min(sorted.length - 1, Math.floor(at * sorted.length))]!.toFixed(1));
  };
  return {
    [`${name}MedianCpuMs`]: of("cpuMs", 0.5),
    [`${name}LongestCpuMs`]: of("cpuMs", 1),
    [`${name}MedianMs`]: of("wallMs", 0.5),
    [`${name}LongestMs`]: of("wallMs", 1),
  };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function percent(part: number): number {
  return Number((100 * part).toFixed(2));
}
