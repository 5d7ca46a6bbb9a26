import { existsSync, statSync } from "node:fs";
import { registerHooks } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isError, messageOf, raise } from "../base/errors.ts";
import type { Job } from "../checks/job.ts";
import type { Graph } from "../dataflow/graph.ts";

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
    refuse(file, `${found === undefined ? "it has no default export" : "its default export is no job"}. ${FORM}`);
  return { name: found.name, graph: () => graphOf(found, file) };
}

/** A job's graph, which must come at once and do something. Errors of ours that the builder meets are thrown as they are. */
function graphOf(job: Job, file: string): Graph {
  let graph: unknown;
  try {
    graph = job.graph();
  } catch (error) {
    if (isError(error)) throw error;
    refuse(
      file,
      `it threw: ${messageOf(error)}${lineOf(error, file)} (the compiler may know why: \`npx tsc --noEmit -p .\`)`,
      error,
    );
  }
  if (graph instanceof Promise) refuse(file, "it builds its graph asynchronously, which must be there at once");
  if (!isGraph(graph)) refuse(file, "its graph() gives no graph");
  const does = graph.nodes.some(({ type }) => type === "operator" || type === "sink");
  if (!does)
    refuse(file, "it has neither a check nor a sink (`.to(name)`), or adds them only later, behind an `await`");
  return graph;
}

const FORM = 'End it with `export default job("name", (env) => { … })`';

/** Where in the job's file an error came from, as the stack has it. */
function lineOf(error: unknown, file: string): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const [, line] = stack.slice(stack.indexOf(file) + file.length).match(/^:(\d+)/) ?? [];
  return line === undefined || !stack.includes(file) ? "" : `, in line ${line}`;
}

function refuse(file: string, reason: string, cause?: unknown): never {
  raise("JOB_INVALID", { file, reason }, { cause });
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

function isGraph(value: unknown): value is Graph {
  return typeof value === "object" && value !== null && "nodes" in value && Array.isArray(value.nodes);
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
