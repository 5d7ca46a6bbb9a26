import { raise } from "../../base/errors.ts";
import type { Key } from "../../base/key.ts";
import type { SnapshotRow } from "../../snapshots/snapshot-store.ts";

/*
 * Row keys are UTF-8 text throughout, because the REST server reads those in its URLs as text: other bytes would not come
 * back as they went. Texts are ended by U+0001 and hold nothing below U+0003 as it is, so the order of row keys is the
 * order of their parts; numbers are hexadecimal digits of one length. What is written so is fixed: stored rows rest on it.
 *
 *   evidence   salt  key 01 check 01 currency 01 period 01 version         salt: 0 … f, from the key
 *   by time    i bucket  time  key 01 check 01 currency 01 period 01 version     bucket: 0 … 3, from the key
 */

/** What tells one snapshot from all others. */
export type Identity = Pick<SnapshotRow, "key" | "check" | "currency" | "period" | "version">;

/** What a row of the index by time says in its key. */
export type TimedIdentity = Identity & Pick<SnapshotRow, "time">;

/** Parts that a key's evidence is ordered by, as far as they are known. */
export interface Narrowed {
  readonly check?: string | undefined;
  readonly currency?: string | undefined;
  readonly period?: string | undefined;
}

/** First characters of evidence: so many parts of the table can be written at once. */
export const SALTS = 16;

/** Parts of the index by time. A scan reads each of them, so they are few. */
export const BUCKETS = 4;

/** Bytes of a row key at most: two of them must fit into a URL, percent-encoded. */
export const MAX_ROW_KEY = 8_192;

/** The row key of a snapshot's evidence. SNAPSHOTS_ROW_KEY_TOO_LONG. */
export function evidenceKey({ key, check, currency, period, version }: Identity): string {
  return checked(saltOf(key).toString(16) + texts([key, check, currency, period]) + digits(version));
}

/**
 * How the evidence of a key begins, narrowed as far as parts follow each other without a gap. All row keys that begin so
 * are greater than it and less than `endOf` it. SNAPSHOTS_ROW_KEY_TOO_LONG.
 */
export function evidencePrefix(key: Key, { check, currency, period }: Narrowed = {}): string {
  const parts = [key, check, currency, period];
  const gap = parts.indexOf(undefined);
  const known = (gap === -1 ? parts : parts.slice(0, gap)) as string[];
  return checked(saltOf(key).toString(16) + texts(known));
}

/** A row key greater than all that begin with a prefix out of whole parts. */
export function endOf(prefix: string): string {
  return `${prefix.slice(0, -1)}\u0002`;
}

/** The place of a snapshot in the index by time: its row key without the bucket. SNAPSHOTS_ROW_KEY_TOO_LONG. */
export function timePlace({ time, key, check, currency, period, version }: TimedIdentity): string {
  return checked(timeDigits(time) + texts([key, check, currency, period]) + digits(version));
}

/** The row key of a place in a bucket. */
export function timeKey(bucket: number, place: string): string {
  return `i${bucket}${place}`;
}

/** Which bucket has the places of a key. */
export function bucketOf(key: Key): number {
  return saltOf(key) % BUCKETS;
}

/** Where a time begins in each bucket; past all of them for times that are none. */
export function timeDigits(time: number): string {
  const bounded = Math.ceil(Math.min(Math.max(time, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER));
  return (BigInt(bounded) + TIME_BIAS).toString(16).padStart(DIGITS, "0");
}

/** What the row key of evidence says; undefined where it is none. */
export function parseEvidenceKey(row: string): Identity | undefined {
  return identityIn(row.slice(1));
}

/** What the row key of a place in a bucket says; undefined where it is none. */
export function parseTimeKey(row: string): TimedIdentity | undefined {
  const time = /^i[0-9]([0-9a-f]{14})/.exec(row)?.[1];
  const identity = identityIn(row.slice(2 + DIGITS));
  if (time === undefined || identity === undefined) return undefined;
  return { ...identity, time: Number(BigInt(`0x${time}`) - TIME_BIAS) };
}

/** Hexadecimal digits of a number up to 2^54. */
const DIGITS = 14;
const TIME_BIAS = 2n ** 53n;
const END = "\u0001";

function identityIn(text: string): Identity | undefined {
  const parts = text.split(END);
  if (parts.length !== 5) return undefined;
  const [key, check, currency, period, version] = parts as [string, string, string, string, string];
  return {
    key: unescaped(key),
    check: unescaped(check),
    currency: unescaped(currency),
    period: unescaped(period),
    version: Number.parseInt(version, 16),
  };
}

/** FNV-1a, whose low bits alone are too regular. */
function saltOf(key: Key): number {
  const text = key.toWellFormed();
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 4) % SALTS;
}

function digits(version: number): string {
  return version.toString(16).padStart(DIGITS, "0");
}

function texts(parts: readonly string[]): string {
  return parts.map((part) => escaped(part) + END).join("");
}

/** U+0000 to U+0002 become two characters each that sort the same. Half a character is no text and becomes U+FFFD. */
function escaped(text: string): string {
  return text.toWellFormed().replace(LOW, (low) => `\u0002${String.fromCharCode(low.charCodeAt(0) + 3)}`);
}

function unescaped(text: string): string {
  return text.replace(ESCAPED, (_, high: string) => String.fromCharCode(high.charCodeAt(0) - 3));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is escaped
const LOW = /[\u0000-\u0002]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is escaped
const ESCAPED = /\u0002([\u0003-\u0005])/g;

function checked(row: string): string {
  const bytes = Buffer.byteLength(row);
  if (bytes > MAX_ROW_KEY) raise("SNAPSHOTS_ROW_KEY_TOO_LONG", { bytes, most: MAX_ROW_KEY, start: row.slice(1, 60) });
  return row;
}
