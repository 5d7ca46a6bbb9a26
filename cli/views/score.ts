import type { ShopTruth } from "../../shop/truth.ts";
import type { Recorder } from "../recorder.ts";
import type { RunResult } from "../run-job.ts";
import type { ClassScore, Score } from "../score.ts";
import { grouped, type TableColumn, table } from "../table.ts";
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
    moneyTable(score),
    "",
    `Verdicts at the end      ${grouped(pass)} pass, ${grouped(fail)} fail, ${grouped(pending)} pending, ${grouped(unobservable)} unobservable`,
    `Counted apart            ${baseline} overdue before the first change (baseline), ${truth.notDue.length} faults not due yet, ${run.tally.engineAlerts().length} engine alerts, ${run.openDeadLetters.all} dead letters`,
    ...troubles(score),
    "",
    ...nextSteps(score, dir),
  ].join("\n");
}

function classTable(score: Score): string {
  const line = (name: string, { injected, found, missed, falseAlarms }: ClassScore) => [
    name,
    ...[injected, found, missed, falseAlarms].map(grouped),
  ];
  const classes = Object.entries(score.byClass).map(([name, counts]) => line(name, counts));
  return table(
    [{ title: "class" }, ...numbers("injected", "found", "missed", "false alarms")],
    [...classes, line("all", score)],
  );
}

/** What the failures that were found say is at risk, by class and currency, over what the shop knows. */
function moneyTable({ byClass, injectedAtRisk, foundAtRisk, foundAtRiskByClass }: Score): string {
  const currencies = Object.keys(injectedAtRisk);
  const line = (name: string, atRisk: Readonly<Record<string, string>> = {}) => [
    name,
    ...currencies.map((code) => atRisk[code] ?? ""),
  ];
  return table(
    [{ title: "money at risk" }, ...numbers(...currencies)],
    [
      ...Object.keys(byClass).map((name) => line(name, foundAtRiskByClass[name])),
      line("all found", foundAtRisk),
      line("injected", injectedAtRisk),
    ],
  );
}

function numbers(...titles: readonly string[]): TableColumn[] {
  return titles.map((title) => ({ title, align: "right" }));
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
  return [...look, "Open alerts:", cyan(`  npx countercheck alerts list --dir ${dir}`)];
}
