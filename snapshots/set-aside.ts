import { renameSync, rmSync } from "node:fs";
import { messageOf, raise } from "../base/errors.ts";

/**
 * Moves a file of evidence, whole without its write-ahead log, to `previous`, in the place of what is there. What SQLite
 * keeps beside a path goes: it would be taken for another file's. SNAPSHOTS_IO_FAILED.
 */
export function setAside(path: string, previous: string): void {
  try {
    removeCompanions(previous);
    renameSync(path, previous);
    removeCompanions(path);
  } catch (error) {
    raise("SNAPSHOTS_IO_FAILED", { path, reason: messageOf(error) }, { cause: error });
  }
}

function removeCompanions(path: string): void {
  for (const companion of [`${path}-wal`, `${path}-shm`]) rmSync(companion, { force: true });
}
