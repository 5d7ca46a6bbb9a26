import type { Config } from "../config.ts";
import { openProgress } from "../progress.ts";
import { takeTurn } from "../run-lock.ts";

/**
 * Does something while no embedded run of a job has its lock, where the configuration has one. Behind it the job's epoch
 * keeps those away. LOCK_HELD, LOCK_LOST, and what `takeTurn` raises; undefined where the signal came first.
 */
export async function withTurn<T>(
  { lock, file }: Pick<Config, "lock" | "file">,
  job: string,
  signal: AbortSignal,
  work: (requireMine: () => void) => Promise<T>,
): Promise<T | undefined> {
  if (lock === undefined) return work(() => undefined);
  const turn = await takeTurn(lock, {
    name: job,
    standby: false,
    signal,
    progress: openProgress(true),
    configFile: file,
  });
  try {
    return turn && (await work(() => turn.requireMine()));
  } finally {
    await turn?.release();
  }
}
