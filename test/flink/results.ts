import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, FetchIsolationLevels, type Message, MessagesStreamModes } from "@platformatic/kafka";
import type { Job } from "../../checks/job.ts";
import {
  type AlertRecord,
  type Delivered,
  decodeAlert,
  decodeVerdict,
  singleObjectHeader,
  type VerdictRecord,
} from "../../schemas/contracts.ts";
import type { FolderRegistry } from "../../schemas/folder-registry.ts";
import { FRAME_LENGTH, schemaIdAt } from "../../schemas/wire-format.ts";

type Raw = Message<Buffer, Buffer, Buffer, Buffer>;

/** What a reader with `read_committed` gets of a job's topics of results, while it comes. */
export class Results {
  readonly verdicts: (VerdictRecord & Delivered)[] = [];
  readonly alerts: (AlertRecord & Delivered)[] = [];
  /** Rows of the job's own sinks, by name. */
  readonly rows = new Map<string, Record<string, unknown>[]>();
  /** Engine alerts, suspensions and changes of schemas, as JSON. */
  readonly troubles: string[] = [];
  readonly #consumer: Consumer<Buffer, Buffer, Buffer, Buffer>;
  readonly #prefix: string;
  readonly #registry: FolderRegistry;
  #reading: Promise<void> = Promise.resolve();

  private constructor(consumer: Consumer<Buffer, Buffer, Buffer, Buffer>, prefix: string, registry: FolderRegistry) {
    this.#consumer = consumer;
    this.#prefix = prefix;
    this.#registry = registry;
  }

  /** Begins to read; the topics must be there. `sinks`: the job's own. */
  static async open(
    brokers: readonly string[],
    prefix: string,
    registry: FolderRegistry,
    sinks: readonly string[] = [],
  ): Promise<Results> {
    const client = { clientId: "countercheck-test", groupId: `test-${crypto.randomUUID()}` };
    const consumer = new Consumer<Buffer, Buffer, Buffer, Buffer>({ ...client, bootstrapBrokers: [...brokers] });
    const results = new Results(consumer, prefix, registry);
    const names = ["verdicts", "alerts", "engine-alerts", ...sinks.map((sink) => SINKS + sink)];
    const stream = await consumer.consume({
      topics: names.map((name) => prefix + name),
      mode: MessagesStreamModes.EARLIEST,
      isolationLevel: FetchIsolationLevels.READ_COMMITTED,
      autocommit: false,
      maxWaitTime: 200,
    });
    results.#reading = results.#read(stream as AsyncIterable<Raw>);
    return results;
  }

  /** How much has come. */
  get size(): number {
    const rows = [...this.rows.values()].reduce((sum, { length }) => sum + length, 0);
    return this.verdicts.length + this.alerts.length + rows;
  }

  /** Waits until something is so of what has come; false where it does not come to that. */
  async comeTo(isSo: (results: this) => boolean, withinMs: number): Promise<boolean> {
    for (const until = Date.now() + withinMs; !isSo(this); await sleep(50)) if (Date.now() > until) return false;
    return true;
  }

  async close(): Promise<void> {
    await this.#consumer.close(true);
    await this.#reading;
  }

  async #read(stream: AsyncIterable<Raw>): Promise<void> {
    const next = new Map<string, bigint>();
    for await (const { topic, partition, offset, value } of stream) {
      // This client hands out some records of a batch again that it has cut at an open transaction.
      const place = `${topic}/${partition}`;
      if (offset < (next.get(place) ?? 0n)) continue;
      next.set(place, offset + 1n);
      const name = topic.slice(this.#prefix.length);
      if (name === "verdicts") this.verdicts.push(decodeVerdict(await this.#encoded(value)));
      else if (name === "alerts") this.alerts.push(decodeAlert(await this.#encoded(value)));
      else if (name === "engine-alerts") this.troubles.push(String(value));
      else {
        const sink = name.slice(SINKS.length);
        this.rows.set(sink, [...(this.rows.get(sink) ?? []), JSON.parse(String(value))]);
      }
    }
  }

  /** The encoding that the contracts decode. */
  async #encoded(value: Buffer): Promise<Buffer> {
    const schema = await this.#registry.schemaById(schemaIdAt(value, 0, value.length));
    return Buffer.concat([singleObjectHeader(schema), value.subarray(FRAME_LENGTH)]);
  }
}

/** In front of the names of a job's own sinks. */
const SINKS = "sinks.";

/** Names of a job's own sinks. */
export function sinksOf(job: Job): string[] {
  return job.graph().nodes.flatMap((node) => (node.type === "sink" ? [node.sink] : []));
}

/** Versions of each key that are not the next after the one before, in the order in which they came: empty where all are. */
export function gapsOf(verdicts: readonly VerdictRecord[]): string[] {
  const last = new Map<string, number>();
  return verdicts.flatMap(({ check, key, currency, period, version }) => {
    const name = [check, key, currency, period].join(" ");
    const before = last.get(name) ?? 0;
    last.set(name, version);
    return version === before + 1 ? [] : [`${name}: ${version} behind ${before}`];
  });
}
