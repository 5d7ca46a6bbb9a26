import { posix } from "node:path";
import type { Disk, DiskFile } from "./disk.ts";
import { raise } from "./errors.ts";

/** A disk in memory, for tests: all that is written is at once as durable as the object itself. */
export class MemoryDisk implements Disk {
  readonly #files = new Map<string, Content>();
  readonly #folders = new Set<string>();

  open(path: string, mode: "read" | "create" | "update"): DiskFile {
    const at = posix.normalize(path);
    let content = this.#files.get(at);
    if (mode === "create") {
      content = { bytes: Buffer.alloc(0), length: 0 };
      this.#files.set(at, content);
    }
    if (content === undefined) raise("DISK_FAILED", { doing: "open", path, reason: "there is no such file" });
    return new MemoryFile(path, content);
  }

  exists(path: string): boolean {
    const at = posix.normalize(path);
    return this.#files.has(at) || this.#folders.has(at);
  }

  list(folder: string): string[] {
    const at = posix.normalize(folder);
    const names = [...this.#files.keys(), ...this.#folders].filter((path) => posix.dirname(path) === at && path !== at);
    return names.map((path) => posix.basename(path)).sort();
  }

  makeFolder(path: string): void {
    for (let at = posix.normalize(path); !this.#folders.has(at); at = posix.dirname(at)) this.#folders.add(at);
  }

  rename(from: string, to: string): void {
    if (!this.exists(from)) raise("DISK_FAILED", { doing: "rename", path: from, reason: "there is no such file" });
    const moved = this.#within(from);
    const rest = posix.normalize(from).length;
    this.remove(to);
    for (const path of moved) {
      const target = posix.normalize(to) + path.slice(rest);
      const content = this.#files.get(path);
      if (content === undefined) this.#folders.add(target);
      else this.#files.set(target, content);
      this.#files.delete(path);
      this.#folders.delete(path);
    }
  }

  remove(path: string): void {
    for (const inside of this.#within(path)) {
      this.#files.delete(inside);
      this.#folders.delete(inside);
    }
  }

  async syncFolder(): Promise<void> {}

  /** A file or folder and all in it. */
  #within(path: string): string[] {
    const at = posix.normalize(path);
    return [...this.#files.keys(), ...this.#folders].filter((inside) => inside === at || inside.startsWith(`${at}/`));
  }
}

/** What a file holds; it lives on while the file is open, whatever becomes of its name. */
interface Content {
  bytes: Buffer;
  length: number;
}

class MemoryFile implements DiskFile {
  readonly path: string;
  readonly #content: Content;

  constructor(path: string, content: Content) {
    this.path = path;
    this.#content = content;
  }

  size(): number {
    return this.#content.length;
  }

  read(into: Uint8Array, start: number, length: number, position: number): number {
    const { bytes, length: end } = this.#content;
    const count = Math.max(0, Math.min(length, end - position));
    into.set(bytes.subarray(position, position + count), start);
    return count;
  }

  write(bytes: Uint8Array, position: number): void {
    this.#extend(position + bytes.length);
    this.#content.bytes.set(bytes, position);
  }

  truncate(length: number): void {
    this.#extend(length);
    this.#content.bytes.fill(0, length);
    this.#content.length = length;
  }

  async sync(): Promise<void> {}

  close(): void {}

  #extend(length: number): void {
    const content = this.#content;
    if (length > content.bytes.length) {
      const grown = Buffer.alloc(Math.max(length, content.bytes.length * 2));
      grown.set(content.bytes);
      content.bytes = grown;
    }
    content.length = Math.max(content.length, length);
  }
}
