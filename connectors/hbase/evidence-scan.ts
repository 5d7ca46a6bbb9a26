import type { SnapshotRow } from "../../snapshots/snapshot-store.ts";
import type { EvidenceTable, RowRange } from "./evidence-table.ts";
import { decodeEvidence, EVIDENCE_COLUMN } from "./row-value.ts";

/** Bytes of evidence that an answer should have at most, where rows are as large as those before. */
export const ANSWER_BYTES = 8 * 1024 * 1024;

/** Reads evidence in parts whose size follows that of the rows, and hence memory on both sides is bounded. */
export class EvidenceScan {
  readonly #table: EvidenceTable;
  #most = FIRST_ROWS;

  constructor(table: EvidenceTable) {
    this.#table = table;
  }

  /** The next rows of a range, and whether those were all. */
  async read(range: Omit<RowRange, "column">): Promise<{ rows: SnapshotRow[]; ended: boolean }> {
    const limit = Math.min(range.limit, this.#most);
    const cells = await this.#table.scan({ ...range, limit, column: EVIDENCE_COLUMN });
    const bytes = cells.reduce((sum, { value }) => sum + value.length, 0);
    if (cells.length > 0) this.#most = Math.min(MOST_ROWS, Math.ceil(ANSWER_BYTES / (bytes / cells.length + 1)));
    return { rows: cells.map((cell) => decodeEvidence(cell, this.#table.path)), ended: cells.length < limit };
  }
}

const FIRST_ROWS = 64;
const MOST_ROWS = 1_001;
