import type { Command } from "commander";
import { formatDuration } from "../../base/time.ts";
import { type MigrationStatus, migrationStatus } from "../cut-over.ts";
import { deskToLookAt } from "../desk-of.ts";
import { EXIT } from "../errors.ts";
import { dirOption, duration, positive } from "../options.ts";
import { grouped, printable, shortTime, table } from "../table.ts";
import { terminal } from "../terminal.ts";

interface StatusOptions {
  readonly dir: string;
  readonly clean?: number;
  readonly quiet?: number;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  npx countercheck migration status account-migration --dir out
  npx countercheck migration status account-migration --clean 100000 --quiet 24h --dir out

The exit code is ${EXIT.discrepancies} while something speaks against the cut-over: a difference that is open, a suspension, dead letters, or a
run of clean comparisons that is too short.`;

/** Adds `countercheck migration`: how far two tables say the same. */
export function addMigration(program: Command): void {
  program
    .command("migration")
    .description("look at how far a migration is")
    .addHelpText("after", EXAMPLES)
    .command("status")
    .description("how often each field differed, and whether the new side can take over")
    .argument("<check>", "uid of the check that compares the two tables")
    .addOption(dirOption())
    .option("--clean <n>", "comparisons that must have been clean since the last difference", positive)
    .option("--quiet <duration>", "how long nothing may have differed, as 24h, in event time", duration)
    .option("--json", "JSON on stdout")
    .addHelpText("after", EXAMPLES)
    .action(status);
}

function status(check: string, { dir, clean, quiet, json }: StatusOptions): void {
  const desk = deskToLookAt(dir);
  const found = migrationStatus(desk, check, { clean, quietMs: quiet });
  desk.close();
  if (json) terminal.printJson(found);
  else terminal.print(statusText(found));
  if (found.waitsFor.length > 0) process.exitCode = EXIT.discrepancies;
}

function statusText({ check, comparisons, mismatches, byField, open, clean, waitsFor }: MigrationStatus): string {
  const total = mismatches.reduce((sum, { count }) => sum + count, 0);
  const since = clean.since === null ? "from the beginning" : `since ${shortTime(clean.since)}`;
  return [
    printable(
      `${check}: ${grouped(comparisons)} comparisons, ${grouped(total)} found a difference, ${grouped(open)} open.`,
    ),
    ...(byField.length === 0 ? [] : ["", fieldTable(byField), "", classTable(mismatches)]),
    "",
    `Clean ${since}: ${grouped(clean.comparisons)} comparisons in a row, for ${formatDuration(clean.forMs)}.`,
    waitsFor.length === 0 ? "Nothing speaks against the cut-over." : `The cut-over waits for ${waitsFor.join("; ")}.`,
  ].join("\n");
}

const COUNT = { title: "differences", align: "right" } as const;

function fieldTable(byField: MigrationStatus["byField"]): string {
  const rows = byField.map(({ field, count, rate }) => [field ?? "(whole row)", grouped(count), percent(rate)]);
  return table([{ title: "field" }, COUNT, { title: "of comparisons", align: "right" }], rows);
}

function classTable(mismatches: MigrationStatus["mismatches"]): string {
  const counts = new Map<string, number>();
  for (const { class: cause, count } of mismatches) counts.set(cause, (counts.get(cause) ?? 0) + count);
  return table(
    [{ title: "class" }, COUNT],
    [...counts].map(([cause, count]) => [cause, grouped(count)]),
  );
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(rate < 0.001 ? 4 : 2)} %`;
}
