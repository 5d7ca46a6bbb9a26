import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isError, messageOf, raise } from "../base/errors.ts";

/** Writes a file as a whole: whoever reads it sees the old text or the new one. FILE_NOT_WRITTEN. */
export function writeText(path: string, text: string): void {
  const next = besides(path);
  writing(path, () => {
    writeFileSync(next, text);
    renameSync(next, path);
  });
}

/** Tells before long work whether `writeText` could write the file, and leaves all as it is. FILE_NOT_WRITTEN. */
export function requireWritable(path: string): void {
  const next = besides(path);
  writing(path, () => {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error("it is a folder");
    writeFileSync(next, "");
    rmSync(next);
  });
}

/** Runs `action`, which writes to `path`; what the system has against it becomes FILE_NOT_WRITTEN. */
export function writing(path: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (isError(error)) throw error;
    raise("FILE_NOT_WRITTEN", { path, reason: messageOf(error) }, { cause: error });
  }
}

function besides(path: string): string {
  return `${path}.${process.pid}.tmp`;
}
