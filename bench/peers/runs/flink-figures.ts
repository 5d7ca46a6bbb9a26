import type { FlinkRest } from "../flink-rest.ts";

/** What Flink says of a job's checkpoints. */
export async function besideOf(rest: FlinkRest, job: string): Promise<Readonly<Record<string, number>>> {
  const { completed, failed, failures, history, latest } = await rest.checkpoints(job);
  const durations = history.map(({ durationMs }) => durationMs);
  for (const failure of failures) process.stderr.write(`A checkpoint failed: ${failure}\n`);
  return {
    checkpoints: completed,
    failedCheckpoints: failed,
    longestCheckpointMs: Math.max(0, ...durations),
    stateMb: Math.round((latest?.bytes ?? 0) / 2 ** 20),
  };
}
