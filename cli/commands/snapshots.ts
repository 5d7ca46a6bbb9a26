import { type Command, Option } from "commander";
import { raise } from "../../base/errors.ts";
import { parseKey } from "../../base/key.ts";
import { decodeVerdict } from "../../schemas/contracts.ts";
import { overtakenIn } from "../../snapshots/overtaken.ts";
import { type HistoryQuery, MAX_PAGE, type SnapshotRow, type SnapshotStore } from "../../snapshots/snapshot-store.ts";
import { openEvidence } from "../evidence-store.ts";
import { between, choice, classOption, currency, instant, positive } from "../options.ts";
import { grouped } from "../table.ts";
import { terminal } from "../terminal.ts";
import { evidenceText } from "../views/evidence.ts";
import { knownText, overtakenText, scanText } from "../views/snapshots.ts";
import { addCreateTable } from "./create-table.ts";

/** Where the evidence is: one of the two. */
interface Where {
  readonly dir?: string;
  readonly config?: string;
}

interface GetOptions extends Where {
  readonly check?: string;
  readonly currency?: string;
  readonly version?: number;
  readonly asOf?: number;
  readonly history?: true;
  readonly json?: true;
}

interface ScanOptions extends Where {
  readonly check?: string;
  readonly status?: string;
  readonly class?: string;
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
  readonly after?: string;
  readonly json?: true;
}

const GROUP_EXAMPLES = `
Examples:
  npx countercheck snapshots get 800000000000000512 --dir .countercheck/demo
  npx countercheck snapshots scan --status fail --limit 5 --dir .countercheck/demo`;

const GET_EXAMPLES = `
Examples:
  npx countercheck snapshots get 800000000000000512 --dir .countercheck/demo
  npx countercheck snapshots get 800000000000000512 --history --json --dir .countercheck/demo
  npx countercheck snapshots get "'ORDER-7" --as-of 2026-03-04T00:00:00Z --config countercheck.json

A key of digits only is a number; put a quote in front where it is a text.`;

const SCAN_EXAMPLES = `
Examples:
  npx countercheck snapshots scan --status fail --class missing --dir .countercheck/demo
  npx countercheck snapshots scan --from 2026-03-04 --to 2026-03-05 --limit 50 --json --config countercheck.json`;

/** Adds `countercheck snapshots`: the evidence behind verdicts. */
export function addSnapshots(program: Command): void {
  const snapshots = program
    .command("snapshots")
    .description("look at the evidence behind verdicts")
    .addHelpText("after", GROUP_EXAMPLES);
  snapshots
    .command("get")
    .description("the evidence of a business key")
    .argument("<key>", "the business key")
    .addOption(folderOption())
    .addOption(configOption())
    .option("--check <uid>", "only this check")
    .option("--currency <code>", "only this currency", currency)
    .option("--version <n>", "this version of the verdict instead of the newest", positive)
    .option("--as-of <time>", "what was said at this event time", instant)
    .option("--history", "all versions, also those that a later run overtook")
    .option("--json", "JSON on stdout")
    .addHelpText("after", GET_EXAMPLES)
    .action(get);
  snapshots
    .command("scan")
    .description("emitted verdicts by time")
    .addOption(folderOption())
    .addOption(configOption())
    .option("--check <uid>", "only this check")
    .addOption(choice("--status <status>", "only this status", ["pass", "fail", "pending", "unobservable"]))
    .addOption(classOption())
    .option("--from <time>", "from this event time on", instant)
    .option("--to <time>", "before this event time", instant)
    .option("--limit <n>", `verdicts wanted, ${grouped(MAX_PAGE)} at most`, between(1, MAX_PAGE), 20)
    .option("--after <cursor>", "go on where a page ended")
    .option("--json", "JSON on stdout")
    .addHelpText("after", SCAN_EXAMPLES)
    .action(scan);
  addCreateTable(snapshots);
}

function folderOption(): Option {
  return new Option("--dir <dir>", "the output folder of a run").conflicts("config");
}

function configOption(): Option {
  return new Option(
    "--config <file>",
    "instead of --dir: the configuration of a run, where its evidence may be in HBase",
  );
}

async function get(text: string, options: GetOptions, command: Command): Promise<void> {
  requireWhere(options, command);
  await using evidence = openEvidence(options);
  const { store, place } = evidence;
  const rows = await rowsOf(store, text, options);
  if (rows.length === 0) await raiseNotFound(store, text, place);
  const overtaken = overtakenIn(rows);
  if (options.json) return terminal.printJson(rows.map((row) => documentOf(row, overtaken.has(row))));
  const texts = rows.map((row) => {
    const text = evidenceText(decodeVerdict(row.verdict));
    return overtaken.has(row) ? `${overtakenText(row)}\n${text}` : text;
  });
  terminal.print(texts.join("\n\n"));
}

/** Says what there is of a key of which the options leave nothing. SNAPSHOT_NOT_FOUND, SNAPSHOT_FILTERED. */
async function raiseNotFound(store: SnapshotStore, text: string, place: string): Promise<never> {
  const history = await historyOf(store, { key: parseKey(text) });
  if (history.length === 0) raise("SNAPSHOT_NOT_FOUND", { what: text, dir: place });
  raise("SNAPSHOT_FILTERED", { what: text, known: knownText(history) });
}

async function rowsOf(store: SnapshotStore, text: string, options: GetOptions): Promise<SnapshotRow[]> {
  const { check, currency: code, version, asOf } = options;
  const narrowed = { ...(check === undefined ? {} : { check }), ...(code === undefined ? {} : { currency: code }) };
  const query = { key: parseKey(text), ...narrowed };
  if (!options.history)
    return store.get({
      ...query,
      ...(version === undefined ? {} : { version }),
      ...(asOf === undefined ? {} : { asOf }),
    });
  return historyOf(store, query);
}

async function historyOf(store: SnapshotStore, query: Omit<HistoryQuery, "limit">): Promise<SnapshotRow[]> {
  const rows: SnapshotRow[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page = await store.history({ ...query, limit: MAX_PAGE, ...(after === undefined ? {} : { after }) });
    rows.push(...page.rows);
    after = page.next;
  }
  return rows;
}

async function scan(options: ScanOptions, command: Command): Promise<void> {
  requireWhere(options, command);
  const { dir: _dir, config: _config, json, ...query } = options;
  await using evidence = openEvidence(options);
  const { rows, next } = await evidence.store.scan(query);
  const verdicts = rows.map((row) => decodeVerdict(row.verdict));
  if (json) terminal.printJson({ rows: verdicts.map(({ contributions: _, ...verdict }) => verdict), next });
  else terminal.print(scanText(verdicts, next));
}

function documentOf(row: SnapshotRow, overtaken: boolean) {
  return { ...decodeVerdict(row.verdict), writtenAt: row.writtenAt, overtaken };
}

function requireWhere({ dir, config }: Where, command: Command): void {
  if (dir === undefined && config === undefined)
    command.error("error: required option '--dir <dir>' or '--config <file>' not specified");
}
