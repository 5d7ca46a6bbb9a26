import { basename, dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import type { Disk, DiskFile } from "../../base/disk.ts";
import { raise } from "../../base/errors.ts";
import { decodeManifest, encodeManifest, readFile, segmentsOf } from "./checkpoint-store.ts";
import type { Manifest } from "./manifest.ts";

/** A checkpoint whose outbox is out, with all that it needs in one folder. */
export interface Savepoint extends Manifest {
  /** Its segments, as they were copied. */
  readonly files: readonly { readonly file: string; readonly bytes: number; readonly crc: number }[];
}

const MANIFEST = "savepoint.json";
const COPY_BYTES = 1 << 20;

/** Makes sure that a savepoint can be written to a folder, which is not there yet. SAVEPOINT_EXISTS, DISK_FAILED. */
export function requireRoom(disk: Disk, dir: string): void {
  if (disk.exists(dir) && !isEmptyFolder(disk, dir)) raise("SAVEPOINT_EXISTS", { dir });
  const hidden = hiddenFolder(dir);
  disk.remove(hidden);
  disk.makeFolder(hidden);
  disk.remove(hidden);
}

/**
 * Copies a checkpoint whose outbox is out into a folder of its own, which needs nothing else from then on. The folder is
 * there whole or not at all. SAVEPOINT_EXISTS, DISK_FAILED, DISK_FULL.
 */
export async function writeSavepoint(disk: Disk, manifest: Manifest, segments: string, dir: string): Promise<void> {
  requireRoom(disk, dir);
  const hidden = hiddenFolder(dir);
  try {
    disk.makeFolder(hidden);
    const files: Savepoint["files"][number][] = [];
    for (const file of segmentsOf([manifest])) {
      files.push({ file, ...(await copy(disk, join(segments, file), join(hidden, file))) });
    }
    await writeManifest(disk, { ...manifest, files }, join(hidden, MANIFEST));
    await disk.syncFolder(hidden);
    disk.remove(dir);
    disk.rename(hidden, dir);
    await disk.syncFolder(dirname(dir));
  } catch (error) {
    disk.remove(hidden);
    throw error;
  }
}

/** Reads a savepoint, and makes sure that it is whole. SAVEPOINT_NOT_FOUND, CHECKPOINT_DAMAGED, CHECKPOINT_VERSION. */
export function readSavepoint(disk: Disk, dir: string): Savepoint {
  const path = join(dir, MANIFEST);
  if (!disk.exists(path)) raise("SAVEPOINT_NOT_FOUND", { dir });
  const savepoint = decodeManifest(readFile(disk, path), path) as Savepoint;
  for (const { file, bytes, crc } of savepoint.files) {
    const path = join(dir, file);
    if (!disk.exists(path)) raise("CHECKPOINT_DAMAGED", { path, reason: "it is missing" });
    const source = disk.open(path, "read");
    try {
      const found = readThrough(source, () => undefined);
      if (found.bytes !== bytes || found.crc !== crc) {
        raise("CHECKPOINT_DAMAGED", { path, reason: "its checksum is wrong" });
      }
    } finally {
      source.close();
    }
  }
  return savepoint;
}

/** Copies a savepoint's segments to where a run has its own, durably. */
export async function importSegments(disk: Disk, { files }: Savepoint, dir: string, segments: string): Promise<void> {
  for (const { file } of files) await copy(disk, join(dir, file), join(segments, file));
  await disk.syncFolder(segments);
}

/** A savepoint has this name until it is whole. Nothing else has such a name, so what is left there may be removed. */
function hiddenFolder(dir: string): string {
  return join(dirname(dir), `.${basename(dir)}.unfinished-savepoint`);
}

function isEmptyFolder(disk: Disk, path: string): boolean {
  try {
    return disk.list(path).length === 0;
  } catch {
    return false;
  }
}

async function writeManifest(disk: Disk, savepoint: Savepoint, path: string): Promise<void> {
  const out = disk.open(path, "create");
  try {
    out.write(encodeManifest(savepoint), 0);
    await out.sync();
  } finally {
    out.close();
  }
}

async function copy(disk: Disk, from: string, to: string): Promise<{ bytes: number; crc: number }> {
  const source = disk.open(from, "read");
  const target = disk.open(to, "create");
  try {
    const copied = readThrough(source, (bytes, position) => target.write(bytes, position));
    await target.sync();
    return copied;
  } finally {
    source.close();
    target.close();
  }
}

/** Reads a file in pieces that are overwritten by the next; gives its length and checksum. */
function readThrough(source: DiskFile, take: (bytes: Uint8Array, position: number) => void) {
  const buffer = Buffer.allocUnsafe(COPY_BYTES);
  let crc = 0;
  for (let bytes = 0; ; ) {
    const length = source.read(buffer, 0, buffer.length, bytes);
    if (length === 0) return { bytes, crc };
    const piece = buffer.subarray(0, length);
    take(piece, bytes);
    crc = crc32(piece, crc);
    bytes += length;
  }
}
