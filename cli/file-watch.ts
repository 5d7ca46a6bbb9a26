import { type BigIntStats, statSync } from "node:fs";
import { raise } from "../base/errors.ts";

/**
 * Remembers files that are open for writing, to tell when a path leads to another file than it did, or to none: what is
 * written from then on nobody would find.
 */
export class FileWatch {
  readonly #files: ReadonlyMap<string, string>;

  constructor(paths: readonly string[]) {
    this.#files = new Map(paths.map((path) => [path, identity(path)]));
  }

  /** OUTPUT_REPLACED where one of the files is not what it was. */
  check(): void {
    for (const [path, was] of this.#files) if (identity(path) !== was) raise("OUTPUT_REPLACED", { path });
  }
}

/** Device and inode; empty where there is no file. */
function identity(path: string): string {
  const stats: BigIntStats | undefined = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? "" : `${stats.dev}/${stats.ino}`;
}
