import { BLOCK_HEADER_BYTES, BlockKind, blockLength, readBlock } from "./block.ts";
import { RecordCursor } from "./record.ts";
import type { RecordLog } from "./record-log.ts";
import { Segment } from "./segment.ts";
import type { GroupRuns, StorePart } from "./store-part.ts";
import type { StoreTable } from "./store-table.ts";

/**
 * Reads all records of the parts that are owned into tables, oldest first. Files without any are closed again; those
 * with records of others too remember what of them counts here, so that what was removed since, and is still in a file
 * that another worker needs, does not come back with it.
 */
export function restoreParts(
  log: RecordLog,
  parts: readonly StorePart[],
  owns: (table: string, group: number) => boolean,
  tableOf: (name: string) => StoreTable,
): void {
  for (const file of filesOf(parts)) {
    log.nextOrder = Math.max(log.nextOrder, file.order + 1);
    const { segment, firstBlock } = Segment.open(log.disk, log.dir, file.name, file.bytes);
    log.segments.push(segment);
    const reader = new SegmentReader(log, segment, (table, group) => counts(file, table, group) && owns(table, group));
    reader.read(firstBlock, tableOf);
    if (segment.ownBytes > 0) continue;
    log.segments.pop();
    segment.release();
  }
  log.dropDead();
}

/** A file, and what counts of it by each part that lists it. */
interface ListedFile {
  readonly name: string;
  readonly order: number;
  bytes: number;
  readonly only: (GroupRuns | undefined)[];
}

function filesOf(parts: readonly StorePart[]): ListedFile[] {
  const files = new Map<string, ListedFile>();
  for (const part of parts) {
    for (const { file: name, bytes, order, only } of part.segments) {
      const file = files.get(name) ?? { name, order, bytes: 0, only: [] };
      file.bytes = Math.max(file.bytes, bytes);
      file.only.push(only);
      files.set(name, file);
    }
  }
  return [...files.values()].sort((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1));
}

function counts(file: ListedFile, table: string, group: number): boolean {
  return file.only.some(
    (only) => only === undefined || (only[table] ?? []).some(([first, last]) => first <= group && group <= last),
  );
}

/** Reads the records of one segment that `accepts` takes. */
class SegmentReader {
  readonly #log: RecordLog;
  readonly #segment: Segment;
  readonly #accepts: (table: string, group: number) => boolean;
  readonly #record = new RecordCursor();
  /** By table and group: whether it is accepted, asked once each. */
  readonly #accepted: boolean[][];
  #hasOthers = false;

  constructor(log: RecordLog, segment: Segment, accepts: (table: string, group: number) => boolean) {
    this.#log = log;
    this.#segment = segment;
    this.#accepts = accepts;
    this.#accepted = segment.tables.map(() => []);
  }

  read(firstBlock: number, tableOf: (name: string) => StoreTable): void {
    const segment = this.#segment;
    const tables: (StoreTable | undefined)[] = [];
    let buffer = Buffer.alloc(0);
    for (let position = firstBlock; position < segment.bytes; ) {
      const length = blockLength(segment.file, position, segment.bytes);
      if (buffer.length < length) buffer = Buffer.allocUnsafeSlow(length);
      readBlock(segment.file, position, length, BlockKind.records, buffer);
      this.#readBlock(buffer, position, length, (number) => (tables[number] ??= tableOf(segment.tables[number]!)));
      position += length;
    }
    if (this.#hasOthers) segment.only = this.#runs();
    else segment.ownBytes = segment.bytes;
  }

  #readBlock(buffer: Buffer, position: number, length: number, table: (number: number) => StoreTable): void {
    const record = this.#record;
    let block = 0;
    for (let offset = BLOCK_HEADER_BYTES; offset < length; offset += record.length) {
      record.read(buffer, offset);
      if (!this.#isAccepted(record.table, record.group)) continue;
      if (block === 0) block = this.#log.cache.add(this.#segment, position, length);
      this.#segment.ownBytes += record.length;
      table(record.table).restore(record, block, offset, record.length);
    }
  }

  #isAccepted(table: number, group: number): boolean {
    const groups = this.#accepted[table]!;
    let answer = groups[group];
    if (answer === undefined) {
      answer = this.#accepts(this.#segment.tables[table]!, group);
      groups[group] = answer;
      if (!answer) this.#hasOthers = true;
    }
    return answer;
  }

  #runs(): GroupRuns {
    const tables = this.#segment.tables.map((name, table) => [name, runsOf(this.#accepted[table]!)] as const);
    return Object.fromEntries(tables.filter(([, runs]) => runs.length > 0));
  }
}

function runsOf(accepted: readonly boolean[]): [number, number][] {
  const runs: [number, number][] = [];
  for (let group = 0; group < accepted.length; group++) {
    if (accepted[group] !== true) continue;
    if (group > 0 && accepted[group - 1] === true) runs.at(-1)![1] = group;
    else runs.push([group, group]);
  }
  return runs;
}
