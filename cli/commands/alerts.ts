import type { Command } from "commander";
import { displayKey } from "../../base/key.ts";
import { formatDuration, formatTime } from "../../base/time.ts";
import { Desk } from "../../connectors/desk/desk.ts";
import {
  type AlertQuery,
  type AlertState,
  MAX_ROWS,
  type MoneyAlert,
  type SeenEngineAlert,
} from "../../connectors/desk/records.ts";
import { between, choice, classOption, currency, dirOption } from "../options.ts";
import { outputPaths } from "../outputs.ts";
import { grouped, printable, shortTime, table } from "../table.ts";
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
    .addHelpText("after", EXAMPLES)
    .command("list")
    .description("money alerts, the last changed first, and engine alerts")
    .addOption(dirOption())
    .addOption(choice("--state <state>", "which money alerts", ["open", "resolved", "all"]).default("open"))
    .option("--check <uid>", "only this check")
    .addOption(classOption())
    .option("--currency <code>", "only this currency", currency)
    .option("--limit <n>", `alerts wanted, ${grouped(MAX_ROWS)} at most`, between(1, MAX_ROWS), 50)
    .option("--json", "JSON on stdout")
    .addHelpText("after", EXAMPLES)
    .action(list);
}

function list({ dir, state, json, ...query }: ListOptions): void {
  const desk = new Desk(outputPaths.desk(dir));
  const alerts = desk.alerts({ ...query, ...(state === "all" ? {} : { state }) });
  const engineAlerts = desk.engineAlerts({ limit: query.limit });
  const known = countsOf(desk, query);
  const all = countsOf(desk, {});
  desk.close();
  if (json) return terminal.printJson({ alerts, engineAlerts });
  const text = alerts.length === 0 ? noneText(known, all) : moneyText(alerts, state, known);
  terminal.print([text, ...engineAlerts.map(engineLine)].join("\n"));
}

/** How many money alerts there are by state, as far as a desk counts. */
type Counts = Readonly<Record<AlertState, string>>;

function countsOf(desk: Desk, { check, class: cause, currency: code }: Omit<AlertQuery, "limit">): Counts {
  const narrowed = {
    ...(check === undefined ? {} : { check }),
    ...(cause === undefined ? {} : { class: cause }),
    ...(code === undefined ? {} : { currency: code }),
  };
  const countOf = (state: AlertState) => {
    const { length } = desk.alerts({ ...narrowed, state, limit: MAX_ROWS });
    return length < MAX_ROWS ? grouped(length) : `${grouped(length)} or more`;
  };
  return { open: countOf("open"), resolved: countOf("resolved") };
}

function noneText(known: Counts, all: Counts): string {
  if (all.open === "0" && all.resolved === "0") return "No money alerts.";
  const text = `None match; ${countsText(all)} in all.`;
  const isEmpty = known.open === "0" && known.resolved === "0";
  return isEmpty ? text : `${text} In the other state: ${countsText(known)}; --state all shows them.`;
}

function countsText({ open, resolved }: Counts): string {
  return `${open} are open, ${resolved} resolved`;
}

function moneyText(alerts: readonly MoneyAlert[], state: ListOptions["state"], known: Counts): string {
  const titles = ["changed", "state", "check", "class", "key"].map((title) => ({ title }));
  const rows = alerts.map((alert) => [
    shortTime(alert.changedAt),
    alert.state,
    alert.check,
    alert.class,
    displayKey(alert.key),
    `${alert.atRisk} ${alert.currency}`,
    alert.dueAt === null ? "" : shortTime(alert.dueAt),
    alert.lateByMs === null ? "" : formatDuration(alert.lateByMs),
  ]);
  const columns = [...titles, { title: "at risk", align: "right" } as const, { title: "due" }, { title: "late by" }];
  return `${table(columns, rows)}\n\n${footer(alerts.length, state, known)}`;
}

/** `50 of 154 open, 67 resolved`, and which options show the others. */
function footer(shown: number, state: ListOptions["state"], { open, resolved }: Counts): string {
  if (state === "all")
    return `${grouped(shown)} shown of ${open} open and ${resolved} resolved; --limit shows more or fewer.`;
  const [wanted, other, others] = state === "open" ? [open, resolved, "resolved"] : [resolved, open, "open"];
  return `${grouped(shown)} of ${wanted} ${state}, ${other} ${others}; --limit shows more or fewer, --state all both.`;
}

function engineLine({ code, count, lastSeen, message }: SeenEngineAlert): string {
  return printable(`Engine alert ${code}, seen ${count} times, last at ${formatTime(lastSeen)}: ${message}`);
}
