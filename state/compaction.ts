import { assert } from "../base/errors.ts";
import { RecordCursor } from "./record.ts";
import type { RecordLog } from "./record-log.ts";
import type { Segment } from "./segment.ts";
import type { StoreTable } from "./store-table.ts";

/**
 * Gives disk space back: while the log has more than twice what is live, and some slack, the records of the oldest
 * segment that are live are appended anew. Once none is left in it, the segment falls out of the log.
 */
export class Compaction {
  readonly #log: RecordLog;
  readonly #slackBytes: number;
  readonly #onPoint: (name: string) => void;
  readonly #record = new RecordCursor();
  #segment: Segment | undefined;
  /** Blocks of the segment that are done. */
  #done = 0;

  constructor(log: RecordLog, slackBytes: number, onPoint: (name: string) => void) {
    this.#log = log;
    this.#slackBytes = slackBytes;
    this.#onPoint = onPoint;
  }

  /** Goes through at most about `budget` bytes of blocks; gives what is left of it. `tableOf` knows all tables that have records. */
  run(budget: number, tableOf: (name: string) => StoreTable | undefined): number {
    const log = this.#log;
    let rest = budget;
    // In front of a cut are records that are newer than what would be appended behind it.
    while (rest > 0 && !log.isCut && log.bytes > 2 * log.liveBytes + this.#slackBytes) {
      const segment = log.segments[0];
      if (segment === undefined) return rest;
      if (segment !== this.#segment) this.#begin(segment);
      const tables = segment.tables.map(tableOf);
      for (; rest > 0 && this.#done < segment.blocks.length; this.#done++) {
        rest -= log.cache.lengthOf(segment.blocks[this.#done]!);
        this.#relocate(segment.blocks[this.#done]!, tables);
      }
      if (this.#done < segment.blocks.length) return rest;
      assert(segment.liveBytes === 0, "nothing is live in a segment whose live records were appended anew");
      log.dropDead();
      this.#onPoint("compaction-done");
    }
    return rest;
  }

  #begin(segment: Segment): void {
    if (this.#log.segments.length === 1) this.#log.roll();
    this.#segment = segment;
    this.#done = 0;
    this.#onPoint("compaction-begun");
  }

  #relocate(block: number, tables: readonly (StoreTable | undefined)[]): void {
    const record = this.#record;
    this.#log.scan(block, record, (offset) => tables[record.table]?.relocate(record, block, offset, record.length));
  }
}
