import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { connectionOf, type KafkaConfig } from "../kafka-config.ts";

/** The clusters that a configuration names, each connected to once. */
export class Clusters implements AsyncDisposable {
  readonly #file: string;
  readonly #open = new Map<KafkaConfig, KafkaCluster>();

  /** `file` is the configuration, for errors. */
  constructor(file: string) {
    this.#file = file;
  }

  /** CONFIG_SECRET_MISSING, CONFIG_SECRET_UNREADABLE, CONFIG_INVALID for certificates that cannot be read. */
  of(kafka: KafkaConfig): KafkaCluster {
    const open = this.#open.get(kafka);
    if (open !== undefined) return open;
    const made = new KafkaCluster(connectionOf(kafka, "countercheck-doctor", this.#file));
    this.#open.set(kafka, made);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.values()].map((cluster) => cluster.close()));
  }
}
