import { isAbsolute, relative, resolve } from "node:path";
import { type Command, CommanderError } from "commander";
import { raise } from "../../base/errors.ts";
import { findGoing } from "../cluster/find-job.ts";
import { followEnd } from "../cluster/follow.ts";
import { withFlink } from "../cluster/open-flink.ts";
import { savepointFolder, writeClusterSavepoint } from "../cluster/savepoints.ts";
import { openSteps } from "../cluster/steps.ts";
import { readConfig } from "../config.ts";
import { EXIT } from "../errors.ts";
import { between } from "../options.ts";
import { askRun } from "../run-requests.ts";
import { shownPath } from "../shown-path.ts";
import { printable } from "../table.ts";
import { terminal } from "../terminal.ts";

interface SavepointOptions {
  readonly config?: string;
  readonly cluster?: string;
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
  npx countercheck run my-job.ts --config countercheck.json --from-savepoint backups/2026-11-22 --parallelism 3
  npx countercheck savepoint payment-settlement s3://ours/savepoints --cluster http://127.0.0.1:8081    (of a job on a cluster)`;

const STOP_EXAMPLES = `
Examples:
  npx countercheck stop --config countercheck.json                            (the next run goes on from here)
  npx countercheck stop --config countercheck.json --savepoint backups/before-upgrade
  npx countercheck stop --config countercheck.json --drain                    (what waits for the end comes out; the run is complete)
  npx countercheck stop payment-settlement --savepoint s3://ours/savepoints --cluster http://127.0.0.1:8081    (a job on a cluster)`;

/** Adds `countercheck savepoint` and `countercheck stop`: what is asked of a run while it goes, here or on a cluster. */
export function addSavepoint(program: Command): void {
  withOptions(program.command("savepoint"))
    .description("have a run that goes on write a savepoint: a copy of its state that another run can begin from")
    .usage("[options] [job] <dir>")
    .argument(
      "<places...>",
      "folder for the savepoint, which must not be there yet; before it, the name or id of a job on a cluster",
    )
    .addHelpText("after", EXAMPLES)
    .action(savepoint);
  withOptions(program.command("stop"))
    .description("end a run that goes on, once all that it emitted is out")
    .argument("[job]", "name or id of a job on a cluster; default: the run in this configuration's state folder")
    .option(
      "--savepoint <dir>",
      "write a savepoint at the end; on a cluster the default is the one that Flink is configured with",
    )
    .option("--drain", "end its sources where they are, so that what waits for their end comes out")
    .addHelpText("after", STOP_EXAMPLES)
    .action(stop);
}

function withOptions(command: Command): Command {
  return command
    .option("--config <file>", "the configuration that the run was started with")
    .option(
      "--cluster <url>",
      "the REST API of the job's cluster; default: COUNTERCHECK_CLUSTER, or what the configuration says",
    )
    .option("--timeout <seconds>", "how long to wait for the run", between(1, 86_400), 60)
    .option("--json", "one JSON document on stdout");
}

async function savepoint(places: readonly string[], options: SavepointOptions): Promise<void> {
  const [first, dir] = places as [string, string?];
  if (places.length > 2) misused("expected a job and a folder at most");
  if (dir !== undefined) return savepointOnCluster(first, dir, options);
  const { timeout, json } = options;
  if (options.config === undefined)
    misused(
      "expected a job and a folder, for a job on a cluster, or a folder and --config <file>, for a run on this machine",
    );
  const { state } = readConfig(options.config);
  const target = targetOf(first, state.dir);
  await askRun(state.dir, { savepoint: target }, timeout * 1000);
  if (json) terminal.printJson({ savepoint: target });
  else terminal.print(`Savepoint written to ${shownPath(target)}. Everything emitted before it is out.`);
}

async function stop(job: string | undefined, options: StopOptions): Promise<void> {
  if (job !== undefined) return stopOnCluster(job, options);
  const { timeout, json, savepoint: dir, drain } = options;
  if (options.config === undefined)
    misused("expected a job, for one on a cluster, or --config <file>, for a run on this machine");
  const { state } = readConfig(options.config);
  const target = dir === undefined ? undefined : targetOf(dir, state.dir);
  await askRun(state.dir, { savepoint: target, stop: drain ? "drain" : "keep" }, timeout * 1000);
  if (json) return terminal.printJson({ stopped: true, drained: drain === true, savepoint: target ?? null });
  const how = drain ? "Stopped for good: the next run begins anew." : "Stopped. The next run goes on from here.";
  const where = target === undefined ? [] : [`Savepoint written to ${shownPath(target)}.`];
  terminal.print([how, ...where].join(" "));
}

async function savepointOnCluster(job: string, dir: string, options: SavepointOptions): Promise<void> {
  await withFlink(options, async (api) => {
    const steps = openSteps(options.json === true);
    const found = await findGoing(api, job);
    steps.begin(`Writing a savepoint of ${found.name}`);
    const how = { folder: savepointFolder(dir), timeoutMs: options.timeout * 1_000 };
    const written = await writeClusterSavepoint(api, found, how);
    steps.done();
    if (options.json) terminal.printJson({ cluster: api.url, job: found.name, id: found.jid, savepoint: written });
    else terminal.print(printable(`Savepoint of ${found.name} written to ${written}. The job goes on.`));
  });
}

async function stopOnCluster(
  job: string,
  { savepoint: dir, drain, timeout, json, ...where }: StopOptions,
): Promise<void> {
  await withFlink(where, async (api) => {
    const steps = openSteps(json === true);
    const found = await findGoing(api, job);
    const { jid: id, name } = found;
    const timeoutMs = timeout * 1_000;
    steps.begin(`Stopping ${name} with a savepoint`);
    const written = await writeClusterSavepoint(api, found, {
      folder: dir === undefined ? undefined : savepointFolder(dir),
      stop: drain ? "drain" : "keep",
      timeoutMs,
    });
    await followEnd(api, id, timeoutMs);
    steps.done();
    const drained = drain === true;
    if (json)
      return terminal.printJson({ cluster: api.url, job: name, id, stopped: true, drained, savepoint: written });
    terminal.print(printable(`${name} is stopped. Savepoint written to ${written}.`));
  });
}

function misused(problem: string): never {
  process.stderr.write(`error USAGE: ${problem}\n`);
  throw new CommanderError(EXIT.usage, "countercheck.usage", problem);
}

/** A savepoint that lies in the state which it is to outlive is none. */
function targetOf(dir: string, state: string): string {
  const target = resolve(dir);
  const path = relative(state, target);
  if (path === "" || !(path.startsWith("..") || isAbsolute(path))) raise("SAVEPOINT_MISPLACED", { dir: target, state });
  return target;
}
