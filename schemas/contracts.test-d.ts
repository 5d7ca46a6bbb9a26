import type * as checks from "../checks/records.ts";
import type { RecordFault } from "../dataflow/source.ts";
import type { AlertRecord, DeadLetterRecord, VerdictRecord } from "./contracts.ts";

/** Compiles only where every `A` can stand for a `B`. */
type StandsFor<A extends B, B> = A;

export type Verdict = StandsFor<checks.VerdictRecord, VerdictRecord>;
export type VerdictBack = StandsFor<VerdictRecord, checks.VerdictRecord>;
export type Alert = StandsFor<checks.AlertRecord, AlertRecord>;
export type AlertBack = StandsFor<AlertRecord, checks.AlertRecord>;
/** A fault whose row could be read has all that a dead letter needs. */
export type DeadLetter = StandsFor<Required<RecordFault>, DeadLetterRecord>;
