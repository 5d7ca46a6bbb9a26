import { TRANSACTIONS } from "../../../dataflow/source.ts";
import { defect, type Finding } from "../finding.ts";
import { heartbeatQuery } from "../heartbeat-sql.ts";
import { exclusionOf, isReference, matches, type Settings } from "./include-list.ts";
import type { CapturedSource } from "./rules.ts";

/** Transforms of Kafka and Debezium that give records other topics: which table a topic is of cannot be told then. */
const ROUTERS = /(RegexRouter|ByLogicalTableRouter|TimestampRouter|TopicRouting|EventRouter|ReselectRouter)/;

/** Whether the connector captures what the source binds, and writes its heartbeat. */
export function captureFindings(about: string, source: CapturedSource, settings: Settings): Finding[] {
  const found: Finding[] = [];
  const aliases = (settings.transforms ?? "").split(",").map((alias) => alias.trim());
  const isRouted = aliases.some((alias) => ROUTERS.test(settings[`transforms.${alias}.type`] ?? ""));
  if (!isRouted)
    for (const [table, { topic }] of Object.entries(source.tables))
      if (table !== TRANSACTIONS) found.push(...tableFindings(about, source, settings, table, topic));
  found.push(...heartbeatFindings(about, source, settings));
  return found;
}

/** The database's own name of a topic's table, `database.table` or `schema.table`; undefined where it is of another connector. */
export function qualifiedName(topic: string, settings: Settings): string | undefined {
  const own = settings["topic.prefix"] ?? "";
  // The last two parts of a topic's name are the table's, whatever the prefix.
  if (own === "" || isReference(own)) return topic.split(".").slice(-2).join(".");
  const prefix = `${own}.`;
  return topic.startsWith(prefix) ? topic.slice(prefix.length) : undefined;
}

function tableFindings(
  about: string,
  { heartbeatTable }: CapturedSource,
  settings: Settings,
  table: string,
  topic: string,
): Finding[] {
  const name = qualifiedName(topic, settings);
  if (name === undefined)
    return [defect("CONNECTOR_TOPIC_OF_OTHER", about, { table, topic, prefix: settings["topic.prefix"] ?? "?" })];
  const found: Finding[] = [];
  const exclusion = exclusionOf(settings, name);
  if (exclusion !== undefined) {
    const { setting, list } = exclusion;
    const entry = name.replaceAll(".", "\\.");
    const includes = setting.includes("include");
    if (includes && table === heartbeatTable)
      found.push(defect("CONNECTOR_HEARTBEAT_NOT_CAPTURED", about, { table: name, list, entry }));
    else {
      const remedy = includes ? `Add it to ${setting}: ${list},${entry}` : `Take it out of ${setting}`;
      found.push(defect("CONNECTOR_TABLE_NOT_CAPTURED", about, { table, name, setting, list, remedy }));
    }
  }
  const columns = keyColumnsOf(settings, name);
  if (columns !== undefined) found.push(defect("CONNECTOR_KEY_COLUMNS", about, { table: name, columns }));
  return found;
}

/** The entry of `message.key.columns` for a table: `tables:columns`, with semicolons between entries. */
function keyColumnsOf(settings: Settings, name: string): string | undefined {
  const entries = (settings["message.key.columns"] ?? "").split(";").filter((entry) => entry.includes(":"));
  return entries.find((entry) => matches(entry.slice(0, entry.lastIndexOf(":")), name) === true);
}

/** Only for a source that binds a heartbeat table; another finding says when there is none. */
function heartbeatFindings(
  about: string,
  { kind, heartbeatTable, tables }: CapturedSource,
  settings: Settings,
): Finding[] {
  if (heartbeatTable === undefined) return [];
  const table = qualifiedName(tables[heartbeatTable]!.topic, settings) ?? heartbeatTable;
  const found: Finding[] = [];
  const interval = settings["heartbeat.interval.ms"] ?? "0";
  if (!(Number(interval) > 0)) found.push(defect("CONNECTOR_HEARTBEAT_OFF", about, { interval, table }));
  const query = settings["heartbeat.action.query"] ?? "";
  const bare = table.slice(table.lastIndexOf(".") + 1);
  if (!query.toLowerCase().includes(bare.toLowerCase()))
    found.push(defect("CONNECTOR_HEARTBEAT_QUERY_MISSING", about, { table, query: heartbeatQuery(kind, table) }));
  return found;
}
