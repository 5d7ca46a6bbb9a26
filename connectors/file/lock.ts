import { type FolderLock, lockFolder } from "../../base/folder-lock.ts";

/** The right to write a log, until `release`. */
export type LogLock = Pick<FolderLock, "release">;

/** Makes this process the only writer of a log folder. LOG_LOCKED. */
export function lockLog(dir: string): LogLock {
  return lockFolder(dir, "LOG_LOCKED");
}
