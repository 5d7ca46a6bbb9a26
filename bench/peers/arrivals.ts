import { randomUUID } from "node:crypto";
import { Consumer, FetchIsolationLevels, MessagesStreamModes } from "@platformatic/kafka";
import { countercheckFinding } from "./verdict-topic.ts";

/** When verdicts are first seen in a topic, by another client than ours. */
export class Arrivals implements AsyncDisposable {
  /** By payment, in epoch ms. */
  readonly at = new Map<string, number>();
  readonly #consumer: Consumer<Buffer, Buffer, Buffer, Buffer>;
  #reading: Promise<void> = Promise.resolve();

  private constructor(brokers: readonly string[]) {
    const groupId = `countercheck-bench-${randomUUID()}`;
    this.#consumer = new Consumer({ groupId, clientId: groupId, bootstrapBrokers: [...brokers], retries: 3 });
  }

  /** `committed`: as readers see them who wait for transactions; else as soon as they are written. The topic must be there. */
  static async open(brokers: readonly string[], topic: string, seen: "committed" | "written"): Promise<Arrivals> {
    const arrivals = new Arrivals(brokers);
    const stream = await arrivals.#consumer.consume({
      ...{ topics: [topic], mode: MessagesStreamModes.EARLIEST, autocommit: false, maxWaitTime: 100, minBytes: 1 },
      isolationLevel:
        seen === "committed" ? FetchIsolationLevels.READ_COMMITTED : FetchIsolationLevels.READ_UNCOMMITTED,
    });
    arrivals.#reading = arrivals.#gather(stream as AsyncIterable<{ readonly value: Buffer }>);
    return arrivals;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer.close(true);
    await this.#reading;
  }

  async #gather(stream: AsyncIterable<{ readonly value: Buffer }>): Promise<void> {
    for await (const { value } of stream) {
      const { payment } = countercheckFinding(value);
      if (!this.at.has(payment)) this.at.set(payment, Date.now());
    }
  }
}
