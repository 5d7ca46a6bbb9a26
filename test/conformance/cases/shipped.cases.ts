import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Job } from "../../../checks/job.ts";
import { modelsOf } from "../../../dataflow/graph.ts";
import type { GoldenLine } from "../../support/golden-job.ts";
import type { ConformanceCase, Expected, Step } from "../format.ts";
import { alertsOf, timeText } from "../outcome.ts";
import { shipped, shippedJob } from "./shipped.job.ts";

/** A line of `expected.txt`: time, check, key, and what is said of it. */
const LINE = /^(\S+) (\S+) (.*?) (v\d+: .*| {2}alert .*)$/;

/** The jobs that ship, together, over all of their golden inputs, which are of the same two databases. */
export const shippedCase: ConformanceCase = {
  name: "the jobs that ship",
  job: shippedJob,
  splits: 1,
  parts: quartersOf(shipped.flatMap(stepsOf).sort((left, right) => timeOf(left) - timeOf(right))),
  expected: Object.assign({}, ...shipped.map(expectedOf)) as Expected,
};

/** Quarters of the steps, each read to the time of the next. */
function quartersOf(steps: readonly Step[]): ConformanceCase["parts"] {
  const quarter = (index: number): Step[] => {
    const [from, to] = [index, index + 1].map((at) => Math.floor((at * steps.length) / 4)) as [number, number];
    const next = steps[to];
    const proof = next === undefined ? [] : [{ beat: new Date(timeOf(next) - 1).toISOString() }];
    return [...steps.slice(from, to), ...proof];
  };
  return [quarter(0), quarter(1), quarter(2), quarter(3)];
}

function stepsOf(job: Job): Step[] {
  const tables = modelsOf(job.graph()).flatMap((model) => (model.writes?.of ?? model).from);
  return linesOf(job, "input.jsonl").map((text): Step => {
    const line = JSON.parse(text) as GoldenLine;
    if ("end" in line) return { beat: line.end };
    if ("commit" in line) return line;
    return { ...line, source: tables.find(({ table }) => table === line.table)!.source };
  });
}

function timeOf(step: Step): number {
  return Date.parse("beat" in step ? step.beat : step.at);
}

function expectedOf(job: Job): Expected {
  const expected: Record<string, Record<string, string[]>> = {};
  for (const line of linesOf(job, "expected.txt")) {
    const [, time, check, key, what] = LINE.exec(line)!;
    const output = what!.startsWith("v") ? check! : alertsOf(check!);
    expected[output] ??= {};
    expected[output][key!] ??= [];
    expected[output][key!]!.push(`${timeText(Date.parse(time!))} ${what!.trimStart()}`);
  }
  return expected;
}

function linesOf(job: Job, file: string): string[] {
  const path = join(import.meta.dirname, "../../../jobs", job.name, "golden", file);
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
}
