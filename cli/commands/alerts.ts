import type { Command } from "commander";
import { type AlertState, MAX_ROWS } from "../../connectors/desk/records.ts";
import { deskToLookAt } from "../desk-of.ts";
import { between, choice, classOption, currency, dirOption } from "../options.ts";
import { grouped } from "../table.ts";
import { terminal } from "../terminal.ts";
import { ALERT_STATES, alertsText, alertText, engineAlertLines, historyText, untoldLines } from "../views/alerts.ts";
import { addAlertDecisions } from "./alert-decisions.ts";

interface ListOptions {
  readonly dir: string;
  readonly state: AlertState | "all";
  readonly check?: string;
  readonly class?: string;
  readonly currency?: string;
  readonly limit: number;
  readonly json?: true;
}

interface ShowOptions {
  readonly dir: string;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  npx countercheck alerts list --dir .countercheck/demo
  npx countercheck alerts list --state all --class missing --currency EUR --limit 100 --json --dir out
  npx countercheck alerts acknowledge 3fa9 77c01 --note "asked the bank" --dir out
  npx countercheck alerts snooze 3fa9 --for 4h --dir out`;

const SHOW_EXAMPLE = `
Example:
  npx countercheck alerts history 3fa9 --dir out`;

/** Adds `countercheck alerts`: alerts of money and of the engine, and what is done about them. */
export function addAlerts(program: Command): void {
  const alerts = program
    .command("alerts")
    .description("look at the alerts, and say what is done about them")
    .addHelpText("after", EXAMPLES);
  alerts
    .command("list")
    .description("money alerts, the last changed first, and engine alerts")
    .addOption(dirOption())
    .addOption(choice("--state <state>", "which money alerts", [...ALERT_STATES, "all"]).default("open"))
    .option("--check <uid>", "only this check")
    .addOption(classOption())
    .option("--currency <code>", "only this currency", currency)
    .option("--limit <n>", `alerts wanted, ${grouped(MAX_ROWS)} at most`, between(1, MAX_ROWS), 50)
    .option("--json", "JSON on stdout")
    .addHelpText("after", EXAMPLES)
    .action(list);
  withId(alerts, "show", "all about one alert", show);
  withId(alerts, "history", "what the check said of an alert, what people decided, and who was told", history);
  addAlertDecisions(alerts);
}

function withId(
  alerts: Command,
  name: string,
  description: string,
  action: (id: string, options: ShowOptions) => void,
): void {
  alerts
    .command(name)
    .description(description)
    .argument("<id>", "its id, or how that begins")
    .addOption(dirOption())
    .option("--json", "JSON on stdout")
    .addHelpText("after", SHOW_EXAMPLE.replace("history", name))
    .action(action);
}

function list({ dir, state, json, ...query }: ListOptions): void {
  const desk = deskToLookAt(dir);
  const { limit, ...narrowed } = query;
  const alerts = desk.alerts({ ...query, ...(state === "all" ? {} : { state }) });
  const engineAlerts = desk.engineAlerts({ limit });
  const [known, all] = [desk.alertCounts(narrowed), desk.alertCounts()];
  const notifications = desk.notifications.counts();
  desk.close();
  if (json) return terminal.printJson({ alerts, counts: known, engineAlerts, notifications });
  const rest = [...engineAlertLines(engineAlerts), ...untoldLines(notifications)];
  terminal.print([alertsText(alerts, state, known, all), ...rest].join("\n"));
}

function show(id: string, { dir, json }: ShowOptions): void {
  const desk = deskToLookAt(dir);
  const { alert } = desk.alertHistory(id);
  desk.close();
  if (json) terminal.printJson(alert);
  else terminal.print(alertText(alert));
}

function history(id: string, { dir, json }: ShowOptions): void {
  const desk = deskToLookAt(dir);
  const found = desk.alertHistory(id);
  desk.close();
  if (json) terminal.printJson(found);
  else terminal.print(historyText(found));
}
