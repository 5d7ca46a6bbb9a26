import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { raise } from "../../base/errors.ts";
import type { ShopTruth } from "../../shop/truth.ts";
import { readConfig } from "../config.ts";
import { EXIT } from "../errors.ts";
import { writeHistoryOf } from "../history.ts";
import { interruption } from "../interrupt.ts";
import { loadJobs } from "../load-job.ts";
import { between, count, MOST_WORKERS } from "../options.ts";
import { openProgress, type Progress } from "../progress.ts";
import { Recorder } from "../recorder.ts";
import { runJob } from "../run-job.ts";
import type { RunResult } from "../run-request.ts";
import { type Score, scoreOf } from "../score.ts";
import { pickJobs, shippedJob, shippedJobs } from "../shipped-jobs.ts";
import { shopConfig, writeShopLog } from "../shop-log.ts";
import { shownPath } from "../shown-path.ts";
import { grouped } from "../table.ts";
import { noteColors, terminal } from "../terminal.ts";
import { scoreText } from "../views/score.ts";
import { requireWritable } from "../write-text.ts";

interface DemoOptions {
  readonly seed: number;
  readonly orders: number;
  readonly dir: string;
  readonly jobs: readonly string[];
  readonly json?: true;
  readonly verdicts?: string;
  readonly history?: string;
  readonly interleave?: number;
  readonly parallelism: number;
}

/** What still fits on a disk, and into a day. */
const MAX_ORDERS = 10_000_000;

const EXAMPLES = `
Examples:
  npm start
  npm start -- --seed 7 --orders 50000 --json --dir .countercheck/seed-7
  npm start -- --jobs payment-settlement
  npx countercheck demo --orders 2000 --verdicts verdicts.jsonl --history history.jsonl`;

/** Adds `countercheck demo`: a simulated shop with injected faults, checked, and scored against what it knows. */
export function addDemo(program: Command): void {
  program
    .command("demo")
    .description("let a simulated shop make mistakes, and find them")
    .option("--seed <n>", "what the shop is made from", count, 1)
    .option("--orders <n>", "orders that arrive", between(0, MAX_ORDERS), 20_000)
    .option("--dir <dir>", "folder for the log and the results; emptied first", ".countercheck/demo")
    .addOption(
      program
        .createOption("--jobs <names>", `which jobs run together, of ${shippedJobs.join(", ")}; default: all`)
        .argParser(pickJobs)
        .default(shippedJobs, "all"),
    )
    .option("--parallelism <n>", "workers, each in a thread of its own", between(1, MOST_WORKERS), 1)
    .option("--json", "one JSON document on stdout")
    .option("--verdicts <file>", "write the final verdict per check, key and currency, as JSON lines")
    .option("--history <file>", "write all emitted verdicts, as JSON lines")
    .addOption(
      program.createOption("--interleave <seed>", "read partitions in a random order").argParser(count).hideHelp(),
    )
    .addHelpText("after", EXAMPLES)
    .action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  const startedAt = performance.now();
  const signal = interruption();
  const progress = openProgress(options.json === true);
  const dir = resolve(options.dir);
  emptyFolder(dir);
  for (const file of [options.verdicts, options.history]) if (file !== undefined) requireWritable(file);
  const truth = await letShopTrade(dir, options, progress);
  const { run, recorder } = await check(dir, options, progress, signal);
  if (signal.aborted) {
    process.exitCode = EXIT.interrupted;
    return;
  }
  const score = scoreOf(truth, recorder);
  if (options.verdicts !== undefined) recorder.writeFinals(options.verdicts);
  if (options.history !== undefined) await writeHistoryOf(dir, options.history);
  const seconds = (performance.now() - startedAt) / 1000;
  if (options.json) terminal.printJson(documentOf(options, truth, run, recorder, score, seconds));
  else terminal.print(scoreText({ score, run, truth, recorder, dir: shownPath(dir) }));
  process.exitCode = score.missed === 0 && score.falseAlarms === 0 ? EXIT.ok : EXIT.failure;
}

const MARKER = ".countercheck-demo";

/** Empties the folder, but only one that an earlier demo filled. DEMO_FOLDER_FOREIGN. */
function emptyFolder(dir: string): void {
  if (existsSync(dir) && readdirSync(dir).length > 0) {
    if (!existsSync(join(dir, MARKER))) raise("DEMO_FOLDER_FOREIGN", { dir });
    rmSync(dir, { recursive: true });
  }
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, MARKER), "Made by `countercheck demo`, which empties this folder when it runs again.\n");
}

/** Lets the shop write its log, and the configuration that goes with it. */
async function letShopTrade(dir: string, { seed, orders, jobs }: DemoOptions, progress: Progress): Promise<ShopTruth> {
  const onProgress = (done: number) =>
    progress.show(() => [`${noteColors.bold("Trading")} ${grouped(done)} of ${grouped(orders)} orders`]);
  const truth = await writeShopLog({ dir: join(dir, "input"), seed, orders, departments: jobs, onProgress });
  progress.done();
  writeFileSync(join(dir, "config.json"), `${JSON.stringify(shopConfig("input", ".", jobs), null, 2)}\n`);
  return truth;
}

async function check(dir: string, options: DemoOptions, progress: Progress, signal: AbortSignal) {
  const recorder = new Recorder();
  const config = readConfig(join(dir, "config.json"));
  const jobs = { paths: options.jobs.map(shippedJob) };
  const run = await runJob({
    graph: (await loadJobs(jobs)).graph(),
    jobs,
    sources: config.sources,
    registry: config.registry,
    configFile: config.file,
    output: dir,
    state: config.state,
    retainMs: config.retainMs,
    follow: false,
    parallelism: options.parallelism,
    fresh: true,
    allowDroppedState: false,
    interleave: options.interleave,
    progress,
    signal,
    onRecord: (output, record) => recorder.emitted(output, record),
  });
  return { run, recorder };
}

function documentOf(
  { seed, orders }: DemoOptions,
  truth: ShopTruth,
  run: RunResult,
  recorder: Recorder,
  score: Score,
  seconds: number,
) {
  const { injected, found, missed, falseAlarms, byClass, example: _, ...details } = score;
  return {
    seed,
    events: truth.records,
    changes: run.events,
    seconds: Number(seconds.toFixed(3)),
    verdicts: recorder.counts(),
    injected,
    found,
    missed,
    falseAlarms,
    byClass,
    orders,
    checkSeconds: Number(run.seconds.toFixed(3)),
    ...details,
    baseline: recorder.finals.filter((final) => final.baseline).length,
    notDue: truth.notDue.length,
    lookAlikes: truth.lookAlikes,
    engineAlerts: run.tally.engineAlerts(),
    deadLetters: run.tally.faults,
  };
}
