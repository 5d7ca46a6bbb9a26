import type { Key } from "../base/key.ts";
import type { Status } from "../schemas/contracts.ts";

export type {
  AlertAction,
  AlertRecord,
  Contribution,
  EmittedAlert,
  LegTotal,
  Status,
  VerdictRecord,
} from "../schemas/contracts.ts";

/**
 * What leaves a check. Every record has a versioned Avro contract of the same shape under `schemas/contracts/`; amounts
 * are exact decimal texts in currency units (`118.25`), times are event times in epoch milliseconds.
 */

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
  readonly period: string;
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
