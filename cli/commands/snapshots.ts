import type { Command } from "commander";
import { raise } from "../../base/errors.ts";
import { parseKey } from "../../base/key.ts";
import { decodeVerdict } from "../../schemas/contracts.ts";
import { MAX_PAGE, type SnapshotRow, type SnapshotStore } from "../../snapshots/snapshot-store.ts";
import { SqliteSnapshotStore } from "../../snapshots/sqlite-snapshot-store.ts";
import { choice, dirOption, instant, positive } from "../options.ts";
import { outputPaths } from "../outputs.ts";
import { terminal } from "../terminal.ts";
import { evidenceText, scanText } from "../views/snapshots.ts";

interface GetOptions {
  readonly dir: string;
  readonly check?: string;
  readonly currency?: string;
  readonly version?: number;
  readonly asOf?: number;
  readonly history?: true;
  readonly json?: true;
}

interface ScanOptions {
  readonly dir: string;
  readonly check?: string;
  readonly status?: string;
  readonly class?: string;
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
  readonly after?: string;
  readonly json?: true;
}

const GET_EXAMPLES = `
Examples:
  npx countercheck snapshots get 800000000000000051 --dir .countercheck/demo
  npx countercheck snapshots get 800000000000000051 --history --json --dir .countercheck/demo
  npx countercheck snapshots get "'ORDER-7" --as-of 2026-03-04T00:00:00Z --dir out

A key of digits only is a number; put a quote in front where it is a text.`;

const SCAN_EXAMPLES = `
Examples:
  npx countercheck snapshots scan --status fail --class missing --dir .countercheck/demo
  npx countercheck snapshots scan --from 2026-03-04 --to 2026-03-05 --limit 50 --json --dir out`;

/** Adds `countercheck snapshots`: the evidence behind verdicts. */
export function addSnapshots(program: Command): void {
  const snapshots = program.command("snapshots").description("look at the evidence behind verdicts");
  snapshots
    .command("get")
    .description("the evidence of a business key")
    .argument("<key>", "the business key")
    .addOption(dirOption())
    .option("--check <uid>", "only this check")
    .option("--currency <code>", "only this currency")
    .option("--version <n>", "this version of the verdict instead of the newest", positive)
    .option("--as-of <time>", "what was said at this event time", instant)
    .option("--history", "all versions")
    .option("--json", "JSON on stdout")
    .addHelpText("after", GET_EXAMPLES)
    .action(get);
  snapshots
    .command("scan")
    .description("emitted verdicts by time")
    .addOption(dirOption())
    .option("--check <uid>", "only this check")
    .addOption(choice("--status <status>", "only this status", ["pass", "fail", "pending", "unobservable"]))
    .option("--class <class>", "only this class of failure")
    .option("--from <time>", "from this event time on", instant)
    .option("--to <time>", "before this event time", instant)
    .option("--limit <n>", "verdicts wanted", positive, 20)
    .option("--after <cursor>", "go on where a page ended")
    .option("--json", "JSON on stdout")
    .addHelpText("after", SCAN_EXAMPLES)
    .action(scan);
}

async function get(text: string, options: GetOptions): Promise<void> {
  await using store = openStore(options.dir);
  const rows = await rowsOf(store, text, options);
  if (rows.length === 0) raise("SNAPSHOT_NOT_FOUND", { what: text, dir: options.dir });
  if (options.json) return terminal.printJson(rows.map(documentOf));
  terminal.print(rows.map((row) => evidenceText(decodeVerdict(row.verdict))).join("\n\n"));
}

async function rowsOf(store: SnapshotStore, text: string, options: GetOptions): Promise<SnapshotRow[]> {
  const { check, currency, version, asOf } = options;
  const narrowed = { ...(check === undefined ? {} : { check }), ...(currency === undefined ? {} : { currency }) };
  const query = { key: parseKey(text), ...narrowed };
  if (!options.history)
    return store.get({
      ...query,
      ...(version === undefined ? {} : { version }),
      ...(asOf === undefined ? {} : { asOf }),
    });
  const rows: SnapshotRow[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page = await store.history({ ...query, limit: MAX_PAGE, ...(after === undefined ? {} : { after }) });
    rows.push(...page.rows);
    after = page.next;
  }
  return rows;
}

async function scan({ dir, json, ...query }: ScanOptions): Promise<void> {
  await using store = openStore(dir);
  const { rows, next } = await store.scan(query);
  const verdicts = rows.map((row) => decodeVerdict(row.verdict));
  if (json) terminal.printJson({ rows: verdicts.map(({ contributions: _, ...verdict }) => verdict), next });
  else terminal.print(scanText(verdicts, next));
}

function documentOf(row: SnapshotRow) {
  return { ...decodeVerdict(row.verdict), writtenAt: row.writtenAt };
}

function openStore(dir: string): SnapshotStore & AsyncDisposable {
  const store: SnapshotStore = new SqliteSnapshotStore(outputPaths.snapshots(dir));
  return Object.assign(store, { [Symbol.asyncDispose]: async () => store.close() });
}
