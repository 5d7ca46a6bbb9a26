import { join } from "node:path";
import type { Disk, DiskFile } from "../base/disk.ts";
import { raise } from "../base/errors.ts";
import { beginFolder, continueFolder } from "./begun-folder.ts";

/** Bytes of each sink's file, by the sink's name. */
export type SinkSizes = Readonly<Record<string, number>>;

/** A file of JSON lines for each sink of a job. Every call that writes may raise DISK_FULL or DISK_FAILED. */
export class SinkFiles {
  readonly #files: ReadonlyMap<string, DiskFile>;

  private constructor(files: ReadonlyMap<string, DiskFile>) {
    this.#files = files;
  }

  /**
   * Begins the files anew, or goes on with those that are there and makes the others; files of sinks that a job had once
   * are deleted by a run that begins anew. OUTPUT_FOREIGN.
   */
  static async open(disk: Disk, folder: string, names: readonly string[], anew: boolean): Promise<SinkFiles> {
    if (names.length === 0 && !disk.exists(folder)) return new SinkFiles(new Map());
    await (anew ? beginFolder : continueFolder)(disk, folder, names.map(fileOf));
    const files = new Map<string, DiskFile>();
    for (const name of names) {
      const path = join(folder, fileOf(name));
      const file = disk.open(path, disk.exists(path) ? "update" : "create");
      files.set(name, file);
      await file.sync();
    }
    await disk.syncFolder(folder);
    return new SinkFiles(files);
  }

  get paths(): string[] {
    return [...this.#files.values()].map((file) => file.path);
  }

  sizes(): SinkSizes {
    return Object.fromEntries([...this.#files].map(([name, file]) => [name, file.size()]));
  }

  /**
   * Leaves each file with as many bytes as it had `before`, and these lines behind; durably. OUTPUT_REPLACED where it has
   * become shorter than that.
   */
  async write(before: SinkSizes, lines: ReadonlyMap<string, readonly string[]>): Promise<void> {
    for (const [name, file] of this.#files) {
      const size = before[name] ?? 0;
      const held = file.size();
      if (held < size) raise("OUTPUT_REPLACED", { path: file.path });
      const more = lines.get(name);
      if (held === size && more === undefined) continue;
      if (held > size) file.truncate(size);
      if (more !== undefined) file.write(Buffer.from(`${more.join("\n")}\n`), size);
      await file.sync();
    }
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
  }
}

function fileOf(name: string): string {
  return `${name}.jsonl`;
}
