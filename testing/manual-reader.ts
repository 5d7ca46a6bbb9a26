import type { Batch } from "../base/batch.ts";
import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { Model } from "../dataflow/model.ts";
import type { RecordFault, SourceOutput, SourceReader, Split, Suspension } from "../dataflow/source.ts";

/** How a source of a test behaves. */
export interface ManualSourceOptions {
  /** Default: 0. */
  readonly longestTransactionMs?: number;
  /** How long deleted rows keep their position. Default: 180 days. */
  readonly retainMs?: number;
}

type Event = (output: SourceOutput) => void;

/** A source that brings what it is told: one split per table, and a heartbeat. */
export class ManualReader implements SourceReader {
  readonly source: string;
  readonly longestTransactionMs: number;
  readonly splits: readonly Split[];
  readonly #events: Event[] = [];
  readonly #changed = new Set<string>();

  constructor(source: string, models: readonly Model[], options: ManualSourceOptions) {
    this.source = source;
    this.longestTransactionMs = options.longestTransactionMs ?? 0;
    const tables = new Set(
      models.flatMap((model) => model.from.filter((f) => f.source === source).map((f) => f.table)),
    );
    this.splits = [...tables].map((table) => ({ topic: table, partition: 0, table, heartbeat: false }));
  }

  /** True while a table has brought nothing but rows of the seed. */
  isSeeding(table: string): boolean {
    return !this.#changed.has(table);
  }

  change(model: Model, table: string, batch: Batch, at: number, seeding: boolean): void {
    const split = this.#splitOf(table);
    if (!seeding) this.#changed.add(table);
    this.#events.push((output) => {
      output.changes(model, split, batch);
      if (seeding) output.seeded(split, at);
      else output.progress(split, at);
    });
  }

  /** Proves everything through the time. */
  heartbeat(through: number): void {
    this.#events.push((output) => output.heartbeat(through + this.longestTransactionMs + 1));
  }

  fault(fault: RecordFault): void {
    this.#events.push((output) => output.fault(this.#splitOf(fault.table), fault));
  }

  suspend(suspension: Suspension): void {
    this.#events.push((output) => output.suspend(this.#splitOf(suspension.table), suspension));
  }

  end(time: number): void {
    this.#events.push((output) => {
      for (const split of this.splits.keys()) output.ended(split, time);
    });
  }

  read(_split: number, _maxBytes: number, output: SourceOutput): boolean {
    const events = this.#events.splice(0);
    for (const event of events) event(output);
    return events.length > 0;
  }

  formatPosition(major: number, minor: number, sub: number): string {
    return `${major}/${minor}/${sub}`;
  }

  /** A split is always read to its end here, so that a heartbeat proves at once. */
  position(): number {
    return 0;
  }

  endOffset(): number {
    return 0;
  }

  /** What was told and not read yet is the test's own. */
  save(split: number, out: ByteWriter): void {
    out.flag(this.#changed.has(this.splits[split]!.table));
  }

  restore(split: number, input: ByteReader): void {
    if (input.flag()) this.#changed.add(this.splits[split]!.table);
  }

  close(): void {}

  #splitOf(table: string): number {
    return this.splits.findIndex((split) => split.table === table);
  }
}
