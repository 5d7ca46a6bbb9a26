import {
  closeSync,
  existsSync,
  fdatasync,
  fstatSync,
  fsync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { promisify } from "node:util";
import { isError, messageOf, raise } from "./errors.ts";

/**
 * The disk, handed in so that a crash at any moment can be simulated. What is written is durable once `sync` of its file
 * has resolved; what a folder holds (files made, renamed, removed) once `syncFolder` has. Until then a power cut may leave
 * any part of it. Every method may throw, or reject with, DISK_FULL or DISK_FAILED.
 */
export interface Disk {
  /** `create`: a new, empty file in place of any there is; `update`: one that is there, to be read and written. */
  open(path: string, mode: "read" | "create" | "update"): DiskFile;
  exists(path: string): boolean;
  /** Names in a folder, sorted; none where there is no such folder. */
  list(folder: string): string[];
  /** Makes a folder and those above it. */
  makeFolder(path: string): void;
  /** Puts a file or folder in the place of another file, in one step. */
  rename(from: string, to: string): void;
  /** Removes a file, or a folder with all in it, if it is there. */
  remove(path: string): void;
  syncFolder(path: string): Promise<void>;
}

/** An open file. Reads and writes are at positions; a write is whole or throws. */
export interface DiskFile {
  readonly path: string;
  size(): number;
  /** Fills `into[start .. start + length)`; gives how many bytes there were, fewer only at the file's end. */
  read(into: Uint8Array, start: number, length: number, position: number): number;
  write(bytes: Uint8Array, position: number): void;
  truncate(length: number): void;
  /** Resolves when all that was written before the call is durable. */
  sync(): Promise<void>;
  close(): void;
}

const FLAGS = { read: "r", create: "w+", update: "r+" } as const;

/** The machine's own disk. */
export const systemDisk: Disk = {
  open: (path, mode) =>
    new SystemFile(
      path,
      onDisk("open", path, () => openSync(path, FLAGS[mode])),
    ),
  exists: (path) => existsSync(path),
  list: (folder) => (existsSync(folder) ? onDisk("read", folder, () => readdirSync(folder).sort()) : []),
  makeFolder: (path) => onDisk("make", path, () => void mkdirSync(path, { recursive: true })),
  rename: (from, to) => onDisk("rename", from, () => renameSync(from, to)),
  remove: (path) => onDisk("remove", path, () => rmSync(path, { recursive: true, force: true })),
  async syncFolder(path) {
    const fd = onDisk("open", path, () => openSync(path, "r"));
    try {
      await attemptLater("sync", path, () => promisify(fsync)(fd));
    } finally {
      closeSync(fd);
    }
  },
};

class SystemFile implements DiskFile {
  readonly path: string;
  readonly #fd: number;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  size(): number {
    return onDisk("read", this.path, () => fstatSync(this.#fd).size);
  }

  read(into: Uint8Array, start: number, length: number, position: number): number {
    return onDisk("read", this.path, () => {
      let done = 0;
      while (done < length) {
        const n = readSync(this.#fd, into, start + done, length - done, position + done);
        if (n === 0) break;
        done += n;
      }
      return done;
    });
  }

  write(bytes: Uint8Array, position: number): void {
    onDisk("write", this.path, () => {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#fd, bytes, done, bytes.length - done, position + done);
      }
    });
  }

  truncate(length: number): void {
    onDisk("write", this.path, () => ftruncateSync(this.#fd, length));
  }

  sync(): Promise<void> {
    return attemptLater("sync", this.path, () => promisify(fdatasync)(this.#fd));
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Runs what does something to a path by means of its own. DISK_FULL, DISK_FAILED. */
export function onDisk<T>(doing: string, path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    return failed(doing, path, error);
  }
}

async function attemptLater<T>(doing: string, path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    return failed(doing, path, error);
  }
}

function failed(doing: string, path: string, error: unknown): never {
  if (isError(error) || !(error instanceof Error && "syscall" in error)) throw error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOSPC" || code === "EDQUOT") raise("DISK_FULL", { path }, { cause: error });
  raise("DISK_FAILED", { doing, path, reason: messageOf(error) }, { cause: error });
}
