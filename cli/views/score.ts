import type { ShopTruth } from "../../shop/truth.ts";
import type { Recorder } from "../recorder.ts";
import type { RunResult } from "../run-job.ts";
import type { ClassScore, Score } from "../score.ts";
import { grouped, table } from "../table.ts";
import { terminal } from "../terminal.ts";

/** How the demo went. */
export interface DemoResult {
  readonly score: Score;
  readonly run: RunResult;
  readonly truth: ShopTruth;
  readonly recorder: Recorder;
  /** The demo's folder, as commands name it. */
  readonly dir: string;
}

/** What the demo says at its end: the table per class, the money, what else was counted, and what to do next. */
export function scoreText({ score, run, truth, recorder, dir }: DemoResult): string {
  const { bold } = terminal.colors;
  const { pass, fail, pending, unobservable } = recorder.counts();
  const baseline = recorder.finals.filter((final) => final.baseline).length;
  const rate = run.seconds > 0 ? run.events / run.seconds : 0;
  return [
    bold(`${grouped(truth.orders)} orders, ${grouped(truth.records)} change events (seed ${truth.seed})`),
    `checked in ${run.seconds.toFixed(1)} s, ${grouped(rate)} changes/s`,
    "",
    classTable(score),
    "",
    `Verdicts at the end      ${grouped(pass)} pass, ${grouped(fail)} fail, ${grouped(pending)} pending, ${grouped(unobservable)} unobservable`,
    `Counted apart            ${baseline} overdue before the first change (baseline), ${truth.notDue.length} faults not due yet, ${run.tally.engineAlerts().length} engine alerts, ${run.openDeadLetters} dead letters`,
    ...troubles(score),
    "",
    ...nextSteps(score, dir),
  ].join("\n");
}

/** A line per class, the money at risk of what was found in a column per currency. */
function classTable(score: Score): string {
  const currencies = Object.keys(score.injectedAtRisk);
  const line = (name: string, counts: ClassScore, atRisk: Readonly<Record<string, string>> = {}) => {
    const { injected, found, missed, falseAlarms } = counts;
    return [
      name,
      ...[injected, found, missed, falseAlarms].map(grouped),
      ...currencies.map((code) => atRisk[code] ?? ""),
    ];
  };
  const titles = ["injected", "found", "missed", "false alarms", ...currencies.map((code) => `${code} at risk`)];
  return table(
    [{ title: "class" }, ...titles.map((title) => ({ title, align: "right" }) as const)],
    [
      ...Object.entries(score.byClass).map(([name, counts]) => line(name, counts, score.foundAtRiskByClass[name])),
      line("all found", score, score.foundAtRisk),
      ["injected", ...Array(4).fill(""), ...currencies.map((code) => score.injectedAtRisk[code]!)],
    ],
  );
}

const SHOWN = 10;

function troubles({ misses, falseAlarmKeys }: Score): string[] {
  const list = (title: string, names: readonly string[]) =>
    names.length === 0 ? [] : [terminal.colors.red(`${title}: ${names.slice(0, SHOWN).join(", ")}`)];
  return [...list("Missed", misses), ...list("False alarms", falseAlarmKeys)];
}

function nextSteps({ example }: Score, dir: string): string[] {
  const { cyan } = terminal.colors;
  const look =
    example === undefined
      ? []
      : [
          `Look at the evidence of one (${example.class}):`,
          cyan(`  npx countercheck snapshots get ${example.key} --dir ${dir}`),
        ];
  return [...look, "All alerts:", cyan(`  npx countercheck alerts list --dir ${dir}`)];
}
