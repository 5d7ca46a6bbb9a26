import type { Command } from "commander";
import { systemClock } from "../../base/time.ts";
import { Desk } from "../../connectors/desk/desk.ts";
import { dirOption } from "../options.ts";
import { outputPaths } from "../outputs.ts";
import { printable } from "../table.ts";
import { terminal } from "../terminal.ts";

interface ResumeOptions {
  readonly dir: string;
  readonly note: string;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  npx countercheck checks resume payment-settlement --note "truncated on purpose, see OPS-31" --dir out
  npx countercheck checks resume pg.public.refunds/0/15 --note "column restored" --dir out

A suspension that several checks share is over when all of them are resumed. One by a breaking change is over by itself when the
job goes on with a model that can read the new schema: what was left out is read then, and nothing needs to be resumed.`;

/** Adds `countercheck checks`: checks that wait after a TRUNCATE or a breaking change. */
export function addChecks(program: Command): void {
  program
    .command("checks")
    .description("let suspended checks go on")
    .addHelpText("after", EXAMPLES)
    .command("resume")
    .description("let a check judge again, or all checks that one cause suspended")
    .argument("<check>", "uid of the check, or id (topic/partition/offset, or with /model) of what suspended it")
    .addOption(dirOption())
    .requiredOption("--note <text>", "why; it is kept")
    .option("--json", "JSON on stdout")
    .addHelpText("after", EXAMPLES)
    .action(resume);
}

function resume(what: string, { dir, note, json }: ResumeOptions): void {
  const desk = new Desk(outputPaths.desk(dir));
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
