import { readFileSync } from "node:fs";
import { messageOf, raise } from "../../base/errors.ts";
import {
  type ClassifiedTable,
  classifyTable,
  type TableClassification,
} from "../../connectors/debezium/table-classification.ts";
import { type Graph, modelsOf } from "../../dataflow/graph.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import { type SubjectRegistry, valueSubject } from "../../schemas/registry.ts";
import { operatorsBehind, tablesRead } from "../compose.ts";
import type { SourceBinding } from "../config.ts";

/** What the newest schema of a table, or one that is planned, means for a job. */
export interface TableCheck {
  readonly source: string;
  readonly table: string;
  readonly subject: string;
  /** Versions that were compared; null for one that is planned, or not there. */
  readonly from: number | null;
  readonly to: number | null;
  /** `unknown`: the registry has no schema of the table. */
  readonly class: TableClassification["class"] | "unknown";
  readonly columns: TableClassification["columns"];
  readonly models: readonly (TableClassification["models"][number] & { readonly checks: readonly string[] })[];
}

/** A table of a configuration, and a schema that it may get. */
export interface PlannedChange {
  readonly source: SourceBinding;
  readonly table: string;
  readonly schema: AvroSchema;
}

/** Holds the newest schema of every table that a job reads against its models. What the registry rejects with. */
export async function checkTables(
  graph: Graph,
  sources: readonly SourceBinding[],
  registry: SubjectRegistry,
): Promise<readonly TableCheck[]> {
  const models = modelsOf(graph);
  const checks: TableCheck[] = [];
  for (const source of sources) {
    for (const table of tablesRead(source, models)) {
      if (table !== source.heartbeatTable) checks.push(await checkTable(graph, source, table, registry, undefined));
    }
  }
  return checks;
}

/** Holds a schema that a table may get against the models of a job. */
export async function checkPlanned(
  graph: Graph,
  { source, table, schema }: PlannedChange,
  registry: SubjectRegistry,
): Promise<TableCheck> {
  return checkTable(graph, source, table, registry, schema);
}

/** The table that `source.table` names; the table alone is enough where one source has it. OPTION_INVALID. */
export function plannedTable(name: string, sources: readonly SourceBinding[]): Omit<PlannedChange, "schema"> {
  const all = sources.flatMap((source) => Object.keys(source.tables).map((table) => ({ source, table })));
  const found = all.filter(({ source, table }) => name === `${source.name}.${table}` || name === table);
  const known = all.map(({ source, table }) => `${source.name}.${table}`).join(", ");
  if (found.length !== 1) raise("OPTION_INVALID", { option: "--table", value: name, expected: `one of ${known}` });
  return found[0]!;
}

/** The Avro schema in a file. OPTION_INVALID. */
export function schemaIn(file: string): AvroSchema {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as AvroSchema;
  } catch (error) {
    const expected = `a file with an Avro schema in it (${messageOf(error)})`;
    raise("OPTION_INVALID", { option: "--schema", value: file, expected }, { cause: error });
  }
}

async function checkTable(
  graph: Graph,
  source: SourceBinding,
  table: string,
  registry: SubjectRegistry,
  planned: AvroSchema | undefined,
): Promise<TableCheck> {
  const subject = valueSubject(source.tables[table]!.topic);
  const versions = await registry.versions(subject);
  const newest = versions.at(-1);
  const before = planned === undefined ? versions.at(-2) : newest;
  const about = { source: source.name, table, subject, from: before?.version ?? null };
  const after = planned ?? newest?.schema;
  if (after === undefined) return { ...about, to: null, class: "unknown", columns: [], models: [] };
  const to = planned === undefined ? newest!.version : null;
  return { ...about, to, ...classify({ source: source.name, kind: source.kind, table }, graph, before?.schema, after) };
}

/** What a schema means for a job, with the checks that models stand behind. */
export function classify(
  table: ClassifiedTable,
  graph: Graph,
  before: AvroSchema | undefined,
  after: AvroSchema,
): Pick<TableCheck, "class" | "columns" | "models"> & { readonly class: TableClassification["class"] } {
  const found = classifyTable(table, modelsOf(graph), before, after);
  const models = found.models.map((model) => ({ ...model, checks: operatorsBehind(graph, model.model) }));
  return { ...found, models };
}
