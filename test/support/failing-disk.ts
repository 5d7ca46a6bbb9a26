import { dirname } from "node:path";
import { type Disk, type DiskFile, systemDisk } from "../../base/disk.ts";
import { raise } from "../../base/errors.ts";

/**
 * The machine's disk until its `failsAt`-th operation that would change something (0 is the first): that one, and every
 * one after it, fails, as for a process that is dead. A write that fails has written its first half.
 */
export class FailingDisk implements Disk {
  /** Operations so far. */
  operations = 0;
  /** Files that were written to, and folders in which something was made or renamed, and which were not synced since. */
  readonly unsynced = new Set<string>();
  readonly #failsAt: number;

  constructor(failsAt = Number.POSITIVE_INFINITY) {
    this.#failsAt = failsAt;
  }

  get hasFailed(): boolean {
    return this.operations > this.#failsAt;
  }

  open(path: string, mode: "read" | "create" | "update"): DiskFile {
    if (mode === "create") {
      this.#step(path);
      this.unsynced.add(path).add(dirname(path));
    }
    return new FailingFile(systemDisk.open(path, mode), this.unsynced, (tear) => this.#step(path, tear));
  }

  exists(path: string): boolean {
    return systemDisk.exists(path);
  }

  list(folder: string): string[] {
    return systemDisk.list(folder);
  }

  makeFolder(path: string): void {
    this.#step(path);
    if (!systemDisk.exists(path)) this.unsynced.add(dirname(path));
    systemDisk.makeFolder(path);
  }

  rename(from: string, to: string): void {
    this.#step(from);
    systemDisk.rename(from, to);
    for (const file of [...this.unsynced].filter((file) => file === from || dirname(file) === from)) {
      this.unsynced.delete(file);
      this.unsynced.add(to + file.slice(from.length));
    }
    this.unsynced.add(dirname(to));
  }

  remove(path: string): void {
    this.#step(path);
    systemDisk.remove(path);
    this.unsynced.delete(path);
  }

  async syncFolder(path: string): Promise<void> {
    this.#step(path);
    await systemDisk.syncFolder(path);
    this.unsynced.delete(path);
  }

  #step(path: string, tear: () => void = () => undefined): void {
    if (this.operations++ < this.#failsAt) return;
    if (this.operations === this.#failsAt + 1) tear();
    raise("DISK_FAILED", { doing: "write", path, reason: "the test says so" });
  }
}

class FailingFile implements DiskFile {
  readonly #file: DiskFile;
  readonly #unsynced: Set<string>;
  readonly #step: (tear?: () => void) => void;

  constructor(file: DiskFile, unsynced: Set<string>, step: (tear?: () => void) => void) {
    this.#file = file;
    this.#unsynced = unsynced;
    this.#step = step;
  }

  get path(): string {
    return this.#file.path;
  }

  size(): number {
    return this.#file.size();
  }

  read(into: Uint8Array, start: number, length: number, position: number): number {
    return this.#file.read(into, start, length, position);
  }

  write(bytes: Uint8Array, position: number): void {
    this.#step(() => this.#file.write(bytes.subarray(0, bytes.length >> 1), position));
    this.#file.write(bytes, position);
    this.#unsynced.add(this.path);
  }

  truncate(length: number): void {
    this.#step();
    this.#file.truncate(length);
    this.#unsynced.add(this.path);
  }

  async sync(): Promise<void> {
    this.#step();
    await this.#file.sync();
    this.#unsynced.delete(this.path);
  }

  close(): void {
    this.#file.close();
  }
}
