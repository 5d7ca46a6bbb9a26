import type { SnapshotRow } from "../../snapshots/snapshot-store.ts";
import { ANSWER_BYTES } from "./evidence-scan.ts";
import { type EvidenceTable, rowInMultiget } from "./evidence-table.ts";
import { evidenceKey } from "./row-key.ts";
import { decodeEvidence } from "./row-value.ts";
import type { IndexEntry } from "./time-scan.ts";

/** Fetches the evidence that the index by time speaks of. */
export class EvidenceReader {
  readonly #table: EvidenceTable;

  constructor(table: EvidenceTable) {
    this.#table = table;
  }

  /**
   * The evidence of entries, in their order. An entry without evidence is left out: its put did not come to its end. So is
   * one of a time that is not that of the evidence: what it was written for has been written anew with another time.
   */
  async evidenceOf(entries: readonly IndexEntry[]): Promise<SnapshotRow[]> {
    const found = new Map<string, SnapshotRow>();
    const fetch = async (rows: readonly string[]) => {
      for (const cell of await this.#table.get(rows)) found.set(cell.row, decodeEvidence(cell, this.#table.path));
    };
    const keys = entries.map(evidenceKey);
    await Promise.all(partsOf(keys, entries).map(fetch));
    const rows = keys.map((key) => found.get(key));
    return rows.filter((row, i) => row !== undefined && row.time === entries[i]!.time) as SnapshotRow[];
  }
}

/** The server takes request lines up to 64 kB. */
const MOST_URL = 32_000;
const MOST_ROWS = 250;

/** Row keys in parts that fit into a URL each, and whose evidence is not too much for an answer. */
function partsOf(keys: readonly string[], entries: readonly IndexEntry[]): string[][] {
  const parts: string[][] = [];
  let url = Number.POSITIVE_INFINITY;
  let bytes = 0;
  keys.forEach((key, i) => {
    const length = rowInMultiget(key).length + 5;
    url += length;
    bytes += entries[i]!.bytes;
    if (url > MOST_URL || bytes > ANSWER_BYTES || parts.at(-1)!.length === MOST_ROWS) {
      parts.push([]);
      url = length;
      bytes = entries[i]!.bytes;
    }
    parts.at(-1)!.push(key);
  });
  return parts;
}
