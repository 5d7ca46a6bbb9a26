import { EXIT } from "./errors.ts";
import type { RunResult } from "./run-request.ts";
import { grouped } from "./table.ts";

/** What a bounded run found to be wrong, or could not judge; nothing of it: all is well. */
export interface Outcome {
  /** Money that goes missing: final failures that were not there before, or alerts that are open. */
  readonly discrepancies: boolean;
  /** Keys of which what must be seen cannot be seen. */
  readonly unobservable: number;
  /** Checks that wait to be resumed. */
  readonly suspendedChecks: readonly string[];
  /** Records that this run could not use and nobody has decided about. */
  readonly openDeadLetters: number;
}

/** Sums up a run. */
export function outcomeOf({ tally, openSuspensions, openDeadLetters }: RunResult): Outcome {
  const waiting = openSuspensions.flatMap(({ checks }) => checks.filter(({ state }) => state === "open"));
  return {
    discrepancies: tally.hasDiscrepancies,
    unobservable: tally.statuses().unobservable,
    suspendedChecks: [...new Set(waiting.map(({ check }) => check))],
    openDeadLetters: openDeadLetters.ofThisRun,
  };
}

/** The exit code of a bounded run that came to its end. */
export function exitCodeOf(outcome: Outcome): number {
  return reasonsOf(outcome).length === 0 ? EXIT.ok : EXIT.discrepancies;
}

/** Why not all is well, for people. */
export function reasonsOf({ discrepancies, unobservable, suspendedChecks, openDeadLetters }: Outcome): string[] {
  return [
    ...(discrepancies ? ["there are money discrepancies"] : []),
    ...(unobservable > 0 ? [`${grouped(unobservable)} verdicts could not be judged (unobservable)`] : []),
    ...(suspendedChecks.length > 0 ? [`checks are suspended (${suspendedChecks.join(", ")})`] : []),
    ...(openDeadLetters > 0 ? [`${grouped(openDeadLetters)} dead letters of this run are to be decided`] : []),
  ];
}
