import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { raise } from "../../base/errors.ts";
import { KEY_GROUPS } from "../../state/key-groups.ts";
import { launch, launchedText } from "../cluster/launch.ts";
import { loopbackWarning } from "../cluster/loopback.ts";
import { withFlink } from "../cluster/open-flink.ts";
import { prepareSubmission } from "../cluster/prepare.ts";
import { openSteps } from "../cluster/steps.ts";
import type { SubmissionRequest } from "../cluster/submission.ts";
import { ENTRY_CLASS, requireRoomFor } from "../cluster/submit.ts";
import { withTurn } from "../cluster/turn.ts";
import { readConfig } from "../config.ts";
import { EXIT } from "../errors.ts";
import { interruption } from "../interrupt.ts";
import { loadJobs } from "../load-job.ts";
import { tellWarning } from "../notes.ts";
import { between } from "../options.ts";
import { shownPath } from "../shown-path.ts";
import { terminal } from "../terminal.ts";

interface SubmitOptions {
  readonly config: string;
  readonly cluster?: string;
  readonly name?: string;
  readonly parallelism: number;
  readonly fromSavepoint?: string;
  readonly allowDroppedState?: true;
  readonly withoutNode?: true;
  readonly jar?: string;
  readonly profile?: string;
  readonly timeout: number;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  npx countercheck submit jobs/payment-settlement --config countercheck.json --cluster http://127.0.0.1:8081 --parallelism 3
  npx countercheck submit jobs/payment-settlement jobs/refunds --config countercheck.json --name all-checks
  npx countercheck submit my-job.ts --config countercheck.json --from-savepoint backups/before-upgrade
  npx countercheck submit my-job.ts --config countercheck.json --jar my-job.jar      (for application mode)

The cluster is that of --cluster, of COUNTERCHECK_CLUSTER, or of \`cluster\` in the configuration. The command returns when the
first checkpoint is complete: from then on nothing is lost. Ctrl-C while the job starts leaves it to Flink.

--from-savepoint takes a savepoint of Flink, or one of \`countercheck run\` in a folder that every TaskManager reaches by the
same path. Every submission begins an epoch: an embedded run of the job that was there before brings out nothing any more.`;

/** Adds `countercheck submit`: jobs on an Apache Flink cluster. */
export function addSubmit(program: Command): void {
  program
    .command("submit")
    .description("run jobs on an Apache Flink cluster")
    .argument("<jobs...>", "TypeScript files whose default export is a job, or folders with a job.ts")
    .requiredOption("--config <file>", "where sources, schemas and results are")
    .option("--cluster <url>", "the REST API of the cluster, such as http://127.0.0.1:8081")
    .option("--name <name>", "what several jobs are called together; default: their names, joined by +")
    .option("--parallelism <n>", "subtasks of each task", between(1, KEY_GROUPS), 1)
    .option("--from-savepoint <place>", "begin from a savepoint, of Flink or of an embedded run")
    .option("--allow-dropped-state", "leave state behind that the job no longer has")
    .addOption(new Option("--with-node", "send Node along with the job (default)").conflicts("withoutNode"))
    .option("--without-node", "every TaskManager has Node 24 or later in its PATH")
    .addOption(
      new Option(
        "--jar <file>",
        "write the job's jar for application mode, whose parallelism is Flink's, and start nothing",
      ).conflicts(["cluster", "parallelism"]),
    )
    .option(
      "--profile <dir>",
      "a folder on the TaskManagers: Node writes CPU profiles and flame graphs there when it ends",
    )
    .option("--timeout <seconds>", "how long to wait for the first checkpoint", between(1, 86_400), 180)
    .option("--json", "one JSON document on stdout")
    .addHelpText("after", EXAMPLES)
    .action(submit);
}

async function submit(paths: readonly string[], options: SubmitOptions): Promise<void> {
  const { name, fromSavepoint, allowDroppedState, withoutNode, json, jar, profile } = options;
  const steps = openSteps(json === true);
  const request: SubmissionRequest = {
    jobs: { paths, name },
    config: readConfig(options.config),
    fromSavepoint,
    allowDroppedState: allowDroppedState === true,
    withNode: withoutNode !== true,
    profile,
    steps,
  };
  const signal = interruption();
  try {
    const done = await (jar === undefined
      ? toCluster(request, options, signal)
      : toFile(request, resolve(jar), options, signal));
    if (!done) process.exitCode = EXIT.interrupted;
  } finally {
    steps.done();
  }
}

async function toCluster(request: SubmissionRequest, options: SubmitOptions, signal: AbortSignal): Promise<boolean> {
  const { config, allowDroppedState, steps } = request;
  const { cluster, parallelism, timeout, json } = options;
  return withFlink({ cluster, config }, async (api) => {
    const warning = loopbackWarning(api.url, config);
    if (warning !== undefined) tellWarning(warning);
    const job = (await loadJobs(request.jobs)).name;
    await requireRoomFor(api, job);
    const launched = await withTurn(config, job, signal, async (requireMine) => {
      const submission = await prepareSubmission(request);
      const { from } = submission;
      const place = from !== undefined && "flink" in from ? from.flink : undefined;
      const savepoint = async () => {
        requireMine();
        return place;
      };
      const how = { parallelism, allowDroppedState, from: place, savepoint, steps };
      return launch(api, submission, { ...how, timeoutMs: timeout * 1_000, signal });
    });
    steps.done();
    if (launched === undefined) return false;
    if (json) terminal.printJson({ ...launched, cluster: api.url });
    else terminal.print(launchedText(launched, api.url));
    return true;
  });
}

async function toFile(
  request: SubmissionRequest,
  jar: string,
  { json }: SubmitOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const job = (await loadJobs(request.jobs)).name;
  const submission = await withTurn(request.config, job, signal, async (requireMine) => {
    const opened = await prepareSubmission(request);
    if (opened.from !== undefined && "flink" in opened.from)
      raise("OPTION_INVALID", { option: "--from-savepoint", value: opened.from.flink, expected: EMBEDDED_ONLY });
    await opened.writeJar(jar);
    requireMine();
    await opened.claim();
    return opened;
  });
  request.steps.done();
  if (submission === undefined) return false;
  const { epoch } = submission.beginning;
  if (json) terminal.printJson({ job, jar, epoch, entryClass: ENTRY_CLASS });
  else
    terminal.print(
      `Jar of ${job} written to ${shownPath(jar)}, for epoch ${epoch}. Its class is ${ENTRY_CLASS}, without arguments. An embedded run that was there before brings out nothing any more.`,
    );
  return true;
}

const EMBEDDED_ONLY =
  "with --jar one of an embedded run; one of Flink is named where the jar is started (execution.state-recovery.path)";
