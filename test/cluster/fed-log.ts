import { ByteWriter } from "../../base/bytes.ts";
import type { Random } from "../../base/random.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import type { TableSplit } from "../../cli/compose.ts";
import { FileLogReader } from "../../connectors/file/reader.ts";
import type { PlannedSplit } from "../../flink/cluster-plan.ts";
import { splitKeyGroup } from "../../flink/split-key-group.ts";
import type { FakeFlink } from "./fake-flink.ts";

/** A split of a plan, with its table. */
export type FedSplit = PlannedSplit & { readonly table: string };

/** Splits as a plan has them. */
export function plannedSplits(splits: readonly TableSplit[]): FedSplit[] {
  return splits.map(({ source, table, topic, partition }) => ({
    ...{ source: source.name, table, topic, partition, topicId: "", start: 0 },
    heartbeat: table === source.heartbeatTable,
    keyGroup: splitKeyGroup(topic, partition),
  }));
}

const READ_BYTES = 2_048;

/** What Flink's sources and packers do: brings the records of file logs to the first task, in a random order of splits. */
export class FedLog {
  readonly #splits: readonly FedSplit[];
  readonly #readers: readonly FileLogReader[];
  readonly #random: Random;

  constructor(folder: string, splits: readonly FedSplit[], random: Random) {
    this.#splits = splits;
    this.#random = random;
    this.#readers = splits.map(({ topic, partition }) => new FileLogReader(folder, topic, partition));
  }

  /** Offsets of the records that are brought next, by split. */
  get positions(): readonly number[] {
    return this.#readers.map(({ offset }) => offset);
  }

  /** Goes on from where it was. */
  seek(positions: readonly number[]): void {
    for (const [split, reader] of this.#readers.entries()) reader.seek(positions[split]!);
  }

  /** Brings so many pieces, or all that is left; false when nothing is left. */
  async feed(flink: FakeFlink, pieces: number): Promise<boolean> {
    const open = [...this.#splits.keys()];
    for (let fed = 0; fed < pieces && open.length > 0; ) {
      const split = this.#random.pick(open);
      const read = this.#readers[split]!.read(READ_BYTES);
      if (read === null || "throughMs" in read) {
        open.splice(open.indexOf(split), 1);
        continue;
      }
      fed++;
      if (this.#splits[split]!.heartbeat) flink.proof(this.#proofOf(split, read));
      else flink.records(this.#splits[split]!.keyGroup, recordsOf(split, read));
      await flink.room();
    }
    return open.length > 0;
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
  }

  /** Heartbeat rows, with the ends of their source's splits. */
  #proofOf(heartbeats: number, rows: RecordBatch): Buffer {
    const { source } = this.#splits[heartbeats]!;
    const proven = [...this.#splits.keys()].filter((split) => {
      const other = this.#splits[split]!;
      return other.source === source && !other.heartbeat;
    });
    const out = new ByteWriter();
    out.uint32(proven.length);
    for (const split of proven) {
      out.uint32(split);
      out.float64(this.#readers[split]!.endOffset());
    }
    out.uint32(1);
    const piece = recordsOf(heartbeats, rows);
    out.uint32(piece.length);
    out.raw(piece, 0, piece.length);
    return Buffer.from(out.bytes());
  }
}

/** The payload of a `records` frame. */
export function recordsOf(split: number, records: RecordBatch): Buffer {
  const out = new ByteWriter();
  out.uint32(split);
  out.uint32(records.count);
  const { buffer, keyStarts, keyEnds, valueStarts, valueEnds, headerStarts, headerEnds } = records;
  const write = (start: number, end: number) => {
    out.uint32(start < 0 ? 0xffffffff : end - start);
    if (start >= 0) out.raw(buffer, start, end);
  };
  for (let i = 0; i < records.count; i++) {
    out.float64(records.offsets[i]!);
    out.float64(records.timestamps[i]!);
    write(keyStarts[i]!, keyEnds[i]!);
    write(valueStarts[i]!, valueEnds[i]!);
    write(headerStarts[i]!, headerEnds[i]!);
  }
  return Buffer.from(out.bytes());
}
