import { CountercheckError, isError } from "../../base/errors.ts";
import { type Graph, modelsOf } from "../../dataflow/graph.ts";
import { TRANSACTIONS } from "../../dataflow/source.ts";
import type { SchemaRegistry } from "../../schemas/registry.ts";
import type { Config } from "../config.ts";
import { loadJobs } from "../load-job.ts";
import { tryRecord } from "../redecode.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { SourceTopics } from "./registry.ts";

/** A job as far as it can be loaded. */
export interface ExaminedJob {
  readonly findings: readonly Finding[];
  readonly graph?: Graph;
}

/** Loads the jobs that were named, if any. */
export async function examineJob(paths: readonly string[]): Promise<ExaminedJob> {
  if (paths.length === 0) return { findings: [] };
  try {
    const graph = (await loadJobs({ paths })).graph();
    return { findings: [ok("job", `${graph.name} can be loaded`)], graph };
  } catch (error) {
    if (!isError(error)) throw error;
    return { findings: [problem("job", error.message)] };
  }
}

/** How long a job waits at most for a counterpart, in ms, as far as its checks say. */
export function longestWaitMs(graph: Graph): number {
  return Math.max(0, ...graph.nodes.map((node) => (node.type === "operator" ? (node.waitsMs ?? 0) : 0)));
}

/** Tables of a source that a model of the job, if there is one, has `before: full`. */
export function tablesThatNeedBefore(graph: Graph | undefined, source: string): ReadonlySet<string> {
  const tables = graph === undefined ? [] : modelsOf(graph).flatMap(({ from }) => from);
  const declared = tables.filter((table) => table.source === source && table.before === "full");
  return new Set(declared.map(({ table }) => table));
}

/** Whether the models can be read from the tables that the configuration binds. */
export async function modelFindings(
  graph: Graph,
  config: Config,
  registry: SchemaRegistry,
  topics: SourceTopics,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const model of modelsOf(graph)) {
    const about = `model ${model.name}`;
    for (const { source: name, table } of model.from) {
      const source = config.sources.find((candidate) => candidate.name === name);
      if (source === undefined || !Object.hasOwn(source.tables, table)) {
        const reason = `reads ${name}.${table}, which the configuration does not bind. Add it to \`sources\`.`;
        const unbound = new CountercheckError("SOURCE_TRANSACTIONS_UNBOUND", { source: name });
        findings.push(problem(about, table === TRANSACTIONS ? unbound.message : reason));
        continue;
      }
      const contents = topics.get(source);
      // Its topics could not be looked at, which was told of the source.
      if (contents === undefined || contents.size === 0) continue;
      const record = contents.get(table)?.newest;
      if (record === undefined) {
        findings.push(warning(about, `${name}.${table} has no record yet, so its columns cannot be checked.`));
        continue;
      }
      const outcome = await tryRecord({ ...record, table }, source, [model], registry);
      // A schema that is missing was told of the registry.
      if (!outcome.usable && outcome.code === "SCHEMA_UNKNOWN") continue;
      findings.push(outcome.usable ? ok(about, `can be read from ${name}.${table}`) : problem(about, outcome.reason));
    }
  }
  return findings;
}
