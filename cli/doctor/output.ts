import { accessSync, constants, lstatSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { isError, messageOf } from "../../base/errors.ts";
import type { Config } from "../config.ts";
import { requireApart } from "../overlap.ts";
import { type Finding, ok, problem } from "./finding.ts";

/** File systems of Linux in which nothing can be kept, by the number that `statfs` gives: proc and sysfs. */
const NOT_FOR_FILES: ReadonlySet<number> = new Set([0x9f_a0, 0x62_65_65_72]);

/** Whether a run could write its results where the configuration says. Nothing is made to find out. */
export function outputFinding(config: Config): Finding {
  const { output: dir } = config;
  try {
    requireApart(config);
    const reason = hindrance(nearestExisting(dir));
    if (reason === undefined) return ok("output", `${dir} can be written`);
    return cannot(dir, reason);
  } catch (error) {
    if (isError(error)) return problem("output", error.message);
    return cannot(dir, messageOf(error));
  }
}

function cannot(dir: string, reason: string): Finding {
  return problem("output", `${dir} cannot be written (${reason}). Name another \`output\`, or allow it.`);
}

/** A path, or the nearest of the folders above it that is there; a link that leads nowhere is there, too. */
function nearestExisting(path: string): string {
  try {
    lstatSync(path);
    return path;
  } catch (error) {
    if (dirname(path) === path) throw error;
    return nearestExisting(dirname(path));
  }
}

/** Why no folder can be made in, or at, what is there; undefined where it can. Throws what the system has against it. */
function hindrance(existing: string): string | undefined {
  if (!statSync(existing).isDirectory()) return `${existing} is no folder`;
  if (NOT_FOR_FILES.has(statfsSync(existing).type)) return `${existing} keeps no files`;
  accessSync(existing, constants.W_OK | constants.X_OK);
  return undefined;
}
