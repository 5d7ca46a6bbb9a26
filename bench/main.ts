import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { resolve } from "node:path";
import { Command } from "commander";
import { boundGarbage } from "../cli/memory.ts";
import { peakMemoryMb } from "./peak-memory.ts";
import type { BenchRow, Measured } from "./row.ts";
import { checks5, checks5All, checks100, checks100All } from "./rows/checks.ts";
import { decode, decodeAvsc } from "./rows/decode.ts";
import { jobFromKafka } from "./rows/job-from-kafka.ts";
import { jobFromLog, jobFromLogOnce } from "./rows/job-from-log.ts";
import { largeCheckpoint } from "./rows/large-checkpoint.ts";
import { openKeys } from "./rows/open-keys.ts";
import { plainNodeRow } from "./rows/plain-node.ts";
import { snapshotsScan, snapshotsWrite } from "./rows/snapshots.ts";
import { checkpoint, state, stateMap } from "./rows/state.ts";
import { Shared } from "./shared.ts";

const ROWS: readonly BenchRow[] = [
  decode,
  decodeAvsc,
  state,
  stateMap,
  checkpoint,
  jobFromLogOnce,
  jobFromLog,
  plainNodeRow,
  jobFromKafka,
  openKeys,
  largeCheckpoint,
  checks5,
  checks100,
  checks5All,
  checks100All,
  snapshotsWrite,
  snapshotsScan,
];

/** A row as it is printed. */
interface Row {
  readonly name: string;
  readonly eventsPerCpuSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly eventsPerSecond: number;
  readonly peakMemoryMb: number;
  readonly correct: boolean;
  /** Events per CPU-second of the row that this one is the peer of, divided by this one's. */
  readonly behind?: number;
  /** CPU that an event costs more than in the row without checkpoints, in per cent. */
  readonly exactlyOnceCostPercent?: number;
  /** What else was found. */
  readonly beside?: Readonly<Record<string, number>>;
}

interface Options {
  readonly orders: string;
  readonly only?: string;
  readonly json?: true;
  readonly row?: string;
}

const folder = resolve(".countercheck/bench");

await new Command("bench")
  .description("Measures what an event costs. CPU time counts; ratios within one run can be trusted, wall time cannot.")
  .option("--orders <n>", "orders of the shop whose log is read", "200000")
  .option("--only <names>", "some rows: names with commas between them")
  .option("--json", "one JSON document on stdout")
  .option("--row <name>", "measures one row in this process")
  .action(main)
  .parseAsync();

async function main(options: Options): Promise<void> {
  mkdirSync(folder, { recursive: true });
  if (options.row !== undefined) return measureHere(rowOf(options.row), Number(options.orders));
  const names = options.only?.split(",");
  names?.forEach(rowOf);
  const wanted = names === undefined ? ROWS : ROWS.filter(({ name }) => names.includes(name));
  const load = loadavg()[0]!;
  const rows: Row[] = [];
  await using shared = new Shared(folder, Number(options.orders));
  for (const row of wanted) {
    const reason = row.whyNot?.();
    if (reason !== undefined) {
      process.stderr.write(`${row.name}: left out. ${reason}\n`);
      continue;
    }
    process.stderr.write(`${row.name}: ${row.what} …\n`);
    await shared.have(row);
    rows.push(measureApart(row, options.orders, rows));
  }
  const machine = { cores: cpus().length, load: Number(load.toFixed(2)) };
  if (options.json) process.stdout.write(`${JSON.stringify({ machine, rows })}\n`);
  else printTable(rows);
  if (rows.some((row) => !row.correct)) process.exitCode = 1;
}

/** A table of what all rows have, and below it what single ones say besides. */
function printTable(rows: readonly Row[]): void {
  console.table(rows.map(({ beside: _, ...row }) => row));
  for (const { name, beside } of rows) if (beside !== undefined) console.log(`${name}: ${JSON.stringify(beside)}`);
}

function rowOf(name: string): BenchRow {
  const row = ROWS.find((candidate) => candidate.name === name);
  if (row !== undefined) return row;
  process.stderr.write(`There is no row ${name}. Rows: ${ROWS.map((known) => known.name).join(", ")}\n`);
  process.exit(2);
}

/** Runs a row in a process of its own, so that its memory and its compiled code are its own. */
function measureApart(row: BenchRow, orders: string, earlier: readonly Row[]): Row {
  const args = [...process.execArgv, import.meta.filename, "--row", row.name, "--orders", orders];
  const child = spawnSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (child.status !== 0) throw new Error(`${row.name} ended with ${child.status ?? child.signal}`);
  const { peakMemoryMb, ...measured } = JSON.parse(child.stdout) as Measured & { peakMemoryMb: number };
  const eventsPerCpuSecond = Math.round(measured.events / measured.cpuSeconds);
  const ahead = earlier.find((other) => other.name === row.peerOf);
  const without = earlier.find((other) => other.name === row.dearerThan);
  return {
    name: row.name,
    eventsPerCpuSecond,
    cpuSecondsPerMillion: Number(((measured.cpuSeconds / measured.events) * 1e6).toFixed(3)),
    eventsPerSecond: Math.round(measured.events / measured.seconds),
    peakMemoryMb,
    correct: measured.correct,
    ...(ahead === undefined ? {} : { behind: Number((ahead.eventsPerCpuSecond / eventsPerCpuSecond).toFixed(1)) }),
    ...(without === undefined
      ? {}
      : { exactlyOnceCostPercent: Number(((without.eventsPerCpuSecond / eventsPerCpuSecond - 1) * 100).toFixed(1)) }),
    ...(measured.beside === undefined ? {} : { beside: measured.beside }),
  };
}

async function measureHere(row: BenchRow, orders: number): Promise<void> {
  if (row.leavesHeapAlone === undefined) boundGarbage();
  const measured = await row.measure(folder, orders);
  process.stdout.write(JSON.stringify({ ...measured, peakMemoryMb: peakMemoryMb() }));
}
