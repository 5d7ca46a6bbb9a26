import { readFileSync } from "node:fs";
import type { Key } from "../base/key.ts";
import { ContractCodec } from "./contracts/codec.ts";

/**
 * The versioned contracts of what leaves a job, `contracts/*.avsc`, and their codecs. When a contract changes, the file
 * of before is kept beside it and handed to its codec as an earlier one: what was written is read for ever.
 */

/** A row's part in a verdict. Amounts are decimal texts in currency units, times epoch milliseconds. */
export interface ContributionRecord {
  readonly leg: string;
  readonly source: string;
  readonly table: string;
  readonly row: Key;
  readonly position: string;
  /** Null for rows of the initial snapshot. */
  readonly time: number | null;
  readonly dueAt: number;
  readonly amount: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** One emitted verdict: the contract `Verdict`. */
export interface VerdictRecord {
  readonly id: string;
  readonly check: string;
  readonly key: Key;
  readonly currency: string;
  readonly period: string;
  readonly version: number;
  readonly status: "pass" | "fail" | "pending" | "unobservable";
  readonly class: string | null;
  readonly time: number;
  readonly baseline: boolean;
  readonly atRisk: string;
  readonly lower: string;
  readonly upper: string;
  readonly actual: string;
  readonly legs: readonly { readonly leg: string; readonly side: "expect" | "actual"; readonly total: string }[];
  readonly reason: string | null;
  readonly rule: { readonly expression: string; readonly version: number; readonly hash: string };
  readonly contributions: readonly ContributionRecord[];
  readonly omitted: number;
  readonly digest: string;
}

/** One step in the life of a money alert: the contract `Alert`. */
export interface AlertRecord {
  readonly id: string;
  readonly action: "opened" | "updated" | "resolved" | "reopened";
  readonly check: string;
  readonly key: Key;
  readonly class: string;
  readonly currency: string;
  readonly period: string;
  readonly atRisk: string;
  readonly verdictVersion: number;
  readonly time: number;
  readonly dueAt: number | null;
  readonly lateByMs: number | null;
  readonly repeats: number;
}

/** A record that could not be used, as it was: the contract `DeadLetter`. */
export interface DeadLetterRecord {
  /** `topic/partition/offset`. */
  readonly id: string;
  readonly source: string;
  readonly table: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly code: string;
  readonly message: string;
  readonly row: Key | null;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

const verdicts = new ContractCodec<VerdictRecord>(contract("verdict"));
const alerts = new ContractCodec<AlertRecord>(contract("alert"));
const deadLetters = new ContractCodec<DeadLetterRecord>(contract("dead-letter"));

/** Fingerprints (CRC-64-AVRO, 16 hex digits) of the contracts that are written now. */
export const contractFingerprints = {
  verdict: verdicts.fingerprint,
  alert: alerts.fingerprint,
  deadLetter: deadLetters.fingerprint,
} as const;

export { contractFingerprint } from "./contracts/codec.ts";

/** A verdict's bytes, in Avro's single-object encoding, so that `contractFingerprint` tells what wrote them. */
export function encodeVerdict(record: VerdictRecord): Uint8Array {
  return verdicts.encode(record);
}

/** The verdict in these bytes, of this version of the contract or an earlier one. CONTRACT_UNKNOWN, CONTRACT_CORRUPT. */
export function decodeVerdict(bytes: Uint8Array): VerdictRecord {
  return verdicts.decode(bytes);
}

/** An alert step's bytes, in Avro's single-object encoding. */
export function encodeAlert(record: AlertRecord): Uint8Array {
  return alerts.encode(record);
}

/** The alert step in these bytes. CONTRACT_UNKNOWN, CONTRACT_CORRUPT. */
export function decodeAlert(bytes: Uint8Array): AlertRecord {
  return alerts.decode(bytes);
}

/** A dead letter's bytes, in Avro's single-object encoding. */
export function encodeDeadLetter(record: DeadLetterRecord): Uint8Array {
  return deadLetters.encode({ ...record, key: buffer(record.key), value: buffer(record.value) });
}

/** The dead letter in these bytes. CONTRACT_UNKNOWN, CONTRACT_CORRUPT. */
export function decodeDeadLetter(bytes: Uint8Array): DeadLetterRecord {
  return deadLetters.decode(bytes);
}

/** avsc takes bytes as Buffers only; this one shares the memory. */
function buffer(bytes: Uint8Array | null): Buffer | null {
  return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function contract(name: string) {
  return JSON.parse(readFileSync(new URL(`contracts/${name}.avsc`, import.meta.url), "utf8"));
}
