import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { raise } from "../../base/errors.ts";
import { formatTime } from "../../base/time.ts";
import type { SubjectRegistry } from "../../schemas/registry.ts";
import type { SnapshotStore } from "../../snapshots/snapshot-store.ts";
import { readsBrokers } from "../broker-input.ts";
import { type Config, type HBaseConfig, readConfig } from "../config.ts";
import { EXIT } from "../errors.ts";
import { writeHistoryOf } from "../history.ts";
import { interruption } from "../interrupt.ts";
import { type JobFiles, loadJobs } from "../load-job.ts";
import { openHBase } from "../open-hbase.ts";
import { openRegistry } from "../open-registry.ts";
import { between, MOST_WORKERS } from "../options.ts";
import { exitCodeOf, outcomeOf } from "../outcome.ts";
import { sinksOf } from "../outputs.ts";
import { requireApart } from "../overlap.ts";
import { profiled } from "../profile/thread-profile.ts";
import { openProgress } from "../progress.ts";
import { Recorder } from "../recorder.ts";
import { runJob } from "../run-job.ts";
import { takeTurn } from "../run-lock.ts";
import type { RunHooks, RunRequest, RunResult } from "../run-request.ts";
import { shownPath } from "../shown-path.ts";
import { printable } from "../table.ts";
import { terminal } from "../terminal.ts";
import { runText } from "../views/run.ts";
import { requireWritable, writing } from "../write-text.ts";

interface RunOptions {
  readonly config: string;
  readonly name?: string;
  readonly parallelism: number;
  readonly fresh?: true;
  readonly fromSavepoint?: string;
  readonly allowDroppedState?: true;
  readonly follow?: true;
  readonly standby?: true;
  readonly json?: true;
  readonly quiet?: true;
  readonly profile?: true;
  readonly verdicts?: string;
  readonly history?: string;
}

const EXAMPLES = `
Examples:
  npx countercheck run jobs/payment-settlement --config countercheck.json
  npx countercheck run jobs/payment-settlement jobs/refunds --config countercheck.json --name all-checks
  npx countercheck run my-job.ts --config countercheck.json --json --quiet
  npx countercheck run my-job.ts --config countercheck.json --follow      (Ctrl-C ends it, the next run goes on)
  npx countercheck run my-job.ts --config countercheck.json --parallelism 4
  npx countercheck run my-job.ts --config countercheck.json --profile     (where the time goes, thread by thread)
  npx countercheck run my-job.ts --config countercheck.json --standby     (with a lock: runs when the other has died)
  npx countercheck run my-job.ts --config countercheck.json --from-savepoint backups/before-upgrade

A run that was stopped, killed or cut off goes on from its last checkpoint, and leaves what it would have left without that.
--from-savepoint and --fresh begin, each time: leave them out to go on.

Exit codes: 0 all is well, 1 it failed, 2 it was called wrongly, 3 there are money discrepancies, or something could not be
judged: unobservable verdicts, suspended checks, records of this run in the dead letters; the summary says which. With
--follow, 0 says only that it ended as asked.`;

/** Adds `countercheck run`: a job over its sources, in this process. */
export function addRun(program: Command, hooks?: RunHooks): void {
  program
    .command("run")
    .description("run jobs over their sources, in this process")
    .argument(
      "<jobs...>",
      "TypeScript files whose default export is a job, or folders with a job.ts; what they share is read once",
    )
    .requiredOption("--config <file>", "where sources, schemas and results are")
    .option("--name <name>", "what several jobs are called together; default: their names, joined by +")
    .option("--follow", "go on when all has been read, until Ctrl-C; what reads topics of brokers always does")
    .option("--parallelism <n>", "workers, each in a thread of its own", between(1, MOST_WORKERS), 1)
    .option("--fresh", "begin from the start of the log, even if there is a run to go on with")
    .addOption(
      new Option("--from-savepoint <dir>", "begin from a savepoint, which may be of another parallelism").conflicts(
        "fresh",
      ),
    )
    .option("--allow-dropped-state", "leave state behind that the job no longer has")
    .option("--standby", "wait while another process runs the job, and then run it; needs `lock` in the configuration")
    .option("--json", "the summary as one JSON document on stdout")
    .option("--quiet", "no progress")
    .option("--profile", "take CPU profiles of the threads, with flame graphs, into `profile` in the output folder")
    .addOption(option("--verdicts <file>", "write the final verdict per check, key and currency, as JSON lines"))
    .addOption(option("--history <file>", "write all emitted verdicts, as JSON lines"))
    .addHelpText("after", EXAMPLES)
    .action((paths: readonly string[], options: RunOptions) => run({ paths, name: options.name }, options, hooks));
}

/** Of a bounded run only: what these files hold is gathered in memory. */
function option(flags: string, description: string): Option {
  return new Option(flags, description).conflicts("follow");
}

