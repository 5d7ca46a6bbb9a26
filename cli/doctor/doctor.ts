import { isError } from "../../base/errors.ts";
import { type Graph, modelsOf } from "../../dataflow/graph.ts";
import type { SchemaRegistry } from "../../schemas/registry.ts";
import { type Config, openRegistry, readConfig, type SourceBinding } from "../config.ts";
import { loadJob } from "../load-job.ts";
import { tryRecord } from "../redecode.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import { outputFinding } from "./output.ts";
import { examineSource } from "./source.ts";
import type { TopicContent } from "./topic.ts";

const NEEDED_NODE = 24;

/** Looks at everything that a run would need, and changes nothing. */
export async function examine(configFile: string, jobPath: string | undefined): Promise<Finding[]> {
  const findings: Finding[] = [nodeFinding()];
  const config = attempt(() => readConfig(configFile), findings, "configuration");
  if (config === undefined) return findings;
  findings.push(ok("configuration", `${config.file} is valid`), outputFinding(config));
  const registry = attempt(() => openRegistry(config.registry, config.file), findings, "registry");
  const topics = new Map<SourceBinding, ReadonlyMap<string, TopicContent>>();
  for (const source of config.sources) {
    const examined = examineSource(source);
    findings.push(...examined.findings);
    topics.set(source, examined.topics);
  }
  if (registry === undefined) return findings;
  const schemas = await schemaFindings(
    config,
    registry,
    [...topics.values()].flatMap((of) => [...of.values()]),
  );
  findings.push(...schemas.findings);
  // Without a registry that answers, every record would say the same once more.
  if (!schemas.usable) return findings;
  findings.push(...(await heartbeatFindings(registry, topics)));
  if (jobPath !== undefined) findings.push(...(await jobFindings(jobPath, config, registry, topics)));
  return findings;
}

/** Runs something that may fail with a catalogued error; the failure becomes a finding. */
function attempt<T>(action: () => T, findings: Finding[], about: string): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!isError(error)) throw error;
    findings.push(problem(about, error.message));
    return undefined;
  }
}

function nodeFinding(): Finding {
  const major = Number.parseInt(process.versions.node, 10);
  const says = `Node ${process.version}`;
  return major >= NEEDED_NODE
    ? ok("node", says)
    : problem("node", `${says} is too old; use Node ${NEEDED_NODE} or later.`);
}

/** Whether the registry has what the logs use; not usable where it has nothing of it, or does not answer. */
async function schemaFindings(
  config: Config,
  registry: SchemaRegistry,
  topics: readonly TopicContent[],
): Promise<{ findings: Finding[]; usable: boolean }> {
  const about = "registry";
  const name = "folder" in config.registry ? config.registry.folder : config.registry.url;
  const ids = [...new Set(topics.flatMap(({ keySchemas, valueSchemas }) => [...keySchemas, ...valueSchemas]))];
  const missing: Finding[] = [];
  for (const id of ids.sort((a, b) => a - b)) {
    try {
      await registry.schemaById(id);
    } catch (error) {
      if (!isError(error)) throw error;
      const users = topics.filter((topic) => topic.keySchemas.has(id) || topic.valueSchemas.has(id));
      const says = `${error.message} Records of ${users.map((topic) => topic.topic).join(", ")} need it.`;
      if (error.code !== "SCHEMA_UNKNOWN") return { findings: [problem(about, says)], usable: false };
      missing.push(problem(about, says));
    }
  }
  if (missing.length > 1 && missing.length === ids.length) {
    const says = `${name} has none of the ${ids.length} schemas that the logs use. It is not the registry which the producer uses, or has lost its content; correct \`registry\`.`;
    return { findings: [problem(about, says)], usable: false };
  }
  const found = missing.length > 0 ? missing : [ok(about, `${name} has all ${ids.length} schemas that the logs use`)];
  return { findings: [...found, ...unframedFindings(about, topics)], usable: true };
}

function unframedFindings(about: string, topics: readonly TopicContent[]): Finding[] {
  const unframed = topics.filter((topic) => topic.unframed > 0);
  return unframed.map(({ topic, unframed: count }) =>
    warning(about, `${count} keys or values of ${topic} are not in Confluent's format; they will be dead letters.`),
  );
}

/** Whether each heartbeat's topic holds what a database of its source's kind writes. */
async function heartbeatFindings(
  registry: SchemaRegistry,
  topics: ReadonlyMap<SourceBinding, ReadonlyMap<string, TopicContent>>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [source, contents] of topics) {
    const { heartbeatTable: table } = source;
    const record = table === undefined ? undefined : contents.get(table)?.newest;
    if (table === undefined || record === undefined) continue;
    const outcome = await tryRecord({ ...record, table }, source, [], registry);
    if (!outcome.usable) findings.push(problem(`source ${source.name}`, `heartbeat: ${outcome.reason}`));
  }
  return findings;
}

async function jobFindings(
  path: string,
  config: Config,
  registry: SchemaRegistry,
  topics: ReadonlyMap<SourceBinding, ReadonlyMap<string, TopicContent>>,
): Promise<Finding[]> {
  let graph: Graph;
  try {
    graph = (await loadJob(path)).graph();
  } catch (error) {
    if (!isError(error)) throw error;
    return [problem("job", error.message)];
  }
  const findings: Finding[] = [ok("job", `${graph.name} can be loaded`)];
  for (const model of modelsOf(graph)) {
    const about = `model ${model.name}`;
    for (const { source: name, table } of model.from) {
      const source = config.sources.find((candidate) => candidate.name === name);
      if (source === undefined || !Object.hasOwn(source.tables, table)) {
        findings.push(
          problem(about, `reads ${name}.${table}, which the configuration does not bind. Add it to \`sources\`.`),
        );
        continue;
      }
      const record = topics.get(source)?.get(table)?.newest;
      if (record === undefined) {
        findings.push(warning(about, `${name}.${table} has no record yet, so its columns cannot be checked.`));
        continue;
      }
      const outcome = await tryRecord({ ...record, table }, source, [model], registry);
      findings.push(outcome.usable ? ok(about, `can be read from ${name}.${table}`) : problem(about, outcome.reason));
    }
  }
  return findings;
}
