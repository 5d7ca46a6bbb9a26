import type { Key } from "../base/key.ts";

/**
 * What leaves a check. Every record has a versioned Avro contract of the same shape under `schemas/contracts/`; amounts
 * are exact decimal texts in currency units (`118.25`), times are event times in epoch milliseconds.
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
  readonly rule: { readonly expression: string; readonly version: number; readonly hash: string };
  /** At most 1,000; `omitted` counts the rest, `digest` is a hash over all of them in order. */
  readonly contributions: readonly Contribution[];
  readonly omitted: number;
  readonly digest: string;
}

/** What happened to an alert: opened, updated by changed evidence, resolved, opened again. */
export type AlertAction = "opened" | "updated" | "resolved" | "reopened";

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
}

/** Trouble of the engine or its sources, never of money. Repeats of one id only count. */
export interface EngineAlertRecord {
  readonly id: string;
  readonly code: string;
  readonly source: string;
  readonly message: string;
}

/** Passes and pendings of a check that were not emitted, per minute of event time. */
export interface CountRecord {
  readonly check: string;
  /** Start of the minute, in epoch milliseconds. */
  readonly minute: number;
  readonly pass: number;
  readonly pending: number;
}

/** What a check says of a key when a bounded run ends, emitted or not. */
export interface FinalRecord {
  readonly check: string;
  readonly key: Key;
  readonly currency: string;
  readonly status: Status;
  readonly class: string | null;
  readonly baseline: boolean;
  readonly atRisk: string;
}

/** Names of the side outputs that checks emit to. */
export const OUTPUTS = {
  verdicts: "verdicts",
  alerts: "alerts",
  engine: "engine",
  counts: "counts",
  finals: "finals",
} as const;
