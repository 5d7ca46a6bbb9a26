import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { Model } from "../../dataflow/model.ts";
import type { SourceOutput, SourceReader, Split } from "../../dataflow/source.ts";
import { EventColumns } from "./event-columns.ts";
import { EventFileReader, RECORD } from "./event-file.ts";
import { SOURCE } from "./query.ts";

/** How a file is read. */
interface EventReaderOptions {
  /** Told how many events have been read in all. */
  readonly onEvents?: (events: number) => void;
  /** Told once that all of them have been read, a read before the stream ends. */
  readonly onLast?: () => void;
}

/**
 * The file of events as a source of one split: a block a read, its rows by model. Events of types that no model reads are
 * passed over by their length.
 */
export class EventReader implements SourceReader {
  readonly source = SOURCE;
  /** What Flink's table holds its watermark back by. */
  readonly longestTransactionMs = 4_000;
  readonly splits: readonly Split[] = [{ topic: "events", partition: 0, table: "events", heartbeat: false }];
  readonly #file: EventFileReader;
  readonly #columns: readonly EventColumns[];
  /** By type: places of the block's records, and how many there are. */
  readonly #places = [new Int32Array(1_024), new Int32Array(1_024), new Int32Array(1_024)];
  readonly #counts = [0, 0, 0];
  readonly #options: EventReaderOptions;
  #read = 0;
  #hasTold = false;

  constructor(path: string, models: readonly Model[], options: EventReaderOptions = {}) {
    this.#file = new EventFileReader(path);
    this.#columns = models.map((model) => new EventColumns(model));
    this.#options = options;
  }

  /** Events of the file. */
  get events(): number {
    return this.#file.events;
  }

  read(split: number, _maxBytes: number, output: SourceOutput): boolean {
    const file = this.#file;
    if (!file.next()) {
      if (this.#hasTold || this.#options.onLast === undefined) {
        output.ended(split, file.lastTime);
        return true;
      }
      this.#hasTold = true;
      this.#options.onLast();
      return false;
    }
    this.#findRecords();
    for (const columns of this.#columns) {
      const count = this.#counts[columns.type]!;
      if (count === 0) continue;
      columns.fill(file, this.#places[columns.type]!, count, this.#read);
      output.changes(columns.model, split, columns.batch);
    }
    this.#read += file.count;
    output.progress(split, file.lastTime);
    this.#options.onEvents?.(this.#read);
    return true;
  }

  position(): number {
    return this.#read;
  }

  endOffset(): number {
    return this.#file.events;
  }

  save(_split: number, out: ByteWriter): void {
    out.uint(this.#file.position);
    out.uint(this.#read);
  }

  restore(_split: number, input: ByteReader): void {
    this.#file.position = input.uint();
    this.#read = input.uint();
  }

  formatPosition(_major: number, minor: number): string {
    return `event ${minor}`;
  }

  close(): void {
    this.#file.close();
  }

  #findRecords(): void {
    const { bytes, length } = this.#file;
    this.#counts.fill(0);
    for (let at = 0; at < length; at += bytes[at]! | (bytes[at + 1]! << 8)) {
      const type = bytes[at + RECORD.type]!;
      this.#places[type]![this.#counts[type]!++] = at;
    }
  }
}
