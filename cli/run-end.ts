import { CountercheckError, isError } from "../base/errors.ts";
import type { KafkaCluster } from "../connectors/kafka/cluster.ts";

/** For so long a run that was told to end waits for brokers. */
const PATIENCE_MS = 5_000;

/**
 * Closes a cluster a few seconds after a run was told to end, if it is not done by then: brokers that do not answer must
 * not hold it up for as long as a delivery may take. What is not out then, the next run brings out.
 */
export class RunEnd {
  readonly #cluster: KafkaCluster;
  readonly #signal: AbortSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  readonly #begin = () => {
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      void this.#cluster.close();
    }, PATIENCE_MS);
  };

  /** `signal` aborts when the run is to end; the caller disposes. */
  constructor(cluster: KafkaCluster, signal: AbortSignal | undefined) {
    this.#cluster = cluster;
    this.#signal = signal;
    if (signal?.aborted) this.#begin();
    else signal?.addEventListener("abort", this.#begin, { once: true });
  }

  /** Does what needs the cluster; KAFKA_UNAVAILABLE where it was closed meanwhile. */
  async within<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!this.#isOver || !(isError(error, "KAFKA_CLOSED") || isError(error, "KAFKA_UNAVAILABLE"))) throw error;
      const reason = `it did not answer within ${PATIENCE_MS / 1_000} s of the run being told to end; the next run brings out what is not out`;
      const details = { broker: this.#cluster.address, doing: "word that results are out", reason };
      throw new CountercheckError("KAFKA_UNAVAILABLE", details, { cause: error });
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#begin);
  }
}
