import type { FlinkRest } from "../flink-rest.ts";

/** What Flink says of a job's checkpoints. */
export async function besideOf(rest: FlinkRest, job: string): Promise<Readonly<Record<string, number>>> {
  const { completed, failed, history, latest } = await rest.checkpoints(job);
  const durations = history.map(({ durationMs }) => durationMs);
  return {
    checkpoints: completed,
    failedCheckpoints: failed,
    longestCheckpointMs: Math.max(0, ...durations),
    stateMb: Math.round((latest?.bytes ?? 0) / 2 ** 20),
  };
}
