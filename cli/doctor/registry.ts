import { isError } from "../../base/errors.ts";
import type { SchemaRegistry } from "../../schemas/registry.ts";
import type { Config, SourceBinding } from "../config.ts";
import { tryRecord } from "../redecode.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { TopicContent } from "./topic.ts";

/** What the topics of each source hold, by table. */
export type SourceTopics = ReadonlyMap<SourceBinding, ReadonlyMap<string, TopicContent>>;

/** Whether the registry has what the logs use; not usable where it has nothing of it, or does not answer. */
export async function schemaFindings(
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
    const path =
      "url" in config.registry
        ? ", its address lacks the path of the Confluent API (/apis/ccompat/v7 with Apicurio)"
        : "";
    const says = `${name} has none of the ${ids.length} schemas that the logs use. It is not the registry which the producer uses${path}, or has lost its content; correct \`registry\`.`;
    return { findings: [problem(about, says)], usable: false };
  }
  const says =
    ids.length === 0
      ? `no record shows yet which schemas ${name} must have`
      : `${name} has all ${ids.length} schemas that the logs use`;
  const found = missing.length > 0 ? missing : [ok(about, says)];
  return { findings: [...found, ...unframedFindings(about, topics)], usable: true };
}

function unframedFindings(about: string, topics: readonly TopicContent[]): Finding[] {
  const unframed = topics.filter((topic) => topic.unframed > 0);
  return unframed.map(({ topic, unframed: count }) =>
    warning(about, `${count} keys or values of ${topic} are not in Confluent's format; they will be dead letters.`),
  );
}

/** Whether each heartbeat's topic holds what a database of its source's kind writes. */
export async function heartbeatFindings(registry: SchemaRegistry, topics: SourceTopics): Promise<Finding[]> {
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
