import type { Key } from "../base/key.ts";

/** The evidence of one emitted verdict. (key, check, currency, period, version) is its row key. */
export interface SnapshotRow {
  readonly key: Key;
  readonly check: string;
  readonly currency: string;
  /** Empty, except for windowed checks. */
  readonly period: string;
  /** 1, 2, 3 … */
  readonly version: number;
  /** Of the run that said it. Each that begins, afresh or from a savepoint, has a higher one than all before. */
  readonly epoch: number;
  /** The verdict's point of event time, in epoch ms. */
  readonly time: number;
  /** Wall time in epoch ms, fixed by the caller before the first attempt, so that a repeated put is the same put. */
  readonly writtenAt: number;
  readonly status: string;
  readonly class: string | null;
  readonly baseline: boolean;
  /** The verdict's record, encoded so that it names its own contract. */
  readonly verdict: Uint8Array;
}

/** Verdicts of one key; what is left out is not narrowed. */
export interface SnapshotQuery {
  readonly key: Key;
  readonly check?: string;
  readonly currency?: string;
  readonly period?: string;
  /** This version only, instead of the newest; nothing where it was overtaken. */
  readonly version?: number;
  /** An event time: the newest version whose time is not later, of those that were not overtaken. */
  readonly asOf?: number;
}

/** All versions of a key's verdicts, in pages. */
export interface HistoryQuery extends PageQuery {
  readonly key: Key;
  readonly check?: string;
  readonly currency?: string;
  readonly period?: string;
}

/** Verdicts of many keys, in pages; what is left out is not narrowed. */
export interface ScanQuery extends PageQuery {
  readonly check?: string;
  readonly status?: string;
  readonly class?: string;
  /** Event time, inclusive. */
  readonly from?: number;
  /** Event time, exclusive. */
  readonly to?: number;
  /** Canonical text that keys begin with. */
  readonly keyPrefix?: string;
}

/** Which page of an answer. */
export interface PageQuery {
  /** Rows wanted, a positive integer; a page has `MAX_PAGE` at most, whatever is asked. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
}

/** A part of an answer. */
export interface SnapshotPage {
  readonly rows: SnapshotRow[];
  /** What to ask `after` for the rows that follow; null when there were none. Opaque, and safe to print. */
  readonly next: string | null;
}

/** Most rows in one page. */
export const MAX_PAGE = 1_000;

/** What a backend answers at once or later. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Keeps the evidence behind every emitted verdict. Nothing is deleted: a retraction is a further version.
 *
 * Of two puts with one row key that of the higher epoch is what is read, then the one with the later `writtenAt` (of
 * equals, the last). So a put that is repeated changes nothing, and a late repeat cannot hide newer evidence. The caller
 * sees to it that a higher epoch writes later: in HBase a cell's timestamp, `writtenAt`, decides alone.
 *
 * A run that begins afresh or from a savepoint says again what was said behind its beginning. A version is *overtaken* when
 * a higher epoch has said that version or one before it, of the same key, check, currency and period. So the newest that
 * counts is the greatest version of the highest epoch there. `get` leaves out what was overtaken; `history` and `scan` give
 * all rows, and `overtakenIn` tells which of a history were. Where a later run has said nothing, what was said counts.
 *
 * Texts are ordered by their UTF-8 bytes. Every backend passes `snapshot-store.suite.ts`. Each method can throw the
 * SNAPSHOTS_ errors of the catalogue; what is `retryable` may simply be called again.
 */
export interface SnapshotStore {
  /** Keeps all rows or none; they are durable when it returns. Rows are the caller's again afterwards. */
  put(rows: readonly SnapshotRow[]): Awaitable<void>;
  /**
   * The newest version that was not overtaken per (check, currency, period) of a key, in that order, or the version that
   * is asked for.
   */
  get(query: SnapshotQuery): Awaitable<SnapshotRow[]>;
  /** All versions of a key, also those that were overtaken, ordered by check, currency, period, version. SNAPSHOTS_CURSOR_INVALID. */
  history(query: HistoryQuery): Awaitable<SnapshotPage>;
  /**
   * Rows, also those that were overtaken, ordered by time, key, check, currency, period, version. A row that is put while pages are read is seen when it
   * lies behind the cursor's place. SNAPSHOTS_CURSOR_INVALID.
   */
  scan(query: ScanQuery): Awaitable<SnapshotPage>;
  close(): Awaitable<void>;
}
