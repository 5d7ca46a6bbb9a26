import type { TaskPlace } from "../../flink/frames.ts";
import type { AskingTask, StateFiles } from "../../runtime/task.ts";
import { isOwn } from "../../state/key-groups.ts";
import type { SavepointReading } from "./restored-savepoint.ts";
import { readStoredParts } from "./stored-parts.ts";

/**
 * Brings a task at its place what it owns of the files of a former subtask, and removes the folder that they are in.
 * STATE_CORRUPT, STATE_MEMORY_EXCEEDED, and what the task raises.
 */
export function takeFormerFiles(
  task: AskingTask,
  place: TaskPlace,
  { store, uids, keyed }: StateFiles,
  { disk, memoryBytes, folder }: SavepointReading & { readonly folder: string },
): void {
  for (const part of keyed) if (isOwn(part.keyGroup, place)) task.take(part);
  const owns = (_table: string, group: number) => isOwn(group, place);
  readStoredParts({ disk, folder, memoryBytes, stores: [store], uids, owns }, (part) => task.take(part));
  disk.remove(folder);
}
