import { assert } from "../../base/errors.ts";
import { formatCursor, type Place, parseCursor } from "../../snapshots/cursor.ts";
import {
  type HistoryQuery,
  MAX_PAGE,
  type PageQuery,
  type ScanQuery,
  type SnapshotPage,
  type SnapshotQuery,
  type SnapshotRow,
  type SnapshotStore,
} from "../../snapshots/snapshot-store.ts";
import { EvidenceReader } from "./evidence-reader.ts";
import { EvidenceScan } from "./evidence-scan.ts";
import { EvidenceTable } from "./evidence-table.ts";
import { EvidenceWriter } from "./evidence-writer.ts";
import { newestOf } from "./newest.ts";
import type { RestOptions } from "./rest-client.ts";
import { endOf, evidenceKey, evidencePrefix, timePlace } from "./row-key.ts";
import { TimeScan } from "./time-scan.ts";

/** Where the evidence is, and how it is reached. */
export interface HBaseSnapshotOptions extends RestOptions {
  readonly table: string;
}

/**
 * The evidence store in a table of HBase, over its REST server; docs/decisions/snapshots-table.md says how. A put of many
 * rows is no transaction: when it fails some may be there, and the same put again gives what it would have given.
 * SNAPSHOTS_UNAVAILABLE (retryable), SNAPSHOTS_TABLE_MISSING, SNAPSHOTS_TABLE_UNFIT, SNAPSHOTS_REFUSED,
 * SNAPSHOTS_ANSWER_INVALID, SNAPSHOTS_UNREADABLE, SNAPSHOTS_VERSION; SNAPSHOTS_ROW_KEY_TOO_LONG.
 */
export class HBaseSnapshotStore implements SnapshotStore {
  readonly #table: EvidenceTable;
  readonly #writer: EvidenceWriter;

  /** Does not reach for the server yet; `check` does. */
  constructor({ table, ...rest }: HBaseSnapshotOptions) {
    this.#table = new EvidenceTable(table, rest);
    this.#writer = new EvidenceWriter(this.#table);
  }

  /** Throws unless the table is there and fit for evidence. */
  check(): Promise<void> {
    return this.#table.check();
  }

  put(rows: readonly SnapshotRow[]): Promise<void> {
    return this.#writer.put(rows);
  }

  get(query: SnapshotQuery): Promise<SnapshotRow[]> {
    return newestOf(this.#table, query);
  }

  async history(query: HistoryQuery): Promise<SnapshotPage> {
    const limit = limitOf(query);
    const prefix = evidencePrefix(query.key, query);
    const scan = new EvidenceScan(this.#table);
    const rows: SnapshotRow[] = [];
    let start = prefix;
    if (query.after !== undefined) {
      const [check, currency, period, version] = parseCursor("history", query.after, historyPlace(SOME_ROW));
      start = later(prefix, behind({ key: query.key, check, currency, period, version } as SnapshotRow));
    }
    for (let ended = false; !ended && rows.length <= limit; ) {
      const answer = await scan.read({ start, end: endOf(prefix), limit: limit + 1 });
      ended = answer.ended;
      rows.push(...answer.rows.filter((row) => isOf(row, query)));
      if (!ended) start = behind(answer.rows.at(-1)!);
    }
    return pageOf("history", rows, limit, historyPlace);
  }

  async scan(query: ScanQuery): Promise<SnapshotPage> {
    const limit = limitOf(query);
    const reader = new EvidenceReader(this.#table);
    const scan = new TimeScan(this.#table, { ...query, limit }, placeBehind(query));
    const rows: SnapshotRow[] = [];
    while (rows.length <= limit) {
      const wanted = limit + 1 - rows.length;
      const entries = await scan.next(wanted);
      for (const row of await reader.evidenceOf(entries)) {
        if (query.status !== undefined && row.status !== query.status) continue;
        if (query.class !== undefined && row.class !== query.class) continue;
        rows.push(row);
      }
      if (entries.length < wanted) break;
    }
    return pageOf("scan", rows, limit, scanPlace);
  }

  close(): void {
    this.#table.close();
  }
}

/** Gives cursors the types that they must have. */
const SOME_ROW = { key: "", check: "", currency: "", period: "", version: 1, time: 0 };

function historyPlace(row: Pick<SnapshotRow, "check" | "currency" | "period" | "version">): Place {
  return [row.check, row.currency, row.period, row.version];
}

function scanPlace({ time, key, check, currency, period, version }: typeof SOME_ROW): Place {
  return [time, key, check, currency, period, version];
}

/** The first row key of evidence that can follow a row. */
function behind(row: SnapshotRow): string {
  return evidenceKey({ ...row, version: row.version + 1 });
}

/** Where the index by time goes on behind a scan's cursor. */
function placeBehind({ after, from }: ScanQuery): string | undefined {
  if (after === undefined) return undefined;
  const place = parseCursor("scan", after, scanPlace(SOME_ROW));
  const [time, key, check, currency, period, version] = place as [number, string, string, string, string, number];
  if (from !== undefined && time < from) return undefined;
  return timePlace({ time, key, check, currency, period, version: version + 1 });
}

/** The later of two row keys. */
function later(one: string, other: string): string {
  return Buffer.compare(Buffer.from(one), Buffer.from(other)) < 0 ? other : one;
}

function isOf(row: SnapshotRow, { check, currency, period }: HistoryQuery): boolean {
  return (
    (check === undefined || row.check === check) &&
    (currency === undefined || row.currency === currency) &&
    (period === undefined || row.period === period)
  );
}

function limitOf({ limit }: PageQuery): number {
  assert(Number.isSafeInteger(limit) && limit > 0, "a page's limit is a positive integer");
  return Math.min(limit, MAX_PAGE);
}

function pageOf(kind: string, rows: SnapshotRow[], limit: number, placeOf: (row: SnapshotRow) => Place): SnapshotPage {
  const more = rows.length > limit;
  if (more) rows.length = limit;
  return { rows, next: more ? formatCursor(kind, placeOf(rows[limit - 1]!)) : null };
}
