import { join } from "node:path";
import type { Disk } from "../../base/disk.ts";
import { raise } from "../../base/errors.ts";
import { decodeManifest, encodeManifest, readFile, segmentsOf } from "./checkpoint-store.ts";
import type { Manifest } from "./manifest.ts";

const MANIFEST = "savepoint.json";
const COPY_BYTES = 1 << 20;

/**
 * Copies a checkpoint whose outbox is out into a folder of its own, which needs nothing else from then on. The folder is
 * there whole or not at all. SAVEPOINT_EXISTS.
 */
export async function writeSavepoint(disk: Disk, manifest: Manifest, segments: string, dir: string): Promise<void> {
  if (disk.list(dir).length > 0) raise("SAVEPOINT_EXISTS", { dir });
  const hidden = `${dir}.new`;
  disk.remove(hidden);
  disk.makeFolder(hidden);
  for (const file of segmentsOf([manifest])) await copy(disk, join(segments, file), join(hidden, file));
  const path = join(hidden, MANIFEST);
  const out = disk.open(path, "create");
  try {
    out.write(encodeManifest(manifest), 0);
    await out.sync();
  } finally {
    out.close();
  }
  await disk.syncFolder(hidden);
  disk.remove(dir);
  disk.rename(hidden, dir);
  await disk.syncFolder(join(dir, ".."));
}

/** Reads the manifest of a savepoint. SAVEPOINT_NOT_FOUND, CHECKPOINT_DAMAGED, CHECKPOINT_VERSION. */
export function readSavepoint(disk: Disk, dir: string): Manifest {
  const path = join(dir, MANIFEST);
  if (!disk.exists(path)) raise("SAVEPOINT_NOT_FOUND", { dir });
  return decodeManifest(readFile(disk, path), path);
}

/** Copies a savepoint's segments to where a run has its own, durably. */
export async function importSegments(disk: Disk, manifest: Manifest, dir: string, segments: string): Promise<void> {
  for (const file of segmentsOf([manifest])) await copy(disk, join(dir, file), join(segments, file));
  await disk.syncFolder(segments);
}

async function copy(disk: Disk, from: string, to: string): Promise<void> {
  if (!disk.exists(from)) raise("CHECKPOINT_DAMAGED", { path: from, reason: "it is missing" });
  const source = disk.open(from, "read");
  const target = disk.open(to, "create");
  try {
    const buffer = Buffer.allocUnsafe(COPY_BYTES);
    for (let position = 0; ; ) {
      const length = source.read(buffer, 0, buffer.length, position);
      if (length === 0) break;
      target.write(buffer.subarray(0, length), position);
      position += length;
    }
    await target.sync();
  } finally {
    source.close();
    target.close();
  }
}
