import type { Command } from "commander";
import { raise } from "../../base/errors.ts";
import { KEY_GROUPS } from "../../state/key-groups.ts";
import { findGoing } from "../cluster/find-job.ts";
import type { FlinkApi, JobSummary } from "../cluster/flink-api.ts";
import { followEnd } from "../cluster/follow.ts";
import { type Launched, launch, launchedText } from "../cluster/launch.ts";
import { withFlink } from "../cluster/open-flink.ts";
import { prepareSubmission } from "../cluster/prepare.ts";
import { rescaleInPlace } from "../cluster/rescale.ts";
import { savepointFolder, writeClusterSavepoint } from "../cluster/savepoints.ts";
import { openSteps, type Steps } from "../cluster/steps.ts";
import { readConfig } from "../config.ts";
import { interruption } from "../interrupt.ts";
import { loadJobs } from "../load-job.ts";
import { tellNote } from "../notes.ts";
import { between } from "../options.ts";
import { printable } from "../table.ts";
import { terminal } from "../terminal.ts";

interface RescaleOptions {
  readonly parallelism: number;
  readonly cluster?: string;
  readonly config?: string;
  readonly savepoint?: string;
  readonly job?: readonly string[];
  readonly withoutNode?: true;
  readonly timeout: number;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  npx countercheck rescale payment-settlement --parallelism 5 --cluster http://127.0.0.1:8081
  npx countercheck rescale payment-settlement --parallelism 5 --config countercheck.json --savepoint s3://ours/savepoints --job jobs/payment-settlement

A cluster with the adaptive scheduler gives the job what it asks for; the options of the second line are not needed there. Any
other cannot: there the job is stopped with a savepoint and submitted again, which needs its files. Which of the two it was is said.`;

/** Adds `countercheck rescale`: another parallelism for a job on a cluster. */
export function addRescale(program: Command): void {
  program
    .command("rescale")
    .description("give a job on a cluster another parallelism")
    .argument("<job>", "name or id")
    .requiredOption("--parallelism <n>", "subtasks of each task", between(1, KEY_GROUPS))
    .option(
      "--cluster <url>",
      "the REST API of the cluster; default: COUNTERCHECK_CLUSTER, or what the configuration says",
    )
    .option("--config <file>", "the configuration that the job was submitted with")
    .option("--savepoint <dir>", "folder for the savepoint that it goes on from, where it must be submitted again")
    .option("--job <files...>", "the files or folders that it was submitted with, for the same case")
    .option("--without-node", "for the same case, as with `countercheck submit`")
    .option("--timeout <seconds>", "how long each step may take", between(1, 86_400), 180)
    .option("--json", "one JSON document on stdout")
    .addHelpText("after", EXAMPLES)
    .action(rescale);
}

async function rescale(job: string, options: RescaleOptions): Promise<void> {
  const { parallelism, timeout, json } = options;
  await withFlink(options, async (api) => {
    const steps = openSteps(json === true);
    try {
      const found = await findGoing(api, job);
      steps.begin(`Asking for parallelism ${parallelism}`);
      const rescaled = await rescaleInPlace(api, found, parallelism, timeout * 1_000);
      const again = rescaled === "cannot" ? await submitAgain(api, found, options, steps) : undefined;
      steps.done();
      const { jid: id, name } = found;
      if (json)
        return terminal.printJson({
          cluster: api.url,
          how: HOW[rescaled],
          ...(again ?? { job: name, id, parallelism }),
        });
      const has = `${name} (${id}) has parallelism ${parallelism}`;
      if (rescaled === "had") terminal.print(printable(`${has} already: nothing was changed.`));
      else if (again === undefined)
        terminal.print(printable(`${has} now: the adaptive scheduler gave it, and it went on.`));
      else terminal.print(`${SUBMITTED_AGAIN}\n${launchedText(again, api.url)}`);
    } finally {
      steps.done();
    }
  });
}

const HOW = { given: "in-place", had: "unchanged", cannot: "resubmitted" } as const;
const SUBMITTED_AGAIN =
  "It was stopped with a savepoint and submitted again, as the cluster's scheduler is not adaptive.";

/** All that can be refused is, before the job is stopped. */
async function submitAgain(api: FlinkApi, found: JobSummary, options: RescaleOptions, steps: Steps): Promise<Launched> {
  const { parallelism, config: file, savepoint: dir, job: paths, withoutNode, timeout } = options;
  const { name } = found;
  if (file === undefined || dir === undefined || paths === undefined)
    raise("RESCALE_NEEDS_JOB", { job: name, url: api.url });
  const timeoutMs = timeout * 1_000;
  const own = (await loadJobs({ paths })).name;
  if (own !== name && name.includes("+"))
    raise("OPTION_INVALID", { option: "--job", value: own, expected: `the jobs of ${name}` });
  const jobs = { paths, name: own === name ? undefined : name };
  const submission = await prepareSubmission({
    ...{ jobs, config: readConfig(file), fromSavepoint: undefined, allowDroppedState: false },
    ...{ withNode: withoutNode !== true, steps },
  });
  let savepoint: string | undefined;
  try {
    return await launch(api, submission, {
      ...{ parallelism, allowDroppedState: false, steps, timeoutMs, signal: interruption() },
      savepoint: async () => {
        steps.begin(`Stopping ${name} with a savepoint`);
        savepoint = await writeClusterSavepoint(api, found, { folder: savepointFolder(dir), timeoutMs, stop: "keep" });
        await followEnd(api, found.jid, timeoutMs);
        return savepoint;
      },
    });
  } catch (error) {
    // The job is stopped: what it goes on from must not be lost sight of.
    if (savepoint !== undefined)
      tellNote(
        `${name} was stopped; its savepoint is ${savepoint}. \`countercheck submit --from-savepoint\` goes on from there.`,
      );
    throw error;
  }
}
