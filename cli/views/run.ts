import { join } from "node:path";
import { formatTime } from "../../base/time.ts";
import type { NotificationCounts, SuspensionEntry } from "../../connectors/desk/records.ts";
import { amountsText } from "../amounts.ts";
import { outcomeOf, reasonsOf } from "../outcome.ts";
import type { RunResult } from "../run-request.ts";
import { grouped, printable, table } from "../table.ts";
import type { FinalCount } from "../tally.ts";
import { terminal } from "../terminal.ts";

/** Where a run's results are. */
export interface ResultPlaces {
  /** The output folder. */
  readonly dir: string;
  /** The job's own sinks. */
  readonly sinks: readonly string[];
  /** The option by which evidence is found, where that is not in the output folder. */
  readonly snapshotsAt: string | undefined;
}

/** A run's summary: verdicts by status and class, money at risk, what was met on the way, and what to do next. */
export function runText(job: string, result: RunResult, { dir, sinks, snapshotsAt }: ResultPlaces): string {
  const { bold } = terminal.colors;
  const { events, seconds, tally, metrics, resumedFrom } = result;
  return [
    bold(
      `${job}: ${grouped(events)} changes, ${seconds.toFixed(1)} s${resumedFrom === undefined ? "" : " since it was gone on with"}`,
    ),
    ...(resumedFrom === undefined
      ? []
      : [`  gone on with from checkpoint ${resumedFrom}; counts are of the whole run`]),
    ...metrics.sources.map(({ source, frontier }) => `  ${source} read through ${formatTime(frontier)}`),
    "",
    ...(result.isComplete
      ? finalsTable(tally.finals(), sinks)
      : [
          `Stopped: the next run goes on from here${sinks.length > 0 ? "" : ", and final verdicts come at the end"}.`,
          "",
        ]),
    ...sinksLine(dir, sinks),
    `Money alerts   ${grouped(tally.alerts)} opened, ${grouped(tally.openAlerts)} open at the end`,
    `Dead letters   ${grouped(tally.faults)} in this run, ${grouped(result.openDeadLetters.all)} to be decided`,
    ...notificationsLine(result.notifications),
    ...result.openSuspensions.map(suspensionLine),
    ...tally.engineAlerts().map((alert) => printable(`Engine alert   ${alert.code}: ${alert.message}`)),
    ...outcomeLine(result),
    ...nextSteps(result, dir, snapshotsAt ?? `--dir ${dir}`),
  ].join("\n");
}

/** Where nobody is told of alerts, there is nothing to say. */
function notificationsLine(counts: NotificationCounts): string[] {
  const parts = Object.entries(counts).map(([state, count]) => `${grouped(count)} ${state}`);
  return parts.length === 0 ? [] : [`Notifications  ${parts.join(", ")}`];
}

/** A job that has only sinks is not told that it has no verdicts. */
function finalsTable(finals: readonly FinalCount[], sinks: readonly string[]): string[] {
  if (finals.length === 0) return sinks.length > 0 ? [] : ["No final verdicts: no check saw a row.", ""];
  const counts = table(
    [
      { title: "check" },
      { title: "verdict" },
      { title: "class" },
      { title: "keys", align: "right" },
      { title: "money at risk" },
    ],
    finals.map(({ check, status, class: cause, baseline, count, atRisk }) => {
      const what = cause === null ? "" : baseline ? `${cause} (baseline)` : cause;
      return [check, status, what, grouped(count), status === "fail" ? amountsText(atRisk.toRecord()) : ""];
    }),
  );
  return [counts, ""];
}

function sinksLine(dir: string, sinks: readonly string[]): string[] {
  if (sinks.length === 0) return [];
  return [printable(`Rows           ${[...new Set(sinks)].join(", ")}: JSON lines in ${join(dir, "sinks")}`)];
}

function suspensionLine({ source, table: name, checks, cause, time }: SuspensionEntry): string {
  const waiting = checks.filter((check) => check.state === "open").map((check) => check.check);
  return printable(`Suspended      ${waiting.join(", ")} since ${formatTime(time)}: ${cause} of ${source}.${name}`);
}

function outcomeLine(result: RunResult): string[] {
  const reasons = reasonsOf(outcomeOf(result));
  return reasons.length === 0 ? [] : ["", terminal.colors.bold(`Not all is well: ${reasons.join("; ")}.`)];
}

function nextSteps({ tally, openDeadLetters, openSuspensions }: RunResult, dir: string, snapshotsAt: string): string[] {
  const { cyan } = terminal.colors;
  const steps: string[] = [];
  const step = (what: string, command: string, at = `--dir ${dir}`) =>
    steps.push(`${what}:`, cyan(`  npx countercheck ${command} ${at}`));
  if (tally.openAlerts > 0) step("See the alerts", "alerts list");
  if (tally.verdicts > 0) step("See the evidence", "snapshots scan", snapshotsAt);
  if (openDeadLetters.all > 0) step("Decide about the dead letters", "dead-letters list");
  const [suspended] = openSuspensions.flatMap(({ checks }) => checks.filter((check) => check.state === "open"));
  const isBroken = openSuspensions.some(({ cause }) => cause === "breaking-change");
  const goOn = isBroken
    ? "Mend the model's mapping and run again, or let a check go on without it"
    : "Let a check go on";
  if (suspended !== undefined) step(goOn, `checks resume ${suspended.check} --note WHY`);
  return steps.length === 0 ? [] : ["", ...steps];
}
