import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OUTPUTS, type VerdictRecord } from "../../checks/records.ts";
import { readConfig } from "../../cli/config.ts";
import { eventsOf, openProgress } from "../../cli/progress.ts";
import { runJob } from "../../cli/run-job.ts";
import { linesTable, paymentsTable } from "../../shop/tables.ts";
import { peakMemoryMb } from "../peak-memory.ts";
import { peersJob } from "../peers/job.ts";
import { JOB } from "../peers/runs/config.ts";
import { Phases, WARM } from "../phases.ts";
import { bytesIn } from "./bytes-in.ts";
import type { GrowthCase, GrowthFigures } from "./case.ts";
import { decodeMicroseconds } from "./decoding.ts";
import type { Traffic } from "./traffic.ts";

/** Runs the check of the peers over traffic in the folder `log`, exactly once. `told`: how many events it has read. */
export async function runCase(
  folder: string,
  { kind, workers, memory }: GrowthCase,
  traffic: Traffic,
  told: (events: number) => void,
): Promise<GrowthFigures> {
  rmSync(join(folder, "out"), { recursive: true, force: true });
  const configFile = join(folder, "countercheck.json");
  writeFileSync(configFile, JSON.stringify({ ...CONFIG, state: { ...CONFIG.state, memory } }));
  const config = readConfig(configFile);
  const { records, before } = traffic;
  const phases = new Phases(records, before + WARM * (records - before));
  const ending = new AbortController();
  const found: string[] = [];
  await runJob({
    graph: peersJob("peers").graph(),
    jobs: { paths: [JOB] },
    sources: config.sources,
    registry: config.registry,
    configFile,
    output: config.output,
    state: config.state,
    retainMs: config.retainMs,
    follow: true,
    parallelism: workers,
    fresh: true,
    allowDroppedState: false,
    progress: openProgress(true),
    signal: ending.signal,
    onRecord: (output, record) => {
      if (output === OUTPUTS.verdicts) found.push(String((record as VerdictRecord).key));
      if (found.length >= traffic.overcharged.length) ending.abort();
    },
    onMetrics: (metrics) => {
      const events = eventsOf(metrics);
      phases.read(events);
      told(events);
    },
  });
  const isRight = found.toSorted().join() === traffic.overcharged.toSorted().join();
  const cpuMicroseconds = phases.figures().steadyCpuSecondsPerMillion!;
  const stateMb = Math.round(bytesIn(config.state.dir) / 2 ** 20);
  const peak = peakMemoryMb();
  const isOfRows = kind === "columns" || kind === "row-bytes";
  const decoded = isOfRows
    ? await decodeMicroseconds(peersJob("peers").graph(), config, join(folder, "log"))
    : undefined;
  return {
    events: records - before,
    cpuMicroseconds,
    decodeMicroseconds: decoded,
    peakMemoryMb: peak,
    stateMb,
    isRight,
  };
}

const tables = (table: { readonly name: string; readonly topic: string }) => ({ [table.name]: { topic: table.topic } });

const CONFIG = {
  sources: {
    shop: { kind: "mariadb", log: "log", tables: tables(paymentsTable) },
    ledger: { kind: "postgresql", log: "log", tables: tables(linesTable) },
  },
  registry: { folder: "log/schemas" },
  output: "out",
  state: { checkpointEvery: "10s" },
};
