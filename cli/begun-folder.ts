import { join } from "node:path";
import type { Disk } from "../base/disk.ts";
import { raise } from "../base/errors.ts";

/** Names, a line each, of what runs have made in a folder: only that may be deleted. */
const MARKER = ".made-by-countercheck";

/**
 * Makes room for `names` in a folder that a run begins anew: what earlier runs made there is deleted, as their marker
 * tells, and nothing else. OUTPUT_FOREIGN where one of the names is taken by something that no run made; DISK_FULL,
 * DISK_FAILED.
 */
export async function beginFolder(disk: Disk, dir: string, names: readonly string[]): Promise<void> {
  const made = requireOurs(disk, dir, names);
  for (const name of made) disk.remove(join(dir, name));
  await mark(disk, dir, names);
}

/** Makes sure that a folder which a run goes on with may hold `names`, and leaves what is there. OUTPUT_FOREIGN. */
export async function continueFolder(disk: Disk, dir: string, names: readonly string[]): Promise<void> {
  const made = requireOurs(disk, dir, names);
  if (names.some((name) => !made.includes(name))) await mark(disk, dir, [...new Set([...made, ...names])]);
}

function requireOurs(disk: Disk, dir: string, names: readonly string[]): string[] {
  disk.makeFolder(dir);
  const made = madeIn(disk, dir);
  const foreign = names.find((name) => !made.includes(name) && disk.exists(join(dir, name)));
  if (foreign !== undefined) raise("OUTPUT_FOREIGN", { path: join(dir, foreign) });
  return made;
}

/** Durable before anything that it names is made: else the next run would take that for somebody's own. */
async function mark(disk: Disk, dir: string, names: readonly string[]): Promise<void> {
  const marker = join(dir, MARKER);
  const file = disk.open(`${marker}.new`, "create");
  try {
    file.write(Buffer.from(names.map((name) => `${name}\n`).join("")), 0);
    await file.sync();
  } finally {
    file.close();
  }
  disk.rename(`${marker}.new`, marker);
  await disk.syncFolder(dir);
}

/** A marker that was tampered with leads nowhere else. */
function madeIn(disk: Disk, dir: string): string[] {
  const marker = join(dir, MARKER);
  if (!disk.exists(marker)) return [];
  const file = disk.open(marker, "read");
  try {
    const bytes = Buffer.alloc(file.size());
    file.read(bytes, 0, bytes.length, 0);
    return bytes
      .toString("utf8")
      .split("\n")
      .filter((name) => /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(name));
  } finally {
    file.close();
  }
}
