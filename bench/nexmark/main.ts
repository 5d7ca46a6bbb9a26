import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Command } from "commander";
import { boundGarbage } from "../../cli/memory.ts";
import { type Events, readEvents } from "./events.ts";
import { eventFile } from "./generator.ts";
import { QUERIES } from "./queries/index.ts";
import type { Query } from "./query.ts";
import { REFERENCES } from "./reference.ts";
import { report, type Side, type TableRow } from "./report.ts";
import { differenceOf, type ResultRows } from "./result-rows.ts";
import { buildFlink, FLINK_SETUPS, type FlinkSetup, measureAtFlink, resultAtFlink } from "./run-flink.ts";
import { measureHere, resultHere } from "./run-here.ts";
import type { Measured } from "./steady-part.ts";

interface Options {
  readonly query?: string;
  readonly events?: string;
  readonly checkEvents: string;
  readonly setups: string;
  readonly check: boolean;
  readonly json?: true;
  readonly write?: true;
  readonly here?: string;
}

const EVENTS = 2_000_000;

const bench = resolve(".countercheck/bench");
const folder = join(bench, "nexmark");
const ours = join(folder, "here");
const resultsFile = join(import.meta.dirname, "../results/nexmark.md");

await new Command("bench:nexmark")
  .description("Nexmark's queries here and at Flink, in one run: CPU time counts, and the ratio can be trusted.")
  .option("--query <numbers>", "some queries: numbers with commas between them")
  .option("--events <n>", "events that are measured over; default: two or ten million, by query")
  .option("--check-events <n>", "events that results are compared over with a plain computation", "200000")
  .option("--setups <names>", "how Flink is set up: rocksdb, rocksdb-reuse, heap; none for our side only", "rocksdb")
  .option("--no-check", "measure only")
  .option("--json", "one JSON document on stdout")
  .option("--write", "writes bench/results/nexmark.md")
  .option("--here <query>", "measures our side of one query in this process")
  .action(main)
  .parseAsync();

async function main(options: Options): Promise<void> {
  mkdirSync(folder, { recursive: true });
  if (options.here !== undefined) return measureInThisProcess(queryOf(options.here), options);
  const numbers = options.query?.split(",");
  const queries = numbers === undefined ? QUERIES : numbers.map((number) => queryOf(`q${number}`));
  const setups = FLINK_SETUPS.filter(({ name }) => options.setups.split(",").includes(name));
  if (setups.length > 0) buildFlink();
  const machine = { cores: cpus().length, load: Number(loadavg()[0]!.toFixed(2)) };
  const checked = options.check ? readEvents(checkedFile(options)) : undefined;
  const rows: TableRow[] = [];
  for (const query of queries) rows.push(await measureBoth(query, setups, checked, options));
  const text = report(rows, Number(options.checkEvents), machine.load);
  if (options.write) {
    mkdirSync(dirname(resultsFile), { recursive: true });
    writeFileSync(resultsFile, text);
  }
  process.stdout.write(options.json ? `${JSON.stringify({ machine, rows })}\n` : text);
  const isWrong = ({ difference = null }: Side) => difference !== null;
  if (rows.some(({ here, flink }) => isWrong(here) || Object.values(flink).some(isWrong))) process.exitCode = 1;
}

/** One query here and at Flink, one run at a time. Results are compared with what follows from `checked`, if anything. */
async function measureBoth(
  query: Query,
  setups: readonly FlinkSetup[],
  checked: Events | undefined,
  options: Options,
): Promise<TableRow> {
  process.stderr.write(`${query.name}: ${query.title} …\n`);
  const file = checkedFile(options);
  const here: Side = {
    measured: measureApart(query, options),
    ...(checked && { difference: difference(query, await resultHere({ query, events: file, folder: ours }), checked) }),
  };
  const flink: Record<string, Side> = {};
  for (const setup of setups) {
    const run = { query, folder: join(folder, "flink"), setup };
    const measured = await measureAtFlink({ ...run, events: measuredFile(query, options) });
    const isChecked = checked !== undefined && setup === setups[0];
    flink[setup.name] = {
      measured,
      ...(isChecked && { difference: difference(query, await resultAtFlink({ ...run, events: file }), checked) }),
    };
  }
  return { query: query.name, title: query.title, here, flink };
}

function queryOf(name: string): Query {
  const query = QUERIES.find((candidate) => candidate.name === name);
  if (query !== undefined) return query;
  process.stderr.write(`There is no job for ${name}. Jobs: ${QUERIES.map((known) => known.name).join(", ")}\n`);
  process.exit(2);
}

function checkedFile({ checkEvents }: Options): string {
  return eventFile(bench, Number(checkEvents));
}

function measuredFile(query: Query, { events }: Options): string {
  return eventFile(bench, Number(events ?? query.events ?? EVENTS));
}

/** In a process of its own, so that its memory and its compiled code are its own. */
function measureApart(query: Query, options: Options): Measured {
  measuredFile(query, options);
  const events = options.events === undefined ? [] : ["--events", options.events];
  const args = [...process.execArgv, import.meta.filename, "--here", query.name, ...events];
  const child = spawnSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (child.status !== 0) throw new Error(`${query.name} ended with ${child.status ?? child.signal}`);
  return JSON.parse(child.stdout) as Measured;
}

async function measureInThisProcess(query: Query, options: Options): Promise<void> {
  boundGarbage();
  const measured = await measureHere({ query, events: measuredFile(query, options), folder: ours });
  process.stdout.write(JSON.stringify(measured));
}

function difference(query: Query, result: ResultRows, events: Events): string | null {
  return differenceOf(query.compared?.(result) ?? result, REFERENCES[query.name]!(events)) ?? null;
}
