import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { boundGarbage } from "../../cli/memory.ts";
import { thisMachine } from "../machine.ts";
import { peakMemoryMb } from "../peak-memory.ts";
import { casesOf, type GrowthCase, type GrowthFigures } from "./case.ts";
import { runCase } from "./run.ts";
import { type Traffic, writeTraffic } from "./traffic.ts";

interface Options {
  readonly events: string;
  readonly openKeys: string;
  readonly columns: string;
  readonly rowBytes: string;
  readonly workers: string;
  readonly hot: string;
  readonly logMb: string;
  readonly only?: string;
  readonly json?: true;
  readonly case?: string;
}

/** A case as it is told. */
interface Row extends GrowthFigures {
  readonly name: string;
  /** CPU of an event, for 1 in the first case of its kind. */
  readonly ratio: number | undefined;
  /** Of the machine, when it began. */
  readonly load: number;
}

const folder = resolve(".countercheck/bench/growth");

await new Command("bench:growth")
  .description(
    "How the CPU time of an event grows: with open keys, columns that are not read, the size of rows, workers, and a hot key.",
  )
  .option("--events <n>", "events that are measured", "200000")
  .option("--open-keys <numbers>", "keys that wait all the time", "10000,100000,1000000")
  .option("--columns <numbers>", "columns of the tables, of which six are read", "8,50,200")
  .option("--row-bytes <numbers>", "size of the rows", "300,3000,30000,1000000")
  .option("--workers <numbers>", "workers, each in a thread", "1,2")
  .option("--hot <parts>", "part of the traffic that one key has", "0,0.3")
  .option("--log-mb <n>", "most that is written for one case, in MB: of large rows there are fewer", "500")
  .option("--only <kinds>", "some: open-keys, columns, row-bytes, workers, hot-key")
  .option("--json", "one JSON document on stdout")
  .option("--case <file>", "measures one case in this process")
  .action(main)
  .parseAsync();

async function main(options: Options): Promise<void> {
  if (options.case !== undefined) return measureHere(options.case);
  const kinds = options.only?.split(",");
  const cases = casesOf(sizesOf(options));
  const rows: Row[] = [];
  for (const each of cases.filter(({ name }) => kinds === undefined || kinds.some((kind) => name.startsWith(kind)))) {
    process.stderr.write(`${each.name} …\n`);
    const load = Number(loadavg()[0]!.toFixed(1));
    const figures = await measureApart(each);
    const base = each.name === each.base ? figures : rows.find(({ name }) => name === each.base);
    const ratio = base && Number((figures.cpuMicroseconds / base.cpuMicroseconds).toFixed(2));
    rows.push({ name: each.name, ...figures, ratio, load });
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ machine: thisMachine(), rows })}\n`);
  else {
    console.log(JSON.stringify(thisMachine()));
    console.table(Object.fromEntries(rows.map(({ name, ...row }) => [name, row])));
  }
  if (rows.some(({ isRight }) => !isRight)) process.exitCode = 1;
}

function sizesOf({ events, openKeys, columns, rowBytes, workers, hot, logMb }: Options) {
  const numbers = (text: string) => text.split(",").map(Number);
  return {
    events: Number(events),
    openKeys: numbers(openKeys),
    columns: numbers(columns),
    rowBytes: numbers(rowBytes),
    workers: numbers(workers),
    hot: numbers(hot),
    logBytes: Number(logMb) * 1e6,
  };
}

/** In a process of its own, so that its memory and its compiled code are its own; what it reads is written before. */
async function measureApart(each: GrowthCase): Promise<GrowthFigures> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const traffic = await writeTraffic(join(folder, "log"), each.traffic);
  const file = join(folder, "case.json");
  writeFileSync(file, JSON.stringify({ each, traffic }));
  const args = [...process.execArgv, import.meta.filename, "--case", file];
  const child = spawnSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  rmSync(folder, { recursive: true, force: true });
  if (child.status !== 0) throw new Error(`${each.name} ended with ${child.status ?? child.signal}`);
  return JSON.parse(child.stdout) as GrowthFigures;
}

async function measureHere(file: string): Promise<void> {
  boundGarbage();
  const { each, traffic } = JSON.parse(readFileSync(file, "utf8")) as { each: GrowthCase; traffic: Traffic };
  const figures = await runCase(folder, each, traffic);
  process.stdout.write(JSON.stringify({ ...figures, peakMemoryMb: peakMemoryMb() }));
}
