import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Key } from "../../base/key.ts";
import { seededRandom } from "../../base/random.ts";
import { days, systemClock } from "../../base/time.ts";
import type { Job } from "../../checks/job.ts";
import { openReaders, splitsOf } from "../../cli/compose.ts";
import { readConfig } from "../../cli/config.ts";
import { Recorder, writeHistory } from "../../cli/recorder.ts";
import { type Score, scoreOf } from "../../cli/score.ts";
import { shopConfig, writeShopLog } from "../../cli/shop-log.ts";
import paymentSettlement from "../../jobs/payment-settlement/job.ts";
import type { OutboxRecord } from "../../runtime/outbox.ts";
import type { Scheduler } from "../../runtime/source-loop.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { usualDepartments } from "../../shop/departments.ts";
import type { ShopTruth } from "../../shop/truth.ts";
import { runInMemory } from "./memory-run.ts";

/** What a run of the job over a shop's log came to. */
export interface ShopRun {
  readonly score: Score;
  /** The files that `--verdicts` and `--history` write. */
  readonly verdicts: string;
  readonly history: string;
  readonly recorder: Recorder;
  /** Ids of engine alerts. */
  readonly engineAlerts: readonly string[];
  readonly faults: number;
}

/** The log of one seed in a folder of its own, to be read as often as one likes. */
export class ShopLog {
  readonly #dir = mkdtempSync(join(tmpdir(), "countercheck-shop-"));
  truth!: ShopTruth;

  /** `departments`: those that work besides payments and settlement. */
  static async write(
    seed: number,
    orders: number,
    departments: readonly string[] = usualDepartments,
  ): Promise<ShopLog> {
    const log = new ShopLog();
    log.truth = await writeShopLog({ dir: join(log.#dir, "input"), seed, orders, departments });
    writeFileSync(log.#file("config.json"), JSON.stringify(shopConfig("input", ".", departments)));
    return log;
  }

  /**
   * Runs a job, by default that of payments and settlement, over the log; partitions are read in a random order when `interleave` is given, by as many
   * workers as are wanted.
   */
  async run(interleave?: number, parallelism = 1, job: Job = paymentSettlement): Promise<ShopRun> {
    const { recorder, ...rest } = await runLog(this.#dir, { interleave, parallelism, job });
    recorder.writeFinals(this.#file("verdicts"));
    writeHistory(this.#file("history"), recorder.history);
    const [verdicts, history] = ["verdicts", "history"].map((name) => readFileSync(this.#file(name), "utf8"));
    return {
      score: scoreOf(this.truth, recorder),
      verdicts: verdicts!,
      history: history!,
      recorder,
      ...rest,
    };
  }

  /** The folder of the log. */
  get input(): string {
    return this.#file("input");
  }

  #file(name: string): string {
    return join(this.#dir, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** What a job emits over the log in a folder with a `config.json`. */
export async function runLog(
  dir: string,
  {
    interleave,
    parallelism = 1,
    job,
    onChanged = () => undefined,
  }: {
    readonly interleave?: number | undefined;
    readonly parallelism?: number;
    readonly job: Job;
    readonly onChanged?: (key: Key) => void;
  },
): Promise<Pick<ShopRun, "recorder" | "engineAlerts" | "faults">> {
  const graph = job.graph();
  const registry = new FolderRegistry(join(dir, "input", "schemas"));
  const { sources } = readConfig(join(dir, "config.json"));
  const splits = splitsOf(graph, sources);
  const records: OutboxRecord[] = [];
  await runInMemory(
    {
      graph,
      readers: (worker, workers) => openReaders(graph, sources, registry, { worker, workers }),
      groups: new Map(splits.map(({ source, topic, partition }, i) => [`${source.name} ${topic}/${partition}`, i])),
      clock: systemClock,
      retainMs: days(180),
      scheduler: interleave === undefined ? undefined : randomly(interleave),
      parallelism,
      onChanged,
    },
    records,
  );
  const recorder = new Recorder();
  for (const each of records) if (each.kind === "emit") recorder.emitted(each.output, each.record);
  return {
    recorder,
    engineAlerts: records.flatMap((each) => (each.kind === "engine-alert" ? [each.alert.id] : [])),
    faults: records.filter(({ kind }) => kind === "fault").length,
  };
}

function randomly(seed: number): Scheduler {
  const random = seededRandom(seed).fork("interleave");
  return (candidates) => random.pick(candidates);
}
