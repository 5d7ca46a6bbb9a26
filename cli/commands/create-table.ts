import type { Command } from "commander";
import { raise } from "../../base/errors.ts";
import { EvidenceTable } from "../../connectors/hbase/evidence-table.ts";
import { shellLine, type TableOptions } from "../../connectors/hbase/table-schema.ts";
import { readConfig } from "../config.ts";
import { restOf } from "../open-hbase.ts";
import { between } from "../options.ts";
import { terminal } from "../terminal.ts";

interface CreateOptions {
  readonly config: string;
  readonly ttlDays?: number;
  readonly shell?: true;
}

const EXAMPLES = `
Examples:
  npx countercheck snapshots create-table --config countercheck.json
  npx countercheck snapshots create-table --config countercheck.json --ttl-days 3650 --shell | hbase shell -n

HBase's REST server makes a table in one region, which HBase splits as it grows. For thousands of verdicts a second from the
first minute on, let \`hbase shell\` make it instead: --shell prints the line.`;

/** Adds `countercheck snapshots create-table`: the table of HBase that a configuration names for its evidence. */
export function addCreateTable(snapshots: Command): void {
  snapshots
    .command("create-table")
    .description("make the table of HBase that keeps evidence")
    .requiredOption("--config <file>", "the configuration, with `snapshots.hbase`")
    .option(
      "--ttl-days <n>",
      "let evidence go so many days after it was written; default: never",
      between(1, MOST_DAYS),
    )
    .option("--shell", "make nothing; print the line for `hbase shell` that makes the table split into regions")
    .addHelpText("after", EXAMPLES)
    .action(createTable);
}

async function createTable({ config, ttlDays, shell }: CreateOptions): Promise<void> {
  const { file, snapshots } = readConfig(config);
  if (snapshots === undefined)
    raise("CONFIG_INVALID", { file, problems: "snapshots: expected `hbase` in it, with `url` and `table`" });
  const { hbase } = snapshots;
  const options: TableOptions = ttlDays === undefined ? {} : { ttlSeconds: ttlDays * SECONDS_A_DAY };
  const line = shellLine(hbase.table, options);
  if (shell) return terminal.print(line);
  const table = new EvidenceTable(hbase.table, restOf(hbase, file));
  try {
    const made = await table.create(options);
    terminal.print(made ? `Made table ${table.path}, in one region.` : `Table ${table.path} is there and fits.`);
    if (made)
      terminal.print(`To have it split from the first minute on, drop it and enter in \`hbase shell\`:\n${line}`);
  } finally {
    table.close();
  }
}

const SECONDS_A_DAY = 86_400;
/** What HBase can count in seconds. */
const MOST_DAYS = 24_000;
