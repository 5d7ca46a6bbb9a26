import type { CheckpointStatistics } from "./flink-api.ts";

/** Where a job can be begun from again: the newest of its savepoints and checkpoints that is still there, if any. */
export function keptPlace({ latest }: CheckpointStatistics): string | undefined {
  const there = [latest.savepoint, latest.completed].filter((one) => one?.external_path && !one.discarded);
  return there.toSorted((a, b) => b!.id - a!.id)[0]?.external_path ?? undefined;
}
