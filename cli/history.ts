import { systemDisk } from "../base/disk.ts";
import { decodeVerdict } from "../schemas/contracts.ts";
import { readTopic } from "./output-topics.ts";
import { outputPaths } from "./outputs.ts";
import { type HistoryEntry, historyEntry, writeHistory } from "./recorder.ts";

/**
 * Writes all verdicts that a bounded run emitted, in however many attempts, sorted, as JSON lines: those of the log in its
 * output folder. FILE_NOT_WRITTEN, and what reading the log raises.
 */
export async function writeHistoryOf(output: string, path: string): Promise<void> {
  const entries: HistoryEntry[] = [];
  await readTopic(systemDisk, outputPaths.log(output), "verdicts", 0, (encoded) => {
    entries.push(historyEntry(decodeVerdict(encoded)));
  });
  writeHistory(path, entries);
}
