import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { addAlerts } from "./commands/alerts.ts";
import { addChecks } from "./commands/checks.ts";
import { addDeadLetters } from "./commands/dead-letters.ts";
import { addDemo } from "./commands/demo.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addJobs } from "./commands/jobs.ts";
import { addMigration } from "./commands/migration.ts";
import { addNotifications } from "./commands/notifications.ts";
import { addRescale } from "./commands/rescale.ts";
import { addRun } from "./commands/run.ts";
import { addSavepoint } from "./commands/savepoint.ts";
import { addSchemas } from "./commands/schemas.ts";
import { addSnapshots } from "./commands/snapshots.ts";
import { addSource } from "./commands/source.ts";
import { addSubmit } from "./commands/submit.ts";
import { EXIT, report } from "./errors.ts";

/** Runs the command that the arguments of this process name, and sets the exit code. Errors are printed, not thrown. */
export async function runProgram(): Promise<void> {
  const verbose = process.argv.includes("--verbose") || Boolean(process.env.DEBUG);
  try {
    await program().parseAsync();
  } catch (error) {
    process.exitCode = error instanceof CommanderError ? usageCode(error) : report(error, verbose);
  }
}

function program(): Command {
  const program = new Command("countercheck")
    .description("Finds money that goes missing between systems, from their databases' change events.")
    .option("--verbose", "show the stack of errors")
    .exitOverride()
    .showHelpAfterError("(countercheck --help lists the commands, COMMAND --help its options)")
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, "error USAGE:")) });
  // Commands have a --version of their own, which this one would take from them.
  if (process.argv.slice(2).every((argument) => argument.startsWith("-")))
    program.version(version(), "--version", "show the version");
  const commands = [
    addDemo,
    addRun,
    addSubmit,
    addJobs,
    addRescale,
    addSavepoint,
    addSnapshots,
    addAlerts,
    addNotifications,
    addDeadLetters,
    addChecks,
    addMigration,
    addDoctor,
    addSchemas,
    addSource,
  ];
  for (const add of commands) add(program);
  return program;
}

function version(): string {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}

/** Help that was asked for is no failure. */
function usageCode({ exitCode }: CommanderError): number {
  return exitCode === 0 ? EXIT.ok : EXIT.usage;
}
