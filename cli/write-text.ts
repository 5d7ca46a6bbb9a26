import { renameSync, writeFileSync } from "node:fs";
import { messageOf, raise } from "../base/errors.ts";

/** Writes a file as a whole: whoever reads it sees the old text or the new one. FILE_NOT_WRITTEN. */
export function writeText(path: string, text: string): void {
  const next = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(next, text);
    renameSync(next, path);
  } catch (error) {
    raise("FILE_NOT_WRITTEN", { path, reason: messageOf(error) }, { cause: error });
  }
}
