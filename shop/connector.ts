import type { ShopRecord, ShopSink } from "./sink.ts";

/** How many records a restarted connector delivers again at most. */
const KEPT = 200;

/** The time from a commit to its records' arrival in the log. */
export const LAG_MS = 480;

/**
 * One database's Debezium connector as the log sees it: an at-least-once writer. It remembers the last records, so that
 * a restart can deliver them once more. Records carry headers only where a row's key changed
 * (`extended.headers.enabled=false`).
 */
export class Connector {
  readonly #sink: ShopSink;
  readonly #recent: { topic: string; partition: number; record: ShopRecord }[] = [];
  #next = 0;
  /** Records delivered, repeats included. */
  records = 0;

  constructor(sink: ShopSink) {
    this.#sink = sink;
  }

  /** Appends a record to the partition that its key belongs to. */
  deliver(topic: string, partitions: number, record: ShopRecord): void {
    const partition = partitionOf(record.key!, partitions);
    this.#append(topic, partition, record);
    this.#recent[this.#next] = { topic, partition, record };
    this.#next = (this.#next + 1) % KEPT;
  }

  /** The snapshot is complete and its offset kept: nothing that was delivered so far comes again. */
  completeSnapshot(): void {
    this.#recent.length = 0;
    this.#next = 0;
  }

  /** Delivers up to `count` of the last records again, in their order. Gives their number. */
  restart(count: number, timeMs: number): number {
    const ordered = [...this.#recent.slice(this.#next), ...this.#recent.slice(0, this.#next)];
    const again = ordered.slice(-Math.min(count, KEPT));
    for (const { topic, partition, record } of again) this.#append(topic, partition, { ...record, timestamp: timeMs });
    return again.length;
  }

  #append(topic: string, partition: number, record: ShopRecord): void {
    this.#sink.append(topic, partition, record);
    this.records++;
  }
}

/** FNV-1a over the key, reduced to the partitions. */
function partitionOf(key: Uint8Array, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key[i]!, 0x01000193);
  return ((hash ^ (hash >>> 16)) >>> 0) % partitions;
}
