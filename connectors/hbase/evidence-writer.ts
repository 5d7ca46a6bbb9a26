import { assertSnapshot } from "../../snapshots/snapshot-checks.ts";
import type { SnapshotRow } from "../../snapshots/snapshot-store.ts";
import type { EvidenceTable } from "./evidence-table.ts";
import { CONNECTIONS } from "./rest-client.ts";
import { bucketOf, evidenceKey, timeKey, timePlace } from "./row-key.ts";
import { type Cell, EVIDENCE_COLUMN, encodeEvidence, encodeIndexValue, INDEX_COLUMN } from "./row-value.ts";

/** Writes snapshots in batches, a few at a time. */
export class EvidenceWriter {
  readonly #table: EvidenceTable;

  constructor(table: EvidenceTable) {
    this.#table = table;
  }

  /** Writes all rows, or throws the first error. Rows are encoded batch by batch. */
  async put(rows: readonly SnapshotRow[]): Promise<void> {
    const batches = batchesOf(withoutRepeats(rows));
    const work = async () => {
      for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) await this.#putBatch(batch);
    };
    const workers = Array.from({ length: Math.min(CONNECTIONS, batches.length) }, work);
    try {
      await Promise.all(workers);
    } catch (error) {
      batches.length = 0;
      // The rows are the caller's again once nobody reads them.
      await Promise.allSettled(workers);
      throw error;
    }
  }

  /** The index comes first, so that evidence that can be got can also be scanned for, whenever a crash comes. */
  async #putBatch(batch: readonly SnapshotRow[]): Promise<void> {
    await this.#table.put(() => batch.map(indexCell));
    await this.#table.put(() => batch.map(evidenceCell));
  }
}

/** More in a request make it slower. */
const BATCH_ROWS = 500;
const BATCH_BYTES = 4 * 1024 * 1024;

function batchesOf(rows: readonly SnapshotRow[]): SnapshotRow[][] {
  const batches: SnapshotRow[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    bytes += row.verdict.length;
    if (bytes > BATCH_BYTES || batches.at(-1)!.length === BATCH_ROWS) {
      batches.push([]);
      bytes = row.verdict.length;
    }
    batches.at(-1)!.push(row);
  }
  return batches;
}

/** Batches come to their end in any order, so of rows that are one cell the last is put alone. */
function withoutRepeats(rows: readonly SnapshotRow[]): readonly SnapshotRow[] {
  const cells = new Map<string, SnapshotRow>();
  for (const row of rows) {
    assertSnapshot(row);
    cells.set(`${evidenceKey(row)}${row.writtenAt}`, row);
  }
  return cells.size === rows.length ? rows : [...cells.values()];
}

function indexCell(row: SnapshotRow): Cell {
  const value = encodeIndexValue({ status: row.status, class: row.class, bytes: row.verdict.length });
  return { row: timeKey(bucketOf(row.key), timePlace(row)), column: INDEX_COLUMN, timestamp: row.writtenAt, value };
}

function evidenceCell(row: SnapshotRow): Cell {
  return { row: evidenceKey(row), column: EVIDENCE_COLUMN, timestamp: row.writtenAt, value: encodeEvidence(row) };
}
