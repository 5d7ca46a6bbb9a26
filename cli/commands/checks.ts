import type { Command } from "commander";
import { systemClock } from "../../base/time.ts";
import type { Desk } from "../../connectors/desk/desk.ts";
import type { BaselineEntry } from "../../connectors/desk/records.ts";
import { deskToDecideAt, deskToLookAt } from "../desk-of.ts";
import { dirOption } from "../options.ts";
import { printable } from "../table.ts";
import { terminal } from "../terminal.ts";
import { baselineGroups, baselineText } from "../views/baseline.ts";

interface ResumeOptions {
  readonly dir: string;
  readonly note: string;
  readonly json?: true;
}

interface BaselineOptions {
  readonly dir: string;
  readonly json?: true;
}

const GROUP_EXAMPLES = `
Examples:
  npx countercheck checks baseline --dir out
  npx countercheck checks resume payment-settlement --note "truncated on purpose, see OPS-31" --dir out`;

const BASELINE_EXAMPLES = `
Examples:
  npx countercheck checks baseline --dir out
  npx countercheck checks baseline --json --dir out

What was overdue already when a job began to look alerts nobody. It is listed here until it is settled; where it gets worse, an
alert opens.`;

const EXAMPLES = `
Examples:
  npx countercheck checks resume payment-settlement --note "truncated on purpose, see OPS-31" --dir out
  npx countercheck checks resume pg.public.refunds/0/15 --note "column restored" --dir out

A suspension that several checks share is over when all of them are resumed. One by a breaking change is over by itself when the
job goes on with a model that can read the new schema: what was left out is read then, and nothing needs to be resumed.`;

/** Adds `countercheck checks`: what was wrong before they began, and those that are suspended. */
export function addChecks(program: Command): void {
  const checks = program
    .command("checks")
    .description("see what was overdue before checks began, and let suspended ones go on")
    .addHelpText("after", GROUP_EXAMPLES);
  checks
    .command("baseline")
    .description("what was overdue before the first change was seen, by check, class and currency")
    .addOption(dirOption())
    .option("--json", "JSON on stdout")
    .addHelpText("after", BASELINE_EXAMPLES)
    .action(baseline);
  checks
    .command("resume")
    .description("let a check judge again, or all checks that one cause suspended")
    .argument("<check>", "uid of the check, or id (topic/partition/offset, or with /model) of what suspended it")
    .addOption(dirOption())
    .requiredOption("--note <text>", "why; it is kept")
    .option("--json", "JSON on stdout")
    .addHelpText("after", EXAMPLES)
    .action(resume);
}

function baseline({ dir, json }: BaselineOptions): void {
  const desk = deskToLookAt(dir);
  const groups = baselineGroups(entriesOf(desk));
  const over = desk.baseline.countOver();
  desk.close();
  if (json) terminal.printJson({ groups, over });
  else terminal.print(baselineText(groups, over));
}

function* entriesOf(desk: Desk): Generator<BaselineEntry> {
  for (let page = desk.baseline.page(); page.length > 0; page = desk.baseline.page(page.at(-1))) yield* page;
}

function resume(what: string, { dir, note, json }: ResumeOptions): void {
  const desk = deskToDecideAt(dir);
  const isId = desk.suspension(what) !== undefined;
  const resumed = desk.resume(isId ? { id: what } : { check: what }, note, systemClock.now());
  const open = desk.suspensions({ state: "open" });
  desk.close();
  const waiting = open.flatMap(({ checks }) => checks.flatMap(({ check, state }) => (state === "open" ? [check] : [])));
  if (json) return terminal.printJson({ resumed, stillSuspended: [...new Set(waiting)] });
  terminal.print(
    `${what} resumed (${resumed} suspended checks). A run that is going on, and every later one, heeds it.`,
  );
  if (waiting.length > 0) terminal.print(printable(`Still suspended: ${[...new Set(waiting)].join(", ")}`));
}
