import { readFileSync } from "node:fs";
import type { ByteWriter } from "../base/bytes.ts";
import type { Key } from "../base/key.ts";
import { ContractCodec } from "./contracts/codec.ts";

/**
 * The versioned contracts of what leaves a job, `contracts/*.avsc`, and their codecs. When a contract changes, the file
 * of before is kept in `contracts/earlier/` and handed to its codec as an earlier one: what was written is read for ever.
 */

/** The four values of a verdict. `unobservable`: what must be seen to judge cannot be seen. */
export type Status = "pass" | "fail" | "pending" | "unobservable";

/** A row's part in a verdict: the evidence. */
export interface Contribution {
  readonly leg: string;
  readonly source: string;
  readonly table: string;
  /** Primary key of the row, canonical text. */
  readonly row: Key;
  /** Position of the change in its source's log: binlog file / position / row, or the LSN's upper / lower half / 0. */
  readonly position: string;
  /** Null for rows of the initial snapshot, which say nothing of when they changed. */
  readonly time: number | null;
  readonly dueAt: number;
  /** Signed, as it enters the leg, with its currency: `-20.00 EUR`. */
  readonly amount: string;
  /** The model's fields, for people. */
  readonly fields: Readonly<Record<string, string>>;
}

/** The total of a leg, signed as it enters its side. */
export interface LegTotal {
  readonly leg: string;
  readonly side: "expect" | "actual";
  readonly total: string;
}

/** One emitted verdict of a check on a key in one currency. */
export interface VerdictRecord {
  /** Hash of check, key, currency, period and version: never of a clock. */
  readonly id: string;
  readonly check: string;
  readonly key: Key;
  readonly currency: string;
  /** Empty, except for windowed checks. */
  readonly period: string;
  /** 1, 2, 3 … per (check, key, currency, period), so that a gap or a repeat shows. */
  readonly version: number;
  readonly status: Status;
  /** The cause of a failure, else null. */
  readonly class: string | null;
  /** The point of event time that the verdict was computed for. */
  readonly time: number;
  /** True for a failure that was there before the job saw its first change; it raises no alert. */
  readonly baseline: boolean;
  /** Money at risk: the difference that makes the verdict fail, else zero. */
  readonly atRisk: string;
  /** Bounds that the actual total was held against. */
  readonly lower: string;
  readonly upper: string;
  readonly actual: string;
  readonly legs: readonly LegTotal[];
  /** Why it is unobservable, else null. */
  readonly reason: string | null;
  /** Of a failure: what the amounts do not say, for people; null for nothing. */
  readonly note: string | null;
  readonly rule: { readonly expression: string; readonly version: number; readonly hash: string };
  /** At most 1,000; `omitted` counts the rest, `digest` is a hash over all of them. */
  readonly contributions: readonly Contribution[];
  readonly omitted: number;
  readonly digest: string;
}

/** What happened to an alert: opened, updated by changed evidence, resolved, opened again; warned of before it is due. */
export type AlertAction = "opened" | "updated" | "resolved" | "reopened" | "warned";

/** One step in the life of a money alert. */
export interface AlertRecord {
  /** Hash of check, key, class, currency and period: the same alert when it reopens. */
  readonly id: string;
  readonly action: AlertAction;
  readonly check: string;
  readonly key: Key;
  readonly class: string;
  readonly currency: string;
  readonly period: string;
  readonly atRisk: string;
  /** Version of the verdict behind it. */
  readonly verdictVersion: number;
  /** The verdict's point of event time. */
  readonly time: number;
  /** Deadline that was missed, for classes that have one. */
  readonly dueAt: number | null;
  /** Resolved by a counterpart after its deadline: how late, in ms; else null. */
  readonly lateByMs: number | null;
  /** Points since the last step at which it failed in just the same way. */
  readonly repeats: number;
  /** What the amounts do not say, for people; null for nothing, and for what is resolved. */
  readonly note: string | null;
}

