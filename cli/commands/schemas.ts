import type { Command } from "commander";
import { raise } from "../../base/errors.ts";
import { formatTime } from "../../base/time.ts";
import { columnChangeText } from "../../connectors/debezium/column-changes.ts";
import { MAX_ROWS } from "../../connectors/desk/records.ts";
import type { ChangeClass } from "../../dataflow/source.ts";
import { CONTRACT_COMPATIBILITY, registerEach } from "../../schemas/contract-subjects.ts";
import { DEFAULT_PREFIX, readConfig } from "../config.ts";
import { deskToLookAt } from "../desk-of.ts";
import { EXIT } from "../errors.ts";
import { diffSubjects, type VersionDiff } from "../governance/subject-diffs.ts";
import { checkPlanned, checkTables, plannedTable, schemaIn, type TableCheck } from "../governance/table-checks.ts";
import { loadJob } from "../load-job.ts";
import { openRegistry } from "../open-registry.ts";
import { between, dirOption } from "../options.ts";
import { grouped, printable, table } from "../table.ts";
import { terminal } from "../terminal.ts";

interface ConfigOptions {
  readonly config: string;
  readonly json?: true;
}

interface CheckOptions extends ConfigOptions {
  readonly job: string;
  readonly schema?: string;
  readonly table?: string;
}

/** Where results are not bound to topics, this is what the topics would be called. */

const CLASSES = `
harmless  no model of the job reads what changed
widening  a column that is read changed, and can still be read exactly
breaking  a model cannot be read any more: its checks would be suspended`;

const GROUP_EXAMPLES = `
Examples:
  npx countercheck schemas register --config countercheck.json
  npx countercheck schemas check --config countercheck.json --job jobs/payment-settlement`;

const REGISTER_EXAMPLES = `
Example:
  npx countercheck schemas register --config countercheck.json

Registers the contracts of verdicts, alerts, dead letters and markers for the topics of the results, and has the registry
hold later versions to ${CONTRACT_COMPATIBILITY}. A run does the same before it writes.`;

const DIFF_EXAMPLES = `
Examples:
  npx countercheck schemas diff --config countercheck.json
  npx countercheck schemas diff maria.shop.payments-value --config countercheck.json --job jobs/payment-settlement

Of change events the columns of the table are compared. With --job:
${CLASSES}`;

const CHECK_EXAMPLES = `
Examples:
  npx countercheck schemas check --config countercheck.json --job jobs/payment-settlement
  npx countercheck schemas check --config countercheck.json --job my-job.ts --schema payments.avsc --table shop.payments

The first holds the newest schema of every table that the job reads against its models, the second one that is planned: a
change event, or a record of the columns, so that a migration can be checked before its ALTER.
${CLASSES}

Exit codes: 0 nothing is breaking, 3 something is, 1 it could not be told.`;

const HISTORY_EXAMPLES = `
Example:
  npx countercheck schemas history --dir out`;

/** Adds `countercheck schemas`: the contracts of what is written, and what becomes of the schemas of what is read. */
export function addSchemas(program: Command): void {
  const schemas = program
    .command("schemas")
    .description("register contracts; see what changes of schemas mean for a job")
    .addHelpText("after", GROUP_EXAMPLES);
  withConfig(schemas.command("register").description("register the contracts of the results"))
    .addHelpText("after", REGISTER_EXAMPLES)
    .action(register);
  withConfig(schemas.command("diff").description("what changed between versions of schemas"))
    .argument("[subject...]", "subjects of the registry; default: those of all tables, and of the results")
    .option("--job <job>", "say what it means for this job")
    .addHelpText("after", DIFF_EXAMPLES)
    .action(diff);
  withConfig(schemas.command("check").description("whether a job can read the newest schemas, or one that is planned"))
    .requiredOption("--job <job>", "the job")
    .option("--schema <file>", "an Avro schema that a table may get")
    .option("--table <name>", "the table that it is for, as SOURCE.TABLE")
    .addHelpText("after", CHECK_EXAMPLES)
    .action(check);
  schemas
    .command("history")
    .description("new schemas that runs have met")
    .addOption(dirOption())
    .option("--limit <n>", `schemas wanted, ${grouped(MAX_ROWS)} at most`, between(1, MAX_ROWS), 50)
    .option("--json", "JSON on stdout")
    .addHelpText("after", HISTORY_EXAMPLES)
    .action(history);
}

function withConfig(command: Command): Command {
  return command.requiredOption("--config <file>", "the configuration").option("--json", "JSON on stdout");
}

