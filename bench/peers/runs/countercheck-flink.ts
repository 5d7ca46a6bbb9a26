import { type ChildProcess, spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type FlinkCluster, startFlink } from "../flink-cluster.ts";
import type { FlinkRest } from "../flink-rest.ts";
import type { Peer, PeerPlace, RunningPeer } from "../peer.ts";
import { countercheckFinding, VerdictTopic } from "../verdict-topic.ts";
import { JOB, WHOLE_ROWS_JOB, writeConfig } from "./config.ts";
import { besideOf } from "./flink-figures.ts";

/** The same job on Flink: `countercheck submit`, the operators in Node beside the subtask. */
export const countercheckFlink: Peer = {
  name: "countercheck-flink",
  what: "countercheck submit: sources and sinks of Flink's, operators in Node, exactly once, every 10 s",
  start: (place) => startOnFlink(place, JOB, writeConfig),
};

/** The same, where no row stage is needed. */
export const countercheckFlinkFull: Peer = {
  name: "countercheck-flink-full",
  what: "the same on Flink, with both tables declared `before: full`, so that no row stage keeps their rows",
  start: (place) => startOnFlink(place, WHOLE_ROWS_JOB, writeConfig),
};

const CLI = resolve(import.meta.dirname, "../../../cli/main.ts");
const STARTED_MS = 180_000;

/** Submits a job to a cluster of its own, with the configuration that is written once its folder is there. */
export async function startOnFlink(
  place: PeerPlace,
  job: string,
  configure: (place: PeerPlace) => string,
): Promise<RunningPeer & { readonly rest: FlinkRest; readonly id: string }> {
  const { set, folder, results } = place;
  const flink = await startFlink(folder, { heapMb: 512, managedMb: 0 });
  try {
    const id = await submitted([job, "--config", configure(place), ...profiling(folder)], flink);
    const verdicts = new VerdictTopic(set.brokers, `${results}verdicts`, countercheckFinding);
    return {
      ...{ rest: flink.rest, id },
      processes: [flink.taskManager],
      read: () => flink.rest.recordsRead(id, set.prefix),
      findings: () => verdicts.findings(),
      failure: async () => (await flink.rest.failure(id)) || undefined,
      beside: () => besideOf(flink.rest, id),
      async [Symbol.asyncDispose]() {
        await flink.rest.cancel(id).catch(() => undefined);
        // Node writes a profile when it is let go.
        await sleep(2_000);
        await verdicts[Symbol.asyncDispose]();
        await flink[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await flink[Symbol.asyncDispose]();
    throw error;
  }
}

/** The job's id as soon as it runs; the command itself waits for the first checkpoint. */
async function submitted(options: readonly string[], { url, rest }: FlinkCluster): Promise<string> {
  const args = [...process.execArgv, CLI, "submit", ...options, "--cluster", url, "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => (said += chunk));
  for (const deadline = Date.now() + STARTED_MS; Date.now() < deadline; ) {
    const job = await rest.onlyJob();
    if (job !== undefined) return job;
    if (hasFailed(child)) break;
    await sleep(100);
  }
  child.kill();
  throw new Error(`countercheck submit did not start the job: ${said.slice(-4_000)}`);
}

/** With COUNTERCHECK_BENCH_PROFILE set, Node writes its profile into the peer's folder; Java does so too. */
function profiling(folder: string): string[] {
  return process.env.COUNTERCHECK_BENCH_PROFILE === undefined ? [] : ["--profile", join(folder, "profile")];
}

function hasFailed({ exitCode, signalCode }: ChildProcess): boolean {
  return signalCode !== null || (exitCode !== null && exitCode !== 0);
}
