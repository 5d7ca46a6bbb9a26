import type { DatabaseKind } from "../../../connectors/debezium/config.ts";
import { defect, type Finding, ok } from "../finding.ts";
import { captureFindings } from "./capture.ts";
import { converterFindings } from "./converters.ts";
import type { Settings } from "./include-list.ts";

/** What Kafka Connect says of a connector. */
export interface ConnectorFacts {
  readonly name: string;
  readonly settings: Settings;
  readonly connector: TaskState;
  readonly tasks: readonly TaskState[];
}

/** `RUNNING`, `PAUSED`, `FAILED` …; the trace is a stack trace of Java. */
export interface TaskState {
  readonly state: string;
  readonly trace?: string | undefined;
}

/** A source, as far as its connector matters. */
export interface CapturedSource {
  readonly name: string;
  readonly kind: DatabaseKind;
  readonly heartbeatTable?: string;
  readonly tables: Readonly<Record<string, { readonly topic: string }>>;
}

const CLASSES: Readonly<Record<DatabaseKind, string>> = {
  mariadb: "io.debezium.connector.mariadb.MariaDbConnector",
  postgresql: "io.debezium.connector.postgresql.PostgresConnector",
};

/** Everything that is wrong with a connector, or that it is well. */
export function connectorFindings(source: CapturedSource, facts: ConnectorFacts): Finding[] {
  const { settings, name } = facts;
  const about = `connector ${name}`;
  const found = [
    ...stateFindings(about, facts),
    ...kindFindings(about, source.kind, settings),
    ...captureFindings(about, source, settings),
    ...valueFindings(about, settings),
    ...lossFindings(about, source.kind, settings),
    ...snapshotFindings(about, settings),
    ...converterFindings(about, settings),
    ...noteFindings(about, settings),
  ];
  return found.some(({ level }) => level !== "note")
    ? found
    : [ok(about, "it runs, and captures what is bound"), ...found];
}

function stateFindings(about: string, { connector, tasks, name }: ConnectorFacts): Finding[] {
  const all = [{ what: "it", ...connector }, ...tasks.map((task, i) => ({ what: `task ${i}`, ...task }))];
  const found = all.flatMap(({ what, state, trace }) => {
    if (state === "RUNNING") return [];
    const first = trace === undefined ? "" : `: ${causeOf(trace)}`;
    return [defect("CONNECTOR_NOT_RUNNING", about, { what, state, trace: first, remedy: mendOf(state, name) })];
  });
  if (tasks.length > 0 || found.length > 0) return found;
  const remedy = "See Connect's log for why it makes no task";
  return [defect("CONNECTOR_NOT_RUNNING", about, { what: "it", state: "without a task", trace: "", remedy })];
}

/** What a stack trace begins with, and the cause at its bottom, which says more. */
function causeOf(trace: string): string {
  const lines = trace.split("\n").map((line) => line.trim());
  const cause = lines.findLast((line) => line.startsWith("Caused by: "));
  return [lines[0]!, ...(cause === undefined ? [] : [cause])].join(" — ").replaceAll(/\s+/g, " ").slice(0, 500);
}

function mendOf(state: string, name: string): string {
  if (state === "PAUSED" || state === "STOPPED") return `curl -X PUT …/connectors/${name}/resume`;
  return `Mend the cause, then curl -X POST '…/connectors/${name}/restart?includeTasks=true&onlyFailed=true'`;
}

function kindFindings(about: string, kind: DatabaseKind, settings: Settings): Finding[] {
  const type = settings["connector.class"] ?? "unknown";
  const expected = CLASSES[kind];
  return type === expected ? [] : [defect("CONNECTOR_WRONG_KIND", about, { type, kind, expected })];
}

/** Settings that change what values say. */
function valueFindings(about: string, settings: Settings): Finding[] {
  const found: Finding[] = [];
  const mode = settings["decimal.handling.mode"] ?? "precise";
  if (mode === "double") found.push(defect("CONNECTOR_DECIMALS_INEXACT", about, { mode }));
  if (settings["time.precision.mode"] === "connect") found.push(defect("CONNECTOR_TIMES_COARSE", about, {}));
  return found;
}

/** Settings by which changes, once made, are never seen. */
function lossFindings(about: string, kind: DatabaseKind, settings: Settings): Finding[] {
  const found: Finding[] = [];
  const operations = settings["skipped.operations"] ?? "t";
  const skipped = operations.split(",").map((operation) => operation.trim());
  if (skipped.some((operation) => ["c", "u", "d"].includes(operation)))
    found.push(defect("CONNECTOR_SKIPS_CHANGES", about, { operations }));
  if (skipped.includes("t")) found.push(defect("CONNECTOR_SKIPS_TRUNCATE", about, { operations }));
  for (const [setting, good] of Object.entries(MUST_FAIL)) {
    const value = settings[setting];
    if (value !== undefined && value !== good)
      found.push(defect("CONNECTOR_LOSES_RECORDS", about, { setting, value, good }));
  }
  const acks = settings["producer.override.acks"] ?? "all";
  if (acks !== "all" && acks !== "-1") found.push(defect("CONNECTOR_WEAK_ACKS", about, { acks }));
  if (kind === "postgresql" && settings["slot.drop.on.stop"] === "true")
    found.push(defect("CONNECTOR_DROPS_SLOT", about, {}));
  return found;
}

/** What a connector does with a change that it cannot process, and the value with which it stops there. */
const MUST_FAIL: Readonly<Record<string, string>> = {
  "errors.tolerance": "none",
  "event.processing.failure.handling.mode": "fail",
  "inconsistent.schema.handling.mode": "fail",
};

const WITHOUT_SEED: ReadonlySet<string> = new Set([
  "no_data",
  "never",
  "schema_only",
  "recovery",
  "schema_only_recovery",
]);

function snapshotFindings(about: string, settings: Settings): Finding[] {
  const mode = settings["snapshot.mode"] ?? "initial";
  if (mode === "initial_only") return [defect("CONNECTOR_SEED_ONLY", about, {})];
  return WITHOUT_SEED.has(mode) ? [defect("CONNECTOR_NO_SEED", about, { mode })] : [];
}

function noteFindings(about: string, settings: Settings): Finding[] {
  const found: Finding[] = [];
  if (settings["provide.transaction.metadata"] !== "true") found.push(defect("CONNECTOR_NO_TRANSACTIONS", about, {}));
  if (settings["tombstones.on.delete"] === "false") found.push(defect("CONNECTOR_NO_TOMBSTONES", about, {}));
  return found;
}