async function run(jobs: JobFiles, options: RunOptions, hooks: RunHooks | undefined): Promise<void> {
  const config = readConfig(options.config);
  requireApart(config);
  const job = await loadJobs(jobs);
  const registry = openRegistry(config.registry, config.file);
  const graph = job.graph();
  const hasNoEnd = readsBrokers(graph, config.sources);
  for (const option of ["verdicts", "history"] as const)
    if (hasNoEnd && options[option] !== undefined) raise("RUN_WITHOUT_END", { option: `--${option}` });
  const follow = options.follow === true || hasNoEnd;
  // They may be asked for within the output folder.
  writing(config.output, () => mkdirSync(config.output, { recursive: true }));
  for (const file of [options.verdicts, options.history]) if (file !== undefined) requireWritable(file);
  if (options.standby === true && config.lock === undefined) raise("STANDBY_WITHOUT_LOCK", { file: config.file });
  const signal = interruption();
  const progress = openProgress(options.quiet === true || options.json === true);
  const recorder = options.verdicts === undefined ? undefined : new Recorder();
  const request = {
    graph,
    jobs,
    sources: config.sources,
    registry: config.registry,
    configFile: config.file,
    output: config.output,
    mask: config.mask,
    notify: config.notify,
    reread: { checks: config.reread, redis: config.redis },
    state: config.state,
    retainMs: config.retainMs,
    staleAfterMs: config.staleAfterMs,
    follow,
    parallelism: options.parallelism,
    fresh: options.fresh === true,
    fromSavepoint: options.fromSavepoint && resolve(options.fromSavepoint),
    allowDroppedState: options.allowDroppedState === true,
    progress,
    signal,
    hooks,
    onRecord: recorder && ((output: string, record: unknown) => recorder.emitted(output, record)),
  };
  const turn =
    config.lock && (await takeTurn(config.lock, { ...request, name: job.name, standby: options.standby === true }));
  if (config.lock !== undefined && turn === undefined) {
    process.exitCode = follow ? EXIT.ok : EXIT.interrupted;
    return;
  }
  const profiles = options.profile && join(config.output, "profile");
  const result = await profiled(profiles, options.parallelism === 1 ? "worker-0" : "coordinator", () =>
    resultsOf(config, job.name, registry, signal).then((places) => runJob({ ...request, ...places, turn })),
  ).finally(() => turn?.release());
  if (options.verdicts !== undefined) recorder?.writeFinals(options.verdicts);
  if (options.history !== undefined) await writeHistoryOf(config.output, options.history);
  if (options.json) terminal.printJson(documentOf(job.name, result));
  else {
    const snapshotsAt = config.snapshots && `--config ${shownPath(options.config)}`;
    const places = { dir: shownPath(config.output), sinks: sinksOf(graph), snapshotsAt };
    terminal.print([...previousText(result), runText(job.name, result, places)].join("\n"));
  }
  process.exitCode = exitCode(follow, result, signal);
}

/** Where results go besides the output folder; the client of the brokers is loaded where it is needed. */
async function resultsOf(
  config: Config,
  job: string,
  registry: SubjectRegistry,
  signal: AbortSignal,
): Promise<Pick<RunRequest, "results" | "snapshots">> {
  const { results, snapshots, file: configFile } = config;
  const kafka = results && (await import("../kafka-results.ts"));
  return {
    results: kafka && (() => new kafka.KafkaResults({ config: results!, job, registry, configFile, signal })),
    snapshots: snapshots && (() => checkedHBase(snapshots.hbase, config)),
  };
}

/** A table that is missing is told before anything is read. */
async function checkedHBase(hbase: HBaseConfig, config: Config): Promise<SnapshotStore> {
  const store = openHBase(hbase, config);
  await store.check();
  return store;
}

/** Says so where the run before this one did not come to its end; its results are not to be relied on. */
function previousText({ previousRun }: RunResult): string[] {
  if (previousRun === undefined || previousRun.state === "complete") return [];
  const { job, startedAt, state, code } = previousRun;
  const how = { interrupted: "was interrupted", failed: `failed with ${code ?? "an unexpected error"}` };
  const ended = state === "unfinished" ? "was killed before its end" : how[state];
  return [printable(`The run before, of ${job} from ${formatTime(startedAt)}, ${ended}.`)];
}

function exitCode(follow: boolean, result: RunResult, signal: AbortSignal): number {
  if (follow) return EXIT.ok;
  return signal.aborted ? EXIT.interrupted : exitCodeOf(outcomeOf(result));
}

function documentOf(job: string, result: RunResult) {
  const { events, seconds, tally, openDeadLetters, openSuspensions } = result;
  return {
    job,
    events,
    seconds: Number(seconds.toFixed(3)),
    complete: result.isComplete,
    resumedFrom: result.resumedFrom ?? null,
    outcome: outcomeOf(result),
    verdicts: tally.statuses(),
    byClass: tally.finals().map((final) => ({ ...final, atRisk: final.atRisk.toRecord() })),
    verdictsEmitted: tally.verdicts,
    alerts: { opened: tally.alerts, open: tally.openAlerts },
    deadLetters: { found: tally.faults, open: openDeadLetters.all },
    suspensions: openSuspensions,
    notifications: result.notifications,
    engineAlerts: tally.engineAlerts(),
    sources: result.metrics.sources,
    reread: result.reread ?? null,
    previousRun: result.previousRun ?? null,
  };
}
