import type { ShopTruth } from "../../shop/truth.ts";
import type { Recorder } from "../recorder.ts";
import type { RunResult } from "../run-request.ts";
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

/** What the demo says at its end: the table per class, the money, how the numbers hang together, and what to do next. */
export function scoreText({ score, run, truth, recorder, dir }: DemoResult): string {
  const { bold } = terminal.colors;
  const others = truth.records - run.events;
  return [
    bold(`${countOf(truth.orders, "order")} of a simulated shop (seed ${truth.seed})`),
    `${grouped(truth.records)} records in its log: ${countOf(run.events, "change")} of rows, ${grouped(others)} heartbeats and tombstones`,
    `checked in ${run.seconds.toFixed(1)} s${rateText(run)}`,
    "",
    ...scoreTables(score),
    ...countsText(score, run, truth, recorder),
    ...troubles(score),
    ...nextSteps(score, dir).flatMap((line, i) => (i === 0 ? ["", line] : [line])),
  ].join("\n");
}

function rateText({ events, seconds }: RunResult): string {
  return events > 0 && seconds > 0 ? `, ${grouped(events / seconds)} changes/s` : "";
}

function scoreTables(score: Score): string[] {
  if (score.injected === 0 && score.falseAlarms === 0) {
    return ["Nothing was made to go wrong in so few orders, and no alert was raised.", ""];
  }
  return [classTable(score), "", moneyTable(score), ""];
}

/** How what was found, what alerts and what fails belong together. */
function countsText(score: Score, run: RunResult, truth: ShopTruth, recorder: Recorder): string[] {
  const { pass, fail, pending, unobservable } = recorder.counts();
  const baseline = recorder.finals.filter((final) => final.baseline && final.status === "fail").length;
  const engineAlerts = run.tally.engineAlerts().length;
  const found = `Found                    ${grouped(score.found)} = ${grouped(score.open)} open + ${grouped(score.resolved)} resolved by a later record`;
  const fails = `Of these fail            ${grouped(fail)} = ${grouped(fail - baseline)} with an open alert + ${grouped(baseline)} overdue before the log begins (baseline, no alert)`;
  return [
    ...(score.found === 0 ? [] : [found]),
    `Verdicts at the end      ${grouped(pass)} pass, ${grouped(fail)} fail, ${grouped(pending)} pending, ${grouped(unobservable)} unobservable`,
    ...(fail === 0 ? [] : [fails]),
    `Counted apart            ${countOf(truth.notDue.length, "fault")} not due yet, ${countOf(engineAlerts, "engine alert")}, ${countOf(run.openDeadLetters.all, "dead letter")}`,
  ];
}

function countOf(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? "" : "s"}`;
}

function classTable(score: Score): string {
  const line = (name: string, { injected, found, missed, falseAlarms }: ClassScore) => [
    name,
    ...[injected, found, missed, falseAlarms].map(grouped),
  ];
  const classes = Object.entries(score.byClass).map(([name, counts]) => line(name, counts));
  return table(
    [{ title: "check and class" }, ...numbers("injected", "found", "missed", "false alarms")],
    [...classes, line("all", score)],
  );
}

/** What the faults that were found were first said to put at risk, by class and currency, over what the shop knows. */
function moneyTable(score: Score): string {
  const { byClass, injectedAtRisk, foundAtRiskByClass } = score;
  const currencies = Object.keys(injectedAtRisk);
  const withMoney = Object.keys(byClass).filter((name) => Object.keys(foundAtRiskByClass[name] ?? {}).length > 0);
  const line = (name: string, atRisk: Readonly<Record<string, string>> = {}) => [
    name,
    ...currencies.map((code) => atRisk[code] ?? ""),
  ];
  return table(
    [{ title: "money of the faults found" }, ...numbers(...currencies)],
    [
      ...withMoney.map((name) => line(name, foundAtRiskByClass[name])),
      line("all found", score.foundAtRisk),
      line("  of it open", score.openAtRisk),
      line("  of it resolved", score.resolvedAtRisk),
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

function nextSteps({ example, open, falseAlarms }: Score, dir: string): string[] {
  const { cyan } = terminal.colors;
  const look =
    example === undefined
      ? []
      : [
          `Look at the evidence of one (${example.class}):`,
          cyan(`  npx countercheck snapshots get ${example.key} --dir ${dir}`),
        ];
  if (open + falseAlarms === 0) return look;
  return [...look, "Open alerts:", cyan(`  npx countercheck alerts list --dir ${dir}`)];
}
