import type { Random } from "../../base/random.ts";

/** How patiently sinks are told. Times in ms. */
export interface Patience {
  readonly firstWaitMs: number;
  readonly mostWaitMs: number;
  /** From when it was laid down; then nobody tries any more. */
  readonly giveUpAfterMs: number;
  /** Between two looks at an alert that the source of truth refutes, and for how long it is held back at most. */
  readonly lookAgainMs: number;
  readonly holdBackMs: number;
}

export const DEFAULT_PATIENCE: Patience = {
  firstWaitMs: 1_000,
  mostWaitMs: 5 * 60_000,
  giveUpAfterMs: 24 * 3_600_000,
  lookAgainMs: 30_000,
  holdBackMs: 15 * 60_000,
};

/** A sink that asks to be left alone for longer than that is asked again all the same. */
const MOST_RETRY_AFTER_MS = 3_600_000;

/**
 * How long to wait after so many failures, 1 at least: twice as long each time, less a random part of up to a half, so that
 * senders do not come back all at once; and not shorter than the other side asked for.
 */
export function waitAfter(failures: number, patience: Patience, random: Random, askedMs = 0): number {
  const { firstWaitMs, mostWaitMs } = patience;
  const full = Math.min(mostWaitMs, firstWaitMs * 2 ** Math.min(failures - 1, 30));
  return Math.max(Math.ceil(full * (0.5 + random.next() / 2)), Math.min(askedMs, MOST_RETRY_AFTER_MS));
}
