import { isAbsolute, relative, resolve } from "node:path";
import type { Command } from "commander";
import { raise } from "../../base/errors.ts";
import { readConfig } from "../config.ts";
import { between } from "../options.ts";
import { askRun } from "../run-requests.ts";
import { shownPath } from "../shown-path.ts";
import { terminal } from "../terminal.ts";

interface SavepointOptions {
  readonly config: string;
  readonly timeout: number;
  readonly json?: true;
}

interface StopOptions extends SavepointOptions {
  readonly savepoint?: string;
  readonly drain?: true;
}

const EXAMPLES = `
Examples:
  npx countercheck savepoint backups/2026-11-22 --config countercheck.json
  npx countercheck run my-job.ts --config countercheck.json --from-savepoint backups/2026-11-22 --parallelism 3`;

const STOP_EXAMPLES = `
Examples:
  npx countercheck stop --config countercheck.json                            (the next run goes on from here)
  npx countercheck stop --config countercheck.json --savepoint backups/before-upgrade
  npx countercheck stop --config countercheck.json --drain                    (what waits for the end comes out; the run is complete)`;

/** Adds `countercheck savepoint` and `countercheck stop`: what is asked of a run while it goes. */
export function addSavepoint(program: Command): void {
  withOptions(program.command("savepoint"))
    .description("have a run that goes on write a savepoint: a copy of its state that another run can begin from")
    .argument("<dir>", "folder for the savepoint; must not be there yet")
    .addHelpText("after", EXAMPLES)
    .action(savepoint);
  withOptions(program.command("stop"))
    .description("end a run that goes on, once all that it emitted is out")
    .option("--savepoint <dir>", "write a savepoint at the end")
    .option("--drain", "end its sources where they are, so that what waits for their end comes out")
    .addHelpText("after", STOP_EXAMPLES)
    .action(stop);
}

function withOptions(command: Command): Command {
  return command
    .requiredOption("--config <file>", "the configuration that the run was started with")
    .option("--timeout <seconds>", "how long to wait for the run", between(1, 86_400), 60)
    .option("--json", "one JSON document on stdout");
}

async function savepoint(dir: string, { config, timeout, json }: SavepointOptions): Promise<void> {
  const { state } = readConfig(config);
  const target = targetOf(dir, state.dir);
  await askRun(state.dir, { savepoint: target }, timeout * 1000);
  if (json) terminal.printJson({ savepoint: target });
  else terminal.print(`Savepoint written to ${shownPath(target)}. Everything emitted before it is out.`);
}

async function stop({ config, timeout, json, savepoint: dir, drain }: StopOptions): Promise<void> {
  const { state } = readConfig(config);
  const target = dir === undefined ? undefined : targetOf(dir, state.dir);
  await askRun(state.dir, { savepoint: target, stop: drain ? "drain" : "keep" }, timeout * 1000);
  if (json) return terminal.printJson({ stopped: true, drained: drain === true, savepoint: target ?? null });
  const how = drain ? "Stopped for good: the next run begins anew." : "Stopped. The next run goes on from here.";
  const where = target === undefined ? [] : [`Savepoint written to ${shownPath(target)}.`];
  terminal.print([how, ...where].join(" "));
}

/** A savepoint that lies in the state which it is to outlive is none. */
function targetOf(dir: string, state: string): string {
  const target = resolve(dir);
  const path = relative(state, target);
  if (path === "" || !(path.startsWith("..") || isAbsolute(path))) raise("SAVEPOINT_MISPLACED", { dir: target, state });
  return target;
}
