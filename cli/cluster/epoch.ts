import { raise } from "../../base/errors.ts";
import { systemClock } from "../../base/time.ts";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { ensureTopic } from "../../connectors/kafka/topics.ts";
import { type ResultTopic, registerContracts } from "../../schemas/contract-subjects.ts";
import type { MarkerRecord } from "../../schemas/contracts.ts";
import type { Config, ResultsConfig } from "../config.ts";
import { connectionOf } from "../kafka-config.ts";
import { KafkaResults } from "../kafka-results.ts";
import { openRegistry } from "../open-registry.ts";
import type { Beginning } from "../run-state.ts";

/** Results stay until somebody decides otherwise. */
const SETTINGS = { "cleanup.policy": "delete", "retention.ms": "-1" };

/** The results of a job, as a submission prepares them. */
export class ClusterResults {
  readonly #config: Pick<Config, "registry" | "file"> & { readonly results: ResultsConfig };
  readonly #job: string;
  /** The marker that `claim` found. */
  #before: MarkerRecord | undefined;

  constructor(config: Pick<Config, "registry" | "file"> & { readonly results: ResultsConfig }, job: string) {
    this.#config = config;
    this.#job = job;
  }

  /**
   * Makes the topics that are not there and registers the contracts of what is written to them; gives the contracts' ids.
   * `names` are the topics' names behind the prefix. KAFKA_TOPIC_UNSUITABLE, CONTRACT_INCOMPATIBLE, and what brokers and
   * registry reject with.
   */
  async prepare(names: readonly string[]): Promise<Readonly<Record<ResultTopic, number>>> {
    const { results, registry, file } = this.#config;
    const ids = await registerContracts(openRegistry(registry, file), results.prefix);
    const cluster = new KafkaCluster(connectionOf(results.kafka, results.prefix + this.#job, file));
    try {
      for (const name of names) {
        await ensureTopic(cluster, { name: results.prefix + name, partitions: 1, settings: SETTINGS });
      }
    } finally {
      await cluster.close();
    }
    return ids;
  }

  /** What a new epoch is to be above: nothing is changed, so a run that goes on elsewhere is not hindered. */
  peek(): Promise<Beginning | undefined> {
    return this.#within((place) => place.peekMarker());
  }

  /**
   * Begins an epoch: from now on no embedded run of the job brings out anything, nor is one begun with again that was there
   * before. JOB_BEGUN_ELSEWHERE where another run has begun since `peek`; what the brokers reject with.
   */
  claim(beginning: Beginning): Promise<void> {
    return this.#within(async (place) => {
      const log = await place.open();
      const { lastMarker: last } = log;
      if (last !== undefined && (last.epoch >= beginning.epoch || last.attempt >= beginning.attempt))
        raise("JOB_BEGUN_ELSEWHERE", { job: this.#job, epoch: last.epoch });
      this.#before = last;
      log.goOnBehind(log.positions());
      log.marker({ job: this.#job, ...beginning, checkpoint: 0, time: systemClock.now() });
      await log.sync();
    });
  }

  /**
   * Ends an epoch that nothing was brought out in: the marker of before is the last one again, word for word, since a run
   * that goes on tells by it what is out. Where none was, or another run has begun since, nothing is done. What the
   * brokers reject with.
   */
  async withdraw({ epoch, attempt }: Beginning): Promise<void> {
    const before = this.#before;
    if (before === undefined) return;
    const isLast = (last: MarkerRecord | undefined) => last?.epoch === epoch && last.attempt === attempt;
    await this.#within(async (place) => {
      if (!isLast(await place.peekMarker())) return;
      const log = await place.open();
      if (!isLast(log.lastMarker)) return;
      log.goOnBehind(log.positions());
      log.marker(before);
      await log.sync();
    });
  }

  async #within<T>(work: (place: KafkaResults) => Promise<T>): Promise<T> {
    const { results, registry, file } = this.#config;
    const place = new KafkaResults({
      config: results,
      job: this.#job,
      registry: openRegistry(registry, file),
      configFile: file,
    });
    try {
      return await work(place);
    } finally {
      await place.close();
    }
  }
}

/**
 * The epoch and attempt of a run that begins behind others. An embedded run that has brought out nothing has no marker, and is
 * in its first epoch: it is behind, too.
 */
export function beginningAbove(others: readonly (Beginning | undefined)[]): Beginning {
  const newest = (of: keyof Beginning) => Math.max(1, ...others.map((other) => other?.[of] ?? 0));
  return { epoch: newest("epoch") + 1, attempt: newest("attempt") + 1 };
}