async function register({ config: file, json }: ConfigOptions): Promise<void> {
  const config = readConfig(file);
  const registry = openRegistry(config.registry, config.file);
  const registered = await registerEach(registry, config.results?.prefix ?? DEFAULT_PREFIX);
  if (json) return terminal.printJson({ compatibility: CONTRACT_COMPATIBILITY, registered });
  const what = { first: "registered", next: "registered as a new version", there: "was there" };
  const titles = ["subject", "id", "outcome"].map((title) => ({ title }));
  terminal.print(
    table(
      titles,
      registered.map(({ subject, id, outcome }) => [subject, String(id), what[outcome]]),
    ),
  );
}

async function diff(subjects: readonly string[], options: ConfigOptions & { readonly job?: string }): Promise<void> {
  const config = readConfig(options.config);
  const graph = options.job === undefined ? undefined : (await loadJob(options.job)).graph();
  const registry = openRegistry(config.registry, config.file);
  const prefix = config.results?.prefix ?? DEFAULT_PREFIX;
  const diffs = await diffSubjects({ config, prefix, registry, graph, subjects });
  if (options.json) return terminal.printJson(diffs);
  terminal.print(diffs.length === 0 ? "Nothing differs." : diffs.map(diffText).join("\n"));
}

async function check({ config: file, job, schema, table: name, json }: CheckOptions): Promise<void> {
  const config = readConfig(file);
  const graph = (await loadJob(job)).graph();
  const registry = openRegistry(config.registry, config.file);
  if (name !== undefined && schema === undefined)
    raise("OPTION_INVALID", { option: "--table", value: name, expected: "with it, --schema" });
  const planned =
    schema === undefined ? undefined : { ...plannedTable(name ?? "", config.sources), schema: schemaIn(schema) };
  const checks =
    planned === undefined
      ? await checkTables(graph, config.sources, registry)
      : [await checkPlanned(graph, planned, registry)];
  if (json) terminal.printJson(checks);
  else terminal.print(checks.map(checkText).join("\n"));
  process.exitCode = checks.some((each) => each.class === "breaking") ? EXIT.discrepancies : EXIT.ok;
}

function history({ dir, limit, json }: { readonly dir: string; readonly limit: number; readonly json?: true }): void {
  const desk = deskToLookAt(dir);
  const changes = desk.schemaChanges({ limit });
  desk.close();
  if (json) return terminal.printJson(changes);
  if (changes.length === 0) return terminal.print("No new schema was met.");
  const titles = ["recorded", "table", "schema", "from", "class", "models", "what changed"].map((title) => ({ title }));
  const rows = changes.map((change) => [
    formatTime(change.recordedAt),
    `${change.source}.${change.table}`,
    String(change.schemaId),
    `${change.topic}/${change.partition}/${change.offset}`,
    change.class,
    change.models.join(", "),
    change.summary,
  ]);
  terminal.print(table(titles, rows));
}

function diffText({ subject, from, to, columns, class: cause, reasons }: VersionDiff): string {
  const versions = to === null ? `version ${from} and the contract of this countercheck` : `version ${from} to ${to}`;
  const lines = [...columns.map(columnChangeText), ...reasons];
  const about = printable(`${subject}, ${versions}${cause === null ? "" : ": "}`);
  const said = lines.length === 0 ? ["no column changed"] : lines;
  return [about + (cause === null ? "" : colored(cause)), ...said.map((line) => `  ${printable(line)}`)].join("\n");
}

function checkText({ source, table: name, subject, from, to, class: cause, columns, models }: TableCheck): string {
  if (cause === "unknown") return printable(`${source}.${name}: the registry has no schema for ${subject}`);
  const newer = to === null ? "the planned schema" : `version ${to}`;
  const versions = from === null ? newer : `version ${from} to ${newer}`;
  const lines = columns.map((column) => {
    const readers = models.filter((model) => model.columns.includes(column)).map(({ model }) => model);
    return `${columnChangeText(column)}${readers.length === 0 ? "" : ` (read by ${readers.join(", ")})`}`;
  });
  const broken = models.filter(({ reason }) => reason !== null);
  lines.push(
    ...broken.map(({ reason, checks }) => `${reason} Suspended would be: ${checks.join(", ") || "no check"}.`),
  );
  const about = printable(`${source}.${name}, ${versions}: `);
  return [about + colored(cause), ...lines.map((line) => `  ${printable(line)}`)].join("\n");
}

function colored(cause: ChangeClass): string {
  const { green, yellow, red } = terminal.colors;
  return (cause === "harmless" ? green : cause === "widening" ? yellow : red)(cause);
}
