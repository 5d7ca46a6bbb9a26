import { join } from "node:path";
import { isError } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import { decodeManifest, readFile } from "../../runtime/checkpoint/checkpoint-store.ts";
import type { Manifest } from "../../runtime/checkpoint/manifest.ts";
import type { SimDisk } from "./sim-disk.ts";

/** Flips a bit somewhere in the newest checkpoint of a state folder, in what the one before it does not need. */
export function flipNewest(disk: SimDisk, state: string, random: Random): void {
  const names = disk.list(state).filter((name) => /^checkpoint-\d+\.json$/.test(name));
  const [newest, before] = names
    .slice(-2)
    .reverse()
    .map((name) => manifestIn(disk, join(state, name)));
  if (newest === undefined) return;
  const known = new Map(before && segmentsOf(before));
  const targets: (readonly [path: string, start: number, end: number])[] = [];
  for (const [file, bytes] of segmentsOf(newest)) {
    const shared = known.get(file) ?? 0;
    if (shared < bytes) targets.push([join(state, "segments", file), shared, bytes]);
  }
  targets.push([join(state, newest.outbox.file), 0, newest.outbox.bytes]);
  const name = join(state, names.at(-1)!);
  targets.push([name, 0, readFile(disk, name).length]);
  const [path, start, end] = random.pick(targets);
  disk.flip(path, start, end, random);
}

/** Each file of state, with how much of it belongs to a checkpoint. */
function segmentsOf({ stores }: Manifest): [string, number][] {
  const bytes = new Map<string, number>();
  for (const { segments } of stores) {
    for (const segment of segments) bytes.set(segment.file, Math.max(segment.bytes, bytes.get(segment.file) ?? 0));
  }
  return [...bytes];
}

function manifestIn(disk: SimDisk, path: string): Manifest | undefined {
  try {
    return decodeManifest(readFile(disk, path), path);
  } catch (error) {
    if (isError(error, "CHECKPOINT_DAMAGED")) return undefined;
    throw error;
  }
}
