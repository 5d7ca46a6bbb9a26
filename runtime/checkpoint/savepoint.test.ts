import { describe, expect, it } from "vitest";
import type { Disk, DiskFile } from "../../base/disk.ts";
import { CountercheckError } from "../../base/errors.ts";
import { MemoryDisk } from "../../base/memory-disk.ts";
import type { Manifest } from "./manifest.ts";
import { importSegments, readSavepoint, requireRoom, writeSavepoint } from "./savepoint.ts";

const DIR = "/backups/one";

describe("a savepoint", () => {
  it("is there whole or not at all, wherever its run dies, and can be written again", async () => {
    let died = 0;
    for (let steps = 0; ; steps++) {
      const disk = await diskWithState();
      const dying = new DyingDisk(disk, steps);
      try {
        await writeSavepoint(dying, MANIFEST, "/state/segments", DIR);
      } catch (error) {
        expect(error).toMatchObject({ code: "DISK_FAILED" });
        died++;
      }
      if (disk.exists(DIR)) readSavepoint(disk, DIR);
      if (!dying.isDead) break;
      if (!disk.exists(DIR)) await writeSavepoint(disk, MANIFEST, "/state/segments", DIR);
      expect(readSavepoint(disk, DIR)).toMatchObject({ checkpoint: 7, files: [{ file: "a.seg", bytes: 3_000_000 }] });
      expect(disk.list("/backups")).toEqual(["one"]);
    }
    expect(died).toBeGreaterThan(10);
  });

  it("says what is damaged, and is begun from elsewhere", async () => {
    const disk = await diskWithState();
    await writeSavepoint(disk, MANIFEST, "/state/segments", DIR);
    expect(() => requireRoom(disk, DIR)).toThrow(expect.objectContaining({ code: "SAVEPOINT_EXISTS" }));
    disk.remove("/state");
    disk.rename(DIR, "/elsewhere");
    disk.makeFolder("/new");
    await importSegments(disk, readSavepoint(disk, "/elsewhere"), "/elsewhere", "/new");
    expect(bytesOf(disk, "/new/a.seg")).toEqual(CONTENT);
    write(disk, "/elsewhere/a.seg", CONTENT.subarray(1));
    expect(() => readSavepoint(disk, "/elsewhere")).toThrow("/elsewhere/a.seg cannot be used: its checksum is wrong");
    disk.remove("/elsewhere/a.seg");
    expect(() => readSavepoint(disk, "/elsewhere")).toThrow("/elsewhere/a.seg cannot be used: it is missing");
    expect(() => readSavepoint(disk, "/new")).toThrow("There is no savepoint in /new");
  });
});

const CONTENT = Buffer.alloc(3_000_000, "state");

const MANIFEST: Manifest = {
  format: 1,
  job: "job",
  epoch: 2,
  attempt: 3,
  checkpoint: 7,
  takenAt: 0,
  parallelism: 1,
  stores: [{ tables: [], segments: [{ file: "a.seg", bytes: 2_999_000, order: 1 }] }],
  kept: [],
  operators: [],
  rows: [],
  splits: [],
  sources: [],
  outbox: { file: "checkpoint-000000000007.outbox", bytes: 0, crc: 0 },
  before: null,
  observed: null,
};

async function diskWithState(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  disk.makeFolder("/state/segments");
  disk.makeFolder("/backups");
  write(disk, "/state/segments/a.seg", CONTENT);
  return disk;
}

function write(disk: Disk, path: string, bytes: Uint8Array): void {
  const file = disk.open(path, "create");
  file.write(bytes, 0);
  file.close();
}

function bytesOf(disk: Disk, path: string): Buffer {
  const file = disk.open(path, "read");
  const bytes = Buffer.alloc(file.size());
  file.read(bytes, 0, bytes.length, 0);
  file.close();
  return bytes;
}

/** Lets so many calls that change something come through, and then none. */
class DyingDisk implements Disk {
  readonly #disk: Disk;
  #left: number;

  constructor(disk: Disk, steps: number) {
    this.#disk = disk;
    this.#left = steps;
  }

  get isDead(): boolean {
    return this.#left < 0;
  }

  open(path: string, mode: "read" | "create" | "update"): DiskFile {
    if (mode !== "read") this.#step();
    const file = this.#disk.open(path, mode);
    return {
      path,
      size: () => file.size(),
      read: (into, start, length, position) => file.read(into, start, length, position),
      write: (bytes, position) => {
        this.#step();
        file.write(bytes, position);
      },
      truncate: (length) => file.truncate(length),
      sync: async () => this.#step(),
      close: () => file.close(),
    };
  }

  exists(path: string): boolean {
    return this.#disk.exists(path);
  }

  list(folder: string): string[] {
    return this.#disk.list(folder);
  }

  makeFolder(path: string): void {
    this.#step();
    this.#disk.makeFolder(path);
  }

  rename(from: string, to: string): void {
    this.#step();
    this.#disk.rename(from, to);
  }

  remove(path: string): void {
    this.#step();
    this.#disk.remove(path);
  }

  async syncFolder(): Promise<void> {
    this.#step();
  }

  #step(): void {
    this.#left--;
    if (this.#left < 0) throw new CountercheckError("DISK_FAILED", { doing: "write", path: "/", reason: "it died" });
  }
}
