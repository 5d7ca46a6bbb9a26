import type { Command } from "commander";
import { displayKey } from "../../base/key.ts";
import { formatDuration, formatTime } from "../../base/time.ts";
import { Desk } from "../../connectors/desk/desk.ts";
import type { AlertState, MoneyAlert, SeenEngineAlert } from "../../connectors/desk/records.ts";
import { choice, dirOption, positive } from "../options.ts";
import { outputPaths } from "../outputs.ts";
import { printable, table } from "../table.ts";
import { terminal } from "../terminal.ts";

interface ListOptions {
  readonly dir: string;
  readonly state: AlertState | "all";
  readonly check?: string;
  readonly class?: string;
  readonly currency?: string;
  readonly limit: number;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  npx countercheck alerts list --dir .countercheck/demo
  npx countercheck alerts list --state all --class missing --currency EUR --limit 100 --json --dir out`;

/** Adds `countercheck alerts`: alerts of money, and of the engine. */
export function addAlerts(program: Command): void {
  program
    .command("alerts")
    .description("look at the alerts")
    .command("list")
    .description("money alerts, the last changed first, and engine alerts")
    .addOption(dirOption())
    .addOption(choice("--state <state>", "which money alerts", ["open", "resolved", "all"]).default("open"))
    .option("--check <uid>", "only this check")
    .option("--class <class>", "only this class")
    .option("--currency <code>", "only this currency")
    .option("--limit <n>", "alerts wanted", positive, 50)
    .option("--json", "JSON on stdout")
    .addHelpText("after", EXAMPLES)
    .action(list);
}

function list({ dir, state, json, ...query }: ListOptions): void {
  const desk = new Desk(outputPaths.desk(dir));
  const alerts = desk.alerts({ ...query, ...(state === "all" ? {} : { state }) });
  const engineAlerts = desk.engineAlerts({ limit: query.limit });
  desk.close();
  if (json) terminal.printJson({ alerts, engineAlerts });
  else terminal.print([moneyText(alerts), ...engineAlerts.map(engineLine)].join("\n"));
}

function moneyText(alerts: readonly MoneyAlert[]): string {
  if (alerts.length === 0) return "No money alerts.";
  const titles = ["changed", "state", "check", "class", "key"].map((title) => ({ title }));
  return table(
    [...titles, { title: "at risk", align: "right" }, { title: "due" }, { title: "late by" }],
    alerts.map((alert) => [
      formatTime(alert.changedAt),
      alert.state,
      alert.check,
      alert.class,
      displayKey(alert.key),
      `${alert.atRisk} ${alert.currency}`,
      alert.dueAt === null ? "" : formatTime(alert.dueAt),
      alert.lateByMs === null ? "" : formatDuration(alert.lateByMs),
    ]),
  );
}

function engineLine({ code, count, lastSeen, message }: SeenEngineAlert): string {
  return printable(`Engine alert ${code}, seen ${count} times, last at ${formatTime(lastSeen)}: ${message}`);
}
