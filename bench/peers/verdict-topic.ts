import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { readTopicToEnd } from "../../connectors/kafka/read-topic.ts";
import { describeTopic } from "../../connectors/kafka/topics.ts";
import { contractSchemas, decodeVerdict, singleObjectHeader } from "../../schemas/contracts.ts";
import { FRAME_LENGTH } from "../../schemas/wire-format.ts";
import type { Finding } from "./findings.ts";

/** Findings that come into a topic, as readers see them who wait for transactions. */
export class VerdictTopic implements AsyncDisposable {
  readonly #cluster: KafkaCluster;
  readonly #topic: string;
  readonly #read: (value: Buffer) => Finding;
  readonly #findings: Finding[] = [];
  #ends: number[] | undefined;

  constructor(brokers: readonly string[], topic: string, read: (value: Buffer) => Finding) {
    this.#cluster = new KafkaCluster({ clientId: "countercheck-bench", brokers });
    this.#topic = topic;
    this.#read = read;
  }

  /** All that are there by now; none where there is no such topic yet. */
  async findings(): Promise<readonly Finding[]> {
    if (this.#ends === undefined) {
      const topic = await describeTopic(this.#cluster, this.#topic);
      if (topic === undefined) return [];
      this.#ends = Array.from({ length: topic.partitions }, () => 0);
    }
    for (const [partition, from] of this.#ends.entries())
      this.#ends[partition] = await readTopicToEnd(
        ...([this.#cluster, this.#topic, partition, from] as const),
        ({ buffer, count, valueStarts, valueEnds }) => {
          for (let i = 0; i < count; i++)
            if (valueStarts[i]! >= 0)
              this.#findings.push(this.#read(Buffer.from(buffer.subarray(valueStarts[i]!, valueEnds[i]!))));
        },
        "stable",
      );
    return this.#findings;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster.close();
  }
}

/** A verdict of ours, in Confluent's framing. */
export function countercheckFinding(value: Buffer): Finding {
  const verdict = decodeVerdict(Buffer.concat([HEADER, value.subarray(FRAME_LENGTH)]));
  const { key, currency, status, class: name, atRisk } = verdict;
  return { payment: String(key), currency, class: name ?? status, amount: Math.round(Number(atRisk) * 100) };
}

/** A verdict of the job in Java. */
export function javaFinding(value: Buffer): Finding {
  const {
    payment,
    currency,
    status,
    class: name,
    amount,
  } = JSON.parse(value.toString()) as Finding & { status: string };
  return { payment, currency, class: name || status, amount: amount / 100 };
}

const HEADER = singleObjectHeader(contractSchemas.verdict);
