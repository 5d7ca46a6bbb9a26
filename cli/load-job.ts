import { existsSync, statSync } from "node:fs";
import { registerHooks } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, raise } from "../base/errors.ts";
import type { Job } from "../checks/job.ts";

/** What a job's file may import by name, wherever it lies. */
const PUBLIC: Readonly<Record<string, string>> = {
  countercheck: new URL("../index.ts", import.meta.url).href,
  "countercheck/testing": new URL("../testing/index.ts", import.meta.url).href,
};

/**
 * The job that is the default export of a TypeScript file, or of `job.ts` in a folder. JOB_NOT_FOUND, JOB_NOT_LOADED,
 * JOB_INVALID.
 */
export async function loadJob(path: string): Promise<Job> {
  const file = jobFile(path);
  teachNames();
  const module = await load(file);
  const found: unknown = module.default;
  if (!isJob(found))
    raise("JOB_INVALID", {
      file,
      reason: `its default export is ${found === undefined ? "missing" : `a ${typeof found}`}`,
    });
  return found;
}

function jobFile(path: string): string {
  const given = resolve(path);
  if (!existsSync(given)) raise("JOB_NOT_FOUND", { path: given });
  if (!statSync(given).isDirectory()) return given;
  const inside = join(given, "job.ts");
  return existsSync(inside) ? inside : raise("JOB_NOT_FOUND", { path: inside });
}

async function load(file: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    raise("JOB_NOT_LOADED", { file, reason: messageOf(error) }, { cause: error });
  }
}

let isTaught = false;

/** Makes this package's names known to files that lie outside of it, and TypeScript modules wherever they are. */
function teachNames(): void {
  if (isTaught) return;
  isTaught = true;
  registerHooks({
    resolve(specifier, context, next) {
      const url = PUBLIC[specifier];
      if (url !== undefined) return { url, format: "module-typescript", shortCircuit: true };
      const resolved = next(specifier, context);
      // Outside of a package Node would guess a file's format, and warn.
      return resolved.url.endsWith(".ts") ? { ...resolved, format: "module-typescript" } : resolved;
    },
  });
}

function isJob(value: unknown): value is Job {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    typeof value.name === "string" &&
    "graph" in value &&
    typeof value.graph === "function"
  );
}
