import { messageOf, raise } from "../../base/errors.ts";
import type { SnapshotRow } from "../../snapshots/snapshot-store.ts";
import { type Identity, parseEvidenceKey } from "./row-key.ts";

/*
 * The one column of a row of evidence: a byte for the layout, the length of a JSON header as four bytes (big endian), the
 * header, and the verdict as it is. `writtenAt` is the cell's timestamp.
 */

/** The column family of everything. */
export const FAMILY = "e";
/** The column of evidence. */
export const EVIDENCE_COLUMN = `${FAMILY}:r`;
/** The column of the index by time. */
export const INDEX_COLUMN = `${FAMILY}:i`;

/** A cell as it is stored. */
export interface Cell {
  readonly row: string;
  readonly column: string;
  readonly timestamp: number;
  readonly value: Uint8Array;
}

/** What the index by time says of a snapshot, so that a scan need not fetch what it leaves out. */
export interface IndexValue {
  readonly status: string;
  readonly class: string | null;
  /** Of its evidence. */
  readonly bytes: number;
}

/** The value of evidence. */
export function encodeEvidence({ time, status, class: cause, baseline, epoch, verdict }: SnapshotRow): Uint8Array {
  const header = Buffer.from(JSON.stringify([time, status, cause, baseline, epoch]));
  const value = Buffer.allocUnsafe(HEADER_START + header.length + verdict.length);
  value[0] = LAYOUT;
  value.writeUInt32BE(header.length, 1);
  value.set(header, HEADER_START);
  value.set(verdict, HEADER_START + header.length);
  return value;
}

/** The snapshot in a cell of evidence; `path` says where, for SNAPSHOTS_VERSION and SNAPSHOTS_UNREADABLE. */
export function decodeEvidence({ row, timestamp, value }: Cell, path: string): SnapshotRow {
  const identity = parseEvidenceKey(row) ?? damaged(path, "a row key is none of evidence");
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  if (bytes.length < HEADER_START) damaged(path, `the evidence of ${shown(identity)} is cut short`);
  const layout = bytes[0];
  if (layout !== LAYOUT && layout !== WITHOUT_EPOCH)
    raise("SNAPSHOTS_VERSION", { path, version: layout, supported: LAYOUT });
  const verdictStart = HEADER_START + bytes.readUInt32BE(1);
  const header = parsed(bytes.toString("utf8", HEADER_START, verdictStart), path, identity);
  if (!isHeader(header, layout)) damaged(path, `the evidence of ${shown(identity)} has no header that makes sense`);
  const [time, status, cause, baseline, epoch = 0] = header;
  // A copy: the answer that the value lies in is much larger.
  const verdict = Uint8Array.from(bytes.subarray(verdictStart));
  return { ...identity, epoch, time, writtenAt: timestamp, status, class: cause, baseline, verdict };
}

/** The value of a row of the index. */
export function encodeIndexValue({ status, class: cause, bytes }: IndexValue): Uint8Array {
  return Buffer.from(JSON.stringify([status, cause, bytes]));
}

/** What a row of the index says; `path` says where, for SNAPSHOTS_UNREADABLE. */
export function decodeIndexValue(value: Uint8Array, path: string, of: Identity): IndexValue {
  const header = parsed(Buffer.from(value.buffer, value.byteOffset, value.length).toString(), path, of);
  if (!isIndexHeader(header)) damaged(path, `the index of ${shown(of)} does not make sense`);
  const [status, cause, bytes] = header;
  return { status, class: cause, bytes };
}

/** The store is not what it should be. */
export function damaged(path: string, reason: string): never {
  raise("SNAPSHOTS_UNREADABLE", { path, reason });
}

const LAYOUT = 2;
/** The layout before: what it holds was said before all epochs. */
const WITHOUT_EPOCH = 1;
const HEADER_START = 5;

function isHeader(header: unknown, layout: number): header is [number, string, string | null, boolean, number?] {
  if (!Array.isArray(header) || header.length !== (layout === LAYOUT ? 5 : 4)) return false;
  const [time, status, cause, baseline, epoch = 0] = header;
  const areNumbers = Number.isSafeInteger(time) && Number.isSafeInteger(epoch);
  return areNumbers && isCause(status, cause) && typeof baseline === "boolean";
}

function isIndexHeader(header: unknown): header is [string, string | null, number] {
  return (
    Array.isArray(header) && header.length === 3 && isCause(header[0], header[1]) && Number.isSafeInteger(header[2])
  );
}

function isCause(status: unknown, cause: unknown): boolean {
  return typeof status === "string" && (cause === null || typeof cause === "string");
}

function parsed(json: string, path: string, of: Identity): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    return damaged(path, `${shown(of)}: ${messageOf(error)}`);
  }
}

function shown({ key, check, currency, version }: Identity): string {
  return `${check} ${key} ${currency} ${version}`;
}
