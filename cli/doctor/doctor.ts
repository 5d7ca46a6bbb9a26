import { isError } from "../../base/errors.ts";
import type { SubjectRegistry } from "../../schemas/registry.ts";
import { type Config, readConfig, type SourceBinding } from "../config.ts";
import { Masking } from "../masking.ts";
import { openRegistry } from "../open-registry.ts";
import { Clusters } from "./clusters.ts";
import { type Finding, ok, problem, withoutSecrets } from "./finding.ts";
import { type ExaminedJob, examineJob, longestWaitMs, modelFindings, tablesThatNeedBefore } from "./job.ts";
import { examineNotify } from "./notify.ts";
import { outputFinding } from "./output.ts";
import { heartbeatFindings, type SourceTopics, schemaFindings } from "./registry.ts";
import { examineContracts, examineResultTopics, examineSnapshots } from "./results.ts";
import { examineSource, type SourceContext } from "./source.ts";
import { examineState } from "./state.ts";
import type { TopicContent } from "./topic.ts";
import { examineTruth } from "./truth.ts";

const NEEDED_NODE = 24;

/** Looks at everything that a run would need, and changes nothing. What others say is given without secrets. */
export async function examine(configFile: string, jobs: readonly string[]): Promise<Finding[]> {
  return (await examineAll(configFile, jobs)).map(withoutSecrets);
}

async function examineAll(configFile: string, jobs: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [nodeFinding()];
  const config = attempt(() => readConfig(configFile), findings, "configuration");
  if (config === undefined) return findings;
  findings.push(ok("configuration", `${config.file} is valid`), outputFinding(config));
  const job = await examineJob(jobs);
  await using clusters = new Clusters(config.file);
  const state = examineState(config.state.dir, job.graph?.name, Date.now());
  const topics = new Map<SourceBinding, ReadonlyMap<string, TopicContent>>();
  for (const source of config.sources) {
    const offsets = state.offsets.get(source.name) ?? new Map();
    const context = { ...contextOf(config, job), offsets, needBefore: tablesThatNeedBefore(job.graph, source.name) };
    const examined = await examineSource(source, clusters, context);
    findings.push(...examined.findings);
    topics.set(source, examined.topics);
  }
  findings.push(...(await registryFindings(config, job, topics)));
  findings.push(...job.findings, ...state.findings, ...(await resultFindings(config, clusters)));
  findings.push(...maskFindings(config, job));
  findings.push(...(await examineNotify(config, job.graph)), ...(await examineTruth(config, job.graph)));
  return findings;
}

/** Whether the fields that nobody may see are fields of the job. */
function maskFindings({ mask, file }: Config, { graph }: ExaminedJob): Finding[] {
  if (mask === undefined || graph === undefined) return [];
  const findings: Finding[] = [];
  if (attempt(() => new Masking(mask, graph, file), findings, "mask") !== undefined)
    findings.push(ok("mask", `${mask.fields.join(", ")} are hidden`));
  return findings;
}

function contextOf({ file, retainMs }: Config, { graph }: ExaminedJob): Omit<SourceContext, "offsets" | "needBefore"> {
  const job = graph === undefined ? undefined : { name: graph.name, waitsMs: longestWaitMs(graph) };
  return { file, retainMs, job, nowMs: Date.now() };
}

/** What only a registry that answers can tell. */
async function registryFindings(config: Config, job: ExaminedJob, topics: SourceTopics): Promise<Finding[]> {
  const findings: Finding[] = [];
  const registry = attempt(() => openRegistry(config.registry, config.file), findings, "registry");
  if (registry === undefined) return findings;
  const all = [...topics.values()].flatMap((of) => [...of.values()]);
  const schemas = await schemaFindings(config, registry, all);
  findings.push(...schemas.findings);
  // Without a registry that answers, every record would say the same once more.
  if (!schemas.usable) return findings;
  findings.push(...(await heartbeatFindings(registry, topics)));
  if (job.graph !== undefined) findings.push(...(await modelFindings(job.graph, config, registry, topics)));
  if (config.results !== undefined && "versions" in registry)
    findings.push(...(await examineContracts(registry as SubjectRegistry, config.results.prefix)));
  return findings;
}

/** Where results go besides the output folder. */
async function resultFindings(config: Config, clusters: Clusters): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { results } = config;
  const cluster = results && attempt(() => clusters.of(results.kafka), findings, "results");
  if (cluster !== undefined) findings.push(...(await examineResultTopics(cluster, results!.prefix)));
  return [...findings, ...(await examineSnapshots(config))];
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
