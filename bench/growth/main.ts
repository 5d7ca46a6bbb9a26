import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { boundGarbage } from "../../cli/memory.ts";
import { thisMachine } from "../machine.ts";
import { peakMemoryMb } from "../peak-memory.ts";
import { casesOf, type GrowthCase, type GrowthFigures } from "./case.ts";
import { measureHotSet } from "./hot-set.ts";
import { runMinutes } from "./minutes.ts";
import { type GrowthRow, type HotSetRow, type MinutesRow, minutesTable, reportPage } from "./report.ts";
import { runCase } from "./run.ts";
import { settlingOf } from "./settling.ts";
import { type Traffic, writeTraffic } from "./traffic.ts";

interface Options {
  readonly events: string;
  readonly openKeys: string;
  readonly columns: string;
  readonly rowBytes: string;
  readonly workers: string;
  readonly hot: string;
  readonly memory: string;
  readonly logMb: string;
  readonly minutes?: string;
  readonly hotSet?: true;
  readonly only?: string;
  readonly again?: true;
  readonly json?: true;
  readonly write?: true;
  readonly case?: string;
}

const folder = resolve(".countercheck/bench/growth");
const results = join(folder, "results");
const TELL_EVERY_MS = 10_000;

await new Command("bench:growth")
  .description(
    "How the CPU time of an event grows: with open keys, columns that are not read, the size of rows, workers, and a hot key; and how memory grows with time.",
  )
  .option("--events <n>", "events that are measured", "200000")
  .option("--open-keys <numbers>", "keys that wait all the time", "10000,100000,1000000")
  .option("--columns <numbers>", "columns of the tables, of which six are read", "8,50,200")
  .option("--row-bytes <numbers>", "size of the rows", "300,3000,30000,1000000")
  .option("--workers <numbers>", "workers, each in a thread", "1,2")
  .option("--hot <parts>", "part of the traffic that one key has", "0,0.3")
  .option("--memory <size>", "`state.memory`", "512MB")
  .option("--log-mb <n>", "most that is written for one case, in MB: of large rows there are fewer", "500")
  .option("--minutes <n>", "instead: the job over Kafka for so long, as fast as it goes, and what it takes meanwhile")
  .option("--hot-set", "instead: one access to state, of keys that are asked for often, with checkpoints meanwhile")
  .option("--only <kinds>", "some: open-keys, columns, row-bytes, workers, hot-key")
  .option("--again", "also what was measured already")
  .option("--json", "one JSON document on stdout")
  .option("--write", "writes bench/results/growth.md, of all that was measured here")
  .option("--case <file>", "measures one case in this process")
  .action(main)
  .parseAsync();

async function main(options: Options): Promise<void> {
  if (options.case !== undefined) return measureHere(options.case);
  mkdirSync(results, { recursive: true });
  const { minutes, hotSet } = options;
  const rows = minutes === undefined && !hotSet ? await measureCases(options) : [];
  const run = minutes === undefined ? undefined : await measureMinutes(Number(minutes));
  const accesses = hotSet && (await measureAccesses());
  if (options.json)
    process.stdout.write(`${JSON.stringify({ machine: thisMachine(), rows, minutes: run, accesses })}\n`);
  else {
    console.log(JSON.stringify(thisMachine()));
    if (run !== undefined) console.table(minutesTable(run));
    else if (accesses) console.table([accesses]);
    else console.table(Object.fromEntries(rows.map(({ name, machine: _, ...row }) => [name, row])));
  }
  if (options.write) {
    const kept = readdirSync(results).map((file) => JSON.parse(readFileSync(join(results, file), "utf8")));
    writeFileSync(join(import.meta.dirname, "../results/growth.md"), reportPage(kept));
  }
  if (rows.some(({ isRight }) => !isRight) || run?.isRight === false || run?.settling.hasGrown) process.exitCode = 1;
}

async function measureCases(options: Options): Promise<GrowthRow[]> {
  const kinds = options.only?.split(",");
  const wanted = casesOf(sizesOf(options)).filter(
    ({ kind }) => kinds === undefined || kinds.some((each) => kind === each),
  );
  const rows: GrowthRow[] = [];
  for (const each of wanted) {
    // Of other sizes it is another one.
    const { events, width } = each.traffic;
    const file = join(results, `${each.name}-${events}-${width.textBytes}-${each.memory}.json`);
    if (options.again || !existsSync(file)) writeFileSync(file, JSON.stringify(await measureRow(each)));
    rows.push(JSON.parse(readFileSync(file, "utf8")) as GrowthRow);
  }
  return rows;
}

async function measureRow(each: GrowthCase): Promise<GrowthRow> {
  const load = Number(loadavg()[0]!.toFixed(1));
  const figures = await measureApart(each);
  const { name, kind, size, memory } = each;
  return { ...{ name, kind, size, memory }, ...figures, load, machine: thisMachine(), day: today() };
}

async function measureMinutes(minutes: number): Promise<MinutesRow> {
  const run = await runMinutes(join(folder, "minutes"), minutes, (sample) =>
    process.stderr.write(`${JSON.stringify(sample)}\n`),
  );
  const row: MinutesRow = { ...run, minutes, settling: settlingOf(run.samples), machine: thisMachine(), day: today() };
  writeFileSync(join(results, "minutes.json"), JSON.stringify(row));
  return row;
}

async function measureAccesses(): Promise<HotSetRow> {
  const load = Number(loadavg()[0]!.toFixed(1));
  const row: HotSetRow = { ...(await measureHotSet(folder)), load, machine: thisMachine(), day: today() };
  writeFileSync(join(results, "hot-set.json"), JSON.stringify(row));
  return row;
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function sizesOf({ events, openKeys, columns, rowBytes, workers, hot, memory, logMb }: Options) {
  const numbers = (text: string) => text.split(",").map(Number);
  return {
    events: Number(events),
    openKeys: numbers(openKeys),
    columns: numbers(columns),
    rowBytes: numbers(rowBytes),
    workers: numbers(workers),
    hot: numbers(hot),
    memory,
    logBytes: Number(logMb) * 1e6,
  };
}

/** In a process of its own, so that its memory and its compiled code are its own; what it reads is written before. */
async function measureApart(each: GrowthCase): Promise<GrowthFigures> {
  const place = join(folder, "case");
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const traffic = await writeTraffic(join(place, "log"), each.traffic, tellerOf(each, "written"));
  const file = join(place, "case.json");
  writeFileSync(file, JSON.stringify({ each, traffic }));
  const args = [...process.execArgv, import.meta.filename, "--case", file];
  const child = spawnSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  rmSync(place, { recursive: true, force: true });
  if (child.status !== 0) throw new Error(`${each.name} ended with ${child.status ?? child.signal}`);
  return JSON.parse(child.stdout) as GrowthFigures;
}

async function measureHere(file: string): Promise<void> {
  boundGarbage();
  const { each, traffic } = JSON.parse(readFileSync(file, "utf8")) as { each: GrowthCase; traffic: Traffic };
  const figures = await runCase(join(folder, "case"), each, traffic, tellerOf(each, `of ${traffic.records} read`));
  process.stdout.write(JSON.stringify(figures));
}

/** Says on stderr, now and then, how far a case is. */
function tellerOf({ name, memory }: GrowthCase, what: string): (records: number) => void {
  let toldAt = 0;
  return (records) => {
    const now = performance.now();
    if (now - toldAt < TELL_EVERY_MS) return;
    toldAt = now;
    process.stderr.write(`${name}, ${memory}: ${records} ${what}, ${peakMemoryMb()} MB at most so far\n`);
  };
}
