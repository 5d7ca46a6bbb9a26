import type { Command } from "commander";
import { findGoing, findJob } from "../cluster/find-job.ts";
import type { FlinkApi } from "../cluster/flink-api.ts";
import { followEnd } from "../cluster/follow.ts";
import { withFlink } from "../cluster/open-flink.ts";
import { openSteps } from "../cluster/steps.ts";
import { between } from "../options.ts";
import { printable } from "../table.ts";
import { terminal } from "../terminal.ts";
import { describedJob, describedText, listedText } from "../views/cluster-jobs.ts";

interface JobsOptions {
  readonly cluster?: string;
  readonly config?: string;
  readonly json?: true;
}

const GROUP_EXAMPLES = `
Examples:
  npx countercheck jobs list --cluster http://127.0.0.1:8081
  npx countercheck jobs describe payment-settlement
  npx countercheck jobs cancel payment-settlement`;

const LIST_EXAMPLES = `
Examples:
  npx countercheck jobs list --cluster http://127.0.0.1:8081
  COUNTERCHECK_CLUSTER=http://127.0.0.1:8081 npx countercheck jobs list --json`;

const DESCRIBE_EXAMPLES = `
Examples:
  npx countercheck jobs describe payment-settlement --cluster http://127.0.0.1:8081
  npx countercheck jobs describe cf7bccbee2b0423c85578a23295dd566 --json`;

const CANCEL_EXAMPLES = `
Examples:
  npx countercheck jobs cancel payment-settlement --cluster http://127.0.0.1:8081

The job's last checkpoint stays, and can be given to \`countercheck submit --from-savepoint\`. To end a job with a savepoint, see
\`countercheck stop\`.`;

/** Adds `countercheck jobs`: what runs on a Flink cluster. */
export function addJobs(program: Command): void {
  const jobs = program
    .command("jobs")
    .description("jobs on an Apache Flink cluster")
    .addHelpText("after", GROUP_EXAMPLES);
  withCluster(jobs.command("list"))
    .description("list the jobs of a cluster")
    .addHelpText("after", LIST_EXAMPLES)
    .action(list);
  withCluster(jobs.command("describe"))
    .description("show how a job is: its tasks, its checkpoints, and why it failed last")
    .argument("<job>", "name or id")
    .addHelpText("after", DESCRIBE_EXAMPLES)
    .action(describe);
  withCluster(jobs.command("cancel"))
    .description("end a job without a savepoint")
    .argument("<job>", "name or id")
    .option("--timeout <seconds>", "how long to wait for its end", between(1, 86_400), 60)
    .addHelpText("after", CANCEL_EXAMPLES)
    .action(cancel);
}

function withCluster(command: Command): Command {
  return command
    .option(
      "--cluster <url>",
      "the REST API of the cluster; default: COUNTERCHECK_CLUSTER, or what the configuration says",
    )
    .option("--config <file>", "a configuration with `cluster`")
    .option("--json", "one JSON document on stdout");
}

async function list(options: JobsOptions): Promise<void> {
  await withFlink(options, async (api) => {
    const jobs = (await api.jobs()).toSorted((a, b) => b["start-time"] - a["start-time"]);
    const shown = jobs.map(({ jid: id, name, state, "start-time": startedAt, duration }) => ({
      ...{ id, name, state, startedAt: new Date(startedAt).toISOString(), seconds: Math.round(duration / 1_000) },
    }));
    if (options.json) terminal.printJson({ cluster: api.url, jobs: shown });
    else terminal.print(listedText(shown, api.url));
  });
}

async function describe(job: string, options: JobsOptions): Promise<void> {
  await withFlink(options, async (api) => {
    const described = await describedJob(api, await findJob(api, job));
    if (options.json) terminal.printJson({ cluster: api.url, ...described });
    else terminal.print(describedText(described));
  });
}

async function cancel(job: string, { timeout, ...options }: JobsOptions & { readonly timeout: number }): Promise<void> {
  await withFlink(options, async (api: FlinkApi) => {
    const steps = openSteps(options.json === true);
    const { jid: id, name } = await findGoing(api, job);
    steps.begin(`Cancelling ${name}`);
    const checkpoint = (await api.checkpoints(id)).latest.completed?.external_path ?? null;
    await api.cancel(id);
    await followEnd(api, id, timeout * 1_000);
    steps.done();
    if (options.json) return terminal.printJson({ cluster: api.url, job: name, id, checkpoint });
    const left = checkpoint === null ? "It had no checkpoint." : `Its last checkpoint is ${checkpoint}.`;
    terminal.print(printable(`${name} (${id}) is cancelled. ${left}`));
  });
}
