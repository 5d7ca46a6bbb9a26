import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { raise } from "../base/errors.ts";

/** Names, a line each, of what runs have made in a folder: only that may be deleted. */
const MARKER = ".made-by-countercheck";

/**
 * Makes room for `names` in a folder that every run begins anew: what earlier runs made there is deleted, as their marker
 * tells, and nothing else. OUTPUT_FOREIGN where one of the names is taken by something that no run made. Errors of the
 * system are thrown as they are.
 */
export function beginFolder(dir: string, names: readonly string[]): void {
  mkdirSync(dir, { recursive: true });
  const made = madeIn(dir);
  const foreign = names.find((name) => !made.includes(name) && existsSync(join(dir, name)));
  if (foreign !== undefined) raise("OUTPUT_FOREIGN", { path: join(dir, foreign) });
  for (const name of made) rmSync(join(dir, name), { recursive: true, force: true });
  writeFileSync(join(dir, MARKER), names.map((name) => `${name}\n`).join(""));
}

/** A marker that was tampered with leads nowhere else. */
function madeIn(dir: string): string[] {
  const marker = join(dir, MARKER);
  if (!existsSync(marker)) return [];
  return readFileSync(marker, "utf8")
    .split("\n")
    .filter((name) => /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(name));
}
