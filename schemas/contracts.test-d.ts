import type { RecordFault } from "../dataflow/source.ts";
import type { DeadLetterRecord } from "./contracts.ts";

/** Compiles only where every `A` can stand for a `B`. */
type StandsFor<A extends B, B> = A;

/** A fault whose row could be read has all that a dead letter needs. */
export type DeadLetter = StandsFor<Required<RecordFault>, DeadLetterRecord>;
