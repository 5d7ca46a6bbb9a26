import { existsSync, statSync } from "node:fs";
import { registerHooks } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isError, messageOf, raise } from "../base/errors.ts";
import { atPlace, authorsPlace, thrownText } from "../base/stacks.ts";
import { type Job, type JobEnvironment, job } from "../checks/job.ts";
import { jointJob } from "../checks/joint-job.ts";
import type { Node } from "../dataflow/graph.ts";

/** What a job's file may import by name, wherever it lies, and the URL of each. */
export const publicNames: Readonly<Record<string, string>> = {
  countercheck: new URL("../index.ts", import.meta.url).href,
  "countercheck/testing": new URL("../testing/index.ts", import.meta.url).href,
};

/** Jobs that run together, as they are named on a command line. */
export interface JobFiles {
  /** Each a TypeScript file whose default export is a job, or a folder with a `job.ts`. */
  readonly paths: readonly string[];
  /** What they are called together. Default: the one's name, or theirs joined. */
  readonly name?: string | undefined;
}

/** Jobs as one. JOBS_COLLIDE, JOB_NAME_INVALID, and what `loadJob` raises. */
export async function loadJobs({ paths, name }: JobFiles): Promise<Job> {
  const jobs: Job[] = [];
  for (const path of paths) jobs.push(await loadJob(path));
  return jobs.length === 1 && name === undefined ? jobs[0]! : jointJob(jobs, name);
}

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
    refuse(file, `${found === undefined ? "it has no default export" : "its default export is no job"}. ${FORM}`);
  return job(found.name, (env) => build(found, env, file));
}

/** Builds a job, which must do something at once. Errors of ours that the builder meets are thrown as they are. */
function build(job: Job, env: JobEnvironment, file: string): void {
  const before = new Set(env.graph(job.name).nodes);
  try {
    job.build(env);
  } catch (error) {
    if (isError(error)) throw error;
    refuse(file, `it threw${atPlace(error)}: ${messageOf(error)} (${COMPILER})`, error);
  }
  const does = env.graph(job.name).nodes.some((node) => !before.has(node) && DOING.has(node.type));
  if (!does)
    refuse(file, "it has neither a check nor a sink (`.to(name)`), or adds them only later, behind an `await`");
}

const DOING: ReadonlySet<Node["type"]> = new Set(["operator", "sink"]);

const FORM = 'End it with `export default job("name", (env) => { … })`';

function refuse(file: string, reason: string, cause?: unknown): never {
  raise("JOB_INVALID", { file, reason }, { cause });
}

/** The file of a job that is named by itself or by its folder, absolute. JOB_NOT_FOUND. */
export function jobFile(path: string): string {
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
    raise("JOB_NOT_LOADED", { file, at: atPlace(error), reason: thrownText(error) + hint(error) }, { cause: error });
  }
}

/** Of some syntax errors Node does not say where they are. */
function hint(error: unknown): string {
  return error instanceof SyntaxError && authorsPlace(error) === "" ? ` (${COMPILER})` : "";
}

const COMPILER = "the compiler may know why: `npx tsc --noEmit -p .`";

let isTaught = false;

/** Makes this package's names known to files that lie outside of it, and TypeScript modules wherever they are. */
function teachNames(): void {
  if (isTaught) return;
  isTaught = true;
  registerHooks({
    resolve(specifier, context, next) {
      const url = publicNames[specifier];
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
    "build" in value &&
    typeof value.build === "function"
  );
}
