import type { ShopTruth } from "../../shop/truth.ts";
import { amountsText } from "../amounts.ts";
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
    `Money at risk   injected: ${amountsText(score.injectedAtRisk)}`,
    `                   found: ${amountsText(score.foundAtRisk)}`,
    `Verdicts at the end      ${grouped(pass)} pass, ${grouped(fail)} fail, ${grouped(pending)} pending, ${grouped(unobservable)} unobservable`,
    `Counted apart            ${baseline} overdue before the first change (baseline), ${truth.notDue.length} faults not due yet, ${run.tally.engineAlerts().length} engine alerts, ${run.openDeadLetters} dead letters`,
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
  const titles = ["injected", "found", "missed", "false alarms"];
  return table(
    [{ title: "class" }, ...titles.map((title) => ({ title, align: "right" }) as const)],
    [...Object.entries(score.byClass).map(([name, counts]) => line(name, counts)), line("all", score)],
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
