import { type ColumnChange, columnChanges } from "../../connectors/debezium/column-changes.ts";
import type { Graph } from "../../dataflow/graph.ts";
import type { ChangeClass } from "../../dataflow/source.ts";
import { contractProblems, RESULT_TOPICS, type ResultTopic } from "../../schemas/contract-subjects.ts";
import { contractSchemas } from "../../schemas/contracts.ts";
import { type SchemaVersion, type SubjectRegistry, valueSubject } from "../../schemas/registry.ts";
import type { Config, SourceBinding } from "../config.ts";
import { classify } from "./table-checks.ts";

/** What changed from one version of a subject to the next. */
export interface VersionDiff {
  readonly subject: string;
  readonly from: number;
  /** Null for the contract that this version of countercheck writes. */
  readonly to: number | null;
  readonly columns: readonly ColumnChange[];
  /** What it means for the job that was named; null without one, and for what no job reads. */
  readonly class: ChangeClass | null;
  /** Why it is breaking. */
  readonly reasons: readonly string[];
}

/** What is compared: all of a configuration, or some subjects of it. */
export interface DiffRequest {
  readonly config: Config;
  readonly prefix: string;
  readonly registry: SubjectRegistry;
  readonly graph: Graph | undefined;
  /** None: the tables of all sources, and the contracts. */
  readonly subjects: readonly string[];
}

/** How the versions of subjects differ from one another, and the contracts there from ours. */
export async function diffSubjects(request: DiffRequest): Promise<readonly VersionDiff[]> {
  const { config, prefix, subjects } = request;
  const tables = config.sources.flatMap((source) =>
    Object.entries(source.tables).map(([table, { topic }]) => ({ subject: valueSubject(topic), source, table })),
  );
  const contracts = (Object.keys(RESULT_TOPICS) as ResultTopic[]).map((topic) => {
    return { subject: valueSubject(prefix + topic), topic };
  });
  const wanted = subjects.length > 0 ? subjects : [...tables, ...contracts].map(({ subject }) => subject);
  const diffs: VersionDiff[] = [];
  for (const subject of new Set(wanted)) {
    const versions = await request.registry.versions(subject);
    const table = tables.find((each) => each.subject === subject);
    for (let i = 1; i < versions.length; i++)
      diffs.push(diffOf(subject, versions[i - 1]!, versions[i]!, table, request));
    const contract = contracts.find((each) => each.subject === subject);
    if (contract !== undefined && versions.length > 0) diffs.push(...toOurs(subject, contract.topic, versions));
  }
  return diffs;
}

function diffOf(
  subject: string,
  before: SchemaVersion,
  after: SchemaVersion,
  table: { readonly source: SourceBinding; readonly table: string } | undefined,
  { graph }: DiffRequest,
): VersionDiff {
  const place = { subject, from: before.version, to: after.version };
  const columns = columnChanges(before.schema, after.schema);
  if (table === undefined || graph === undefined) return { ...place, columns, class: null, reasons: [] };
  const { name, kind } = table.source;
  const found = classify({ source: name, kind, table: table.table }, graph, before.schema, after.schema);
  const reasons = found.models.flatMap(({ reason }) => reason ?? []);
  return { ...place, columns, class: found.models.length === 0 ? null : found.class, reasons };
}

/** The newest version against the contract that is written now; nothing where they are the same. */
function toOurs(subject: string, topic: ResultTopic, versions: readonly SchemaVersion[]): VersionDiff[] {
  const { version: from, schema } = versions.at(-1)!;
  const columns = columnChanges(schema, contractSchemas[RESULT_TOPICS[topic]]);
  const reasons = contractProblems(topic, versions);
  if (columns.length === 0 && reasons.length === 0) return [];
  return [{ subject, from, to: null, columns, class: reasons.length > 0 ? "breaking" : null, reasons }];
}
