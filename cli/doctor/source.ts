import { isError } from "../../base/errors.ts";
import { TRANSACTIONS } from "../../dataflow/source.ts";
import type { SourceBinding } from "../config.ts";
import { secretOf } from "../secrets.ts";
import type { Clusters } from "./clusters.ts";
import { qualifiedName } from "./connector/capture.ts";
import { examineConnector } from "./connector/connect.ts";
import { isReference, type Settings } from "./connector/include-list.ts";
import { examineDatabase } from "./database/examine.ts";
import type { DatabaseRequest } from "./database/facts.ts";
import { examineFileSource } from "./file-source.ts";
import { defect, type Finding, ok, problem } from "./finding.ts";
import { heartbeatQuery, heartbeatTable } from "./heartbeat-sql.ts";
import type { KafkaExpectations } from "./kafka/rules.ts";
import { examineKafkaSource } from "./kafka/source.ts";
import type { TopicContent } from "./topic.ts";

/** What was found of a source, and what its tables' topics hold. */
export interface SourceFindings {
  readonly findings: readonly Finding[];
  readonly topics: ReadonlyMap<string, TopicContent>;
}

/** What a source is held against; `file` is the configuration, for errors. */
export interface SourceContext extends Omit<KafkaExpectations, "heartbeatMs"> {
  readonly file: string;
  /** Tables of the source that a model has `before: full`. */
  readonly needBefore: ReadonlySet<string>;
}

/** Looks at a source's topics, and at its connector and its database where the configuration names them. */
export async function examineSource(
  source: SourceBinding,
  clusters: Clusters,
  context: SourceContext,
): Promise<SourceFindings> {
  const about = `source ${source.name}`;
  const connector = source.connector && (await examineConnector(source, source.connector));
  const log = await examineLog(source, clusters, context, connector?.settings);
  const findings = [...log.findings, heartbeatFinding(about, source), ...(connector?.findings ?? [])];
  if (source.database === undefined) return { ...log, findings };
  try {
    const url = secretOf(source.database.url, `sources.${source.name}.database.url of ${context.file}`);
    findings.push(...(await examineDatabase(source, url, requestOf(source, context, connector?.settings))));
  } catch (error) {
    if (!isError(error)) throw error;
    findings.push(problem(`database of ${source.name}`, error.message));
  }
  return { ...log, findings };
}

async function examineLog(
  source: SourceBinding,
  clusters: Clusters,
  context: SourceContext,
  settings: Settings | undefined,
): Promise<SourceFindings> {
  const { input } = source;
  if ("folder" in input) return examineFileSource(source, input.folder);
  try {
    const heartbeatMs = Number(settings?.["heartbeat.interval.ms"]) || undefined;
    const isCommitted = input.start === "committed" && context.job !== undefined;
    const group = isCommitted ? input.group + context.job!.name : undefined;
    return await examineKafkaSource(source, clusters.of(input.kafka), { ...context, heartbeatMs }, group);
  } catch (error) {
    if (!isError(error)) throw error;
    return { findings: [problem(`source ${source.name}`, error.message)], topics: new Map() };
  }
}

function heartbeatFinding(about: string, source: SourceBinding): Finding {
  if (source.heartbeatTable !== undefined) return ok(about, `heartbeat table ${source.heartbeatTable} is bound`);
  const topic = Object.values(source.tables)[0]?.topic ?? "";
  const table = [...topic.split(".").slice(-2, -1), "heartbeat"].join(".");
  return defect("HEARTBEAT_UNBOUND", about, { sql: heartbeatTable(table), query: heartbeatQuery(source.kind, table) });
}

/** What to ask of the database: with the connector's settings, more. */
function requestOf(
  { kind, tables, heartbeatTable: heartbeat }: SourceBinding,
  { needBefore }: SourceContext,
  settings: Settings = {},
): DatabaseRequest {
  const asked = Object.entries(tables).flatMap(([table, { topic }]) => {
    const name = qualifiedName(topic, settings);
    return name === undefined || table === TRANSACTIONS
      ? []
      : [{ name, isHeartbeat: table === heartbeat, needsBefore: needBefore.has(table) }];
  });
  const known = (value: string | undefined) => (value === undefined || isReference(value) ? undefined : value);
  const connectorUser = known(settings["database.user"]);
  if (kind === "mariadb" || settings["connector.class"] === undefined) return { tables: asked, connectorUser };
  const publishes = settings["plugin.name"] === "pgoutput";
  return {
    tables: asked,
    connectorUser,
    publication: publishes ? known(settings["publication.name"] ?? "dbz_publication") : undefined,
    slot: known(settings["slot.name"] ?? "debezium"),
  };
}
