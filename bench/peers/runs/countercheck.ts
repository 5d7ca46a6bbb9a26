import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Peer, PeerPlace, RunningPeer } from "../peer.ts";
import { countercheckFinding, VerdictTopic } from "../verdict-topic.ts";
import { PeerChild } from "./child.ts";
import { JOB, WHOLE_ROWS_JOB, writeConfig } from "./config.ts";

/** The embedded runner: no server but Kafka. */
export const countercheck: Peer = {
  name: "countercheck",
  what: "the embedded runner, state on disk in 512 MB, exactly once, every 10 s, evidence in SQLite",
  start: (place) => start(place, JOB),
};

/** The embedded runner, where no row stage is needed. */
export const countercheckFull: Peer = {
  name: "countercheck-full",
  what: "the same, with both tables declared `before: full`, so that no row stage keeps their rows",
  start: (place) => start(place, WHOLE_ROWS_JOB),
};

async function start(place: PeerPlace, job: string): Promise<RunningPeer> {
  const { set, results, folder } = place;
  const child = new PeerChild(
    join(import.meta.dirname, "countercheck-main.ts"),
    [writeConfig(place), job],
    profiling(folder),
  );
  const verdicts = new VerdictTopic(set.brokers, `${results}verdicts`, countercheckFinding);
  return {
    processes: [child.pid],
    read: async () => child.read,
    findings: () => verdicts.findings(),
    failure: async () => child.failure,
    beside: async () => ({ stateMb: Math.round(bytesIn(join(folder, "out")) / 2 ** 20) }),
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]();
      await verdicts[Symbol.asyncDispose]();
    },
  };
}

/** With COUNTERCHECK_BENCH_PROFILE set, V8 writes a profile into the peer's folder. */
function profiling(folder: string): string[] {
  return process.env.COUNTERCHECK_BENCH_PROFILE === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${folder}`];
}

function bytesIn(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  return bytes;
}