/** A step as a check emits it: with what the desk keeps of it, and no contract has. */
export interface EmittedAlert extends AlertRecord {
  /** Names of the fields in which rows differ, where that is what is wrong. */
  readonly fields?: readonly string[] | undefined;
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

/** What a verdict or alert step gets when it leaves the job. */
export interface Delivered {
  /** Counts the times that the job was started from a savepoint, or anew: versions ascend within one. */
  readonly epoch: number;
}

/** Says that all that a checkpoint of a job brought out has left it: the contract `Marker`. */
export interface MarkerRecord {
  readonly job: string;
  readonly epoch: number;
  /** Which start of the job, counted from 1, made the checkpoint. */
  readonly attempt: number;
  readonly checkpoint: number;
  /** Wall time at which the checkpoint was made. */
  readonly time: number;
}

/** The contracts that are written now, as they are registered. */
export const contractSchemas = {
  verdict: contract("verdict"),
  alert: contract("alert"),
  "dead-letter": contract("dead-letter"),
  marker: contract("marker"),
} as const;

export type ContractName = keyof typeof contractSchemas;

const verdicts = new ContractCodec<VerdictRecord & Delivered>(contractSchemas.verdict, [
  contract("earlier/verdict-1"),
  contract("earlier/verdict-2"),
]);
const alerts = new ContractCodec<AlertRecord & Delivered>(contractSchemas.alert, [
  contract("earlier/alert-1"),
  contract("earlier/alert-2"),
]);
const markers = new ContractCodec<MarkerRecord>(contractSchemas.marker);
const deadLetters = new ContractCodec<DeadLetterRecord>(contractSchemas["dead-letter"]);

/** Fingerprints (CRC-64-AVRO, 16 hex digits) of the contracts that are written now. */
export const contractFingerprints = {
  verdict: verdicts.fingerprint,
  alert: alerts.fingerprint,
  deadLetter: deadLetters.fingerprint,
  marker: markers.fingerprint,
} as const;

export { contractFingerprint, SINGLE_OBJECT_HEADER, singleObjectHeader } from "./contracts/codec.ts";

/** A verdict's bytes, in Avro's single-object encoding, so that `contractFingerprint` tells what wrote them. */
export function encodeVerdict(record: VerdictRecord & Delivered): Uint8Array {
  return verdicts.encode(record);
}

/** Appends a verdict's bytes to what was written. */
export function writeVerdict(out: ByteWriter, record: VerdictRecord & Delivered): void {
  verdicts.write(out, record);
}

/** The verdict in these bytes, of this version of the contract or an earlier one. CONTRACT_UNKNOWN, CONTRACT_CORRUPT. */
export function decodeVerdict(bytes: Uint8Array): VerdictRecord & Delivered {
  return verdicts.decode(bytes);
}

/** An alert step's bytes, in Avro's single-object encoding. */
export function encodeAlert(record: AlertRecord & Delivered): Uint8Array {
  return alerts.encode(record);
}

/** Appends an alert step's bytes to what was written. */
export function writeAlert(out: ByteWriter, record: AlertRecord & Delivered): void {
  alerts.write(out, record);
}

/** The alert step in these bytes. CONTRACT_UNKNOWN, CONTRACT_CORRUPT. */
export function decodeAlert(bytes: Uint8Array): AlertRecord & Delivered {
  return alerts.decode(bytes);
}

/** A dead letter's bytes, in Avro's single-object encoding. */
export function encodeDeadLetter(record: DeadLetterRecord): Uint8Array {
  return deadLetters.encode(record);
}

/** The dead letter in these bytes. CONTRACT_UNKNOWN, CONTRACT_CORRUPT. */
export function decodeDeadLetter(bytes: Uint8Array): DeadLetterRecord {
  return deadLetters.decode(bytes);
}

/** A marker's bytes, in Avro's single-object encoding. */
export function encodeMarker(record: MarkerRecord): Uint8Array {
  return markers.encode(record);
}

/** The marker in these bytes. CONTRACT_UNKNOWN, CONTRACT_CORRUPT. */
export function decodeMarker(bytes: Uint8Array): MarkerRecord {
  return markers.decode(bytes);
}

function contract(name: string) {
  return JSON.parse(readFileSync(new URL(`contracts/${name}.avsc`, import.meta.url), "utf8"));
}
