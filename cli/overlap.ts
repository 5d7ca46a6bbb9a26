import { realpathSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { raise } from "../base/errors.ts";
import type { Config } from "./config.ts";
import { outputPaths } from "./outputs.ts";

/**
 * Refuses a configuration by which a run would begin a folder of its results anew that is, holds, or lies in what it
 * reads. Links are followed. OUTPUT_OVERLAPS_INPUT.
 */
export function requireApart({ file, output, sources, registry }: Config): void {
  const inputs = sources.flatMap(({ name, input }) =>
    "folder" in input ? [{ what: `the log of source ${name}`, path: input.folder }] : [],
  );
  if ("folder" in registry) inputs.push({ what: "the schema registry", path: registry.folder });
  for (const begun of [outputPaths.log(output), outputPaths.sinks(output)]) {
    for (const { what, path } of inputs) {
      if (overlap(realPath(begun), realPath(path))) raise("OUTPUT_OVERLAPS_INPUT", { file, begun, what, path });
    }
  }
}

function overlap(one: string, other: string): boolean {
  return one === other || isWithin(one, other) || isWithin(other, one);
}

function isWithin(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** A path without links; what of it does not exist yet stays as it is. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}
