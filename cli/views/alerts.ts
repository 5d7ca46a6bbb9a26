import { displayKey } from "../../base/key.ts";
import { formatDuration, formatTime } from "../../base/time.ts";
import type {
  AlertHistory,
  AlertState,
  MoneyAlert,
  NotificationEntry,
  SeenEngineAlert,
} from "../../connectors/desk/records.ts";
import { grouped, printable, shortTime, table } from "../table.ts";

/** How many money alerts there are in each state that there is. */
export type AlertCounts = Partial<Readonly<Record<AlertState, number>>>;

/** The states of an alert, as they are told to people. */
export const ALERT_STATES = ["open", "warning", "acknowledged", "snoozed", "accepted", "resolved"] as const;

/** A table of money alerts, and how many there are besides; `known` counts those that match but for their state. */
export function alertsText(
  alerts: readonly MoneyAlert[],
  state: AlertState | "all",
  known: AlertCounts,
  all: AlertCounts,
): string {
  if (alerts.length > 0) return `${alertTable(alerts)}\n\n${footer(alerts.length, state, known)}`;
  if (total(all) === 0) return "No money alerts.";
  const text = `None match; ${countsText(all)} in all.`;
  return total(known) === 0 ? text : `${text} In the other states: ${countsText(known)}; --state all shows them.`;
}

/** Engine alerts, each on a line. */
export function engineAlertLines(alerts: readonly SeenEngineAlert[]): string[] {
  return alerts.map(({ code, count, lastSeen, message }) =>
    printable(`Engine alert ${code}, seen ${count} times, last at ${formatTime(lastSeen)}: ${message}`),
  );
}

/** What could not be told, on a line; none where all was. */
export function untoldLines(counts: Partial<Record<NotificationEntry["state"], number>>): string[] {
  const givenUp = counts["given-up"] ?? 0;
  if (givenUp === 0) return [];
  return [`${grouped(givenUp)} notifications were given up: countercheck notifications list --state given-up`];
}

/** All of one alert. */
export function alertText(alert: MoneyAlert): string {
  const { handling, note, dueAt, lateByMs } = alert;
  const facts: [string, string][] = [
    ["alert", alert.id],
    ["state", stateText(alert)],
    ["check", alert.check],
    ["class", alert.class],
    ["key", displayKey(alert.key)],
    ...(alert.period === "" ? [] : ([["period", alert.period]] as [string, string][])),
    ["at risk", `${alert.atRisk} ${alert.currency}`],
    ...(note === null ? [] : ([["what", note]] as [string, string][])),
    ["opened", `${shortTime(alert.openedAt)}, changed ${shortTime(alert.changedAt)}`],
    ...(dueAt === null ? [] : ([["due", shortTime(dueAt)]] as [string, string][])),
    ...(lateByMs === null ? [] : ([["late by", formatDuration(lateByMs)]] as [string, string][])),
    ["evidence", `changed ${alert.updates} times, the same ${alert.repeats} times; ${verdictText(alert)}`],
    ...(handling === null || handling.note === "" ? [] : ([["note", handling.note]] as [string, string][])),
  ];
  return facts.map(([name, value]) => printable(`${name.padEnd(8)}  ${value}`)).join("\n");
}

/** What happened to an alert: what the check said, what people decided, and who was told. */
export function historyText({ alert, steps, decisions, notifications }: AlertHistory): string {
  const said = steps.map(({ time, action, verdictVersion, atRisk, lateByMs }, i) => {
    // A warning, and that there is nothing to warn of any more, come without a verdict.
    const hasVerdict = action !== "warned" && verdictVersion !== (steps[i - 1]?.verdictVersion ?? 0);
    const by = hasVerdict ? ` by verdict ${verdictVersion}` : "";
    const risk = atRisk === null ? "" : `, ${atRisk} ${alert.currency} at risk`;
    const late = lateByMs === null ? "" : `, late by ${formatDuration(lateByMs)}`;
    return [time === null ? "" : shortTime(time), `${action}${by}${risk}${late}`];
  });
  const decided = decisions.map(({ at, decision, until, who, note }) => {
    const end = until === undefined ? "" : ` until ${shortTime(until)}`;
    return [shortTime(at), `${decision}${end} by ${who}${note === "" ? "" : `: ${note}`}`];
  });
  const told = notifications.map(({ settledAt, nextAt, sink, action, state, note }) => {
    const why = note === null ? "" : ` (${note})`;
    return [shortTime(settledAt ?? nextAt), `${action} for ${sink}: ${state}${why}`];
  });
  return [
    printable(`${alert.check}, ${alert.class}, ${displayKey(alert.key)}: ${stateText(alert)}`),
    ...part("The check, in event time", said),
    ...part("People", decided),
    ...part("Notifications", told),
  ].join("\n");
}

/** One line for an alert that somebody decided about. */
export function decidedLine(alert: MoneyAlert): string {
  const { id, check, class: cause, key } = alert;
  return printable(`${id.slice(0, SHORT)}  ${check}, ${cause}, ${displayKey(key)}: ${stateText(alert)}`);
}

/** Of an id, as much as tells alerts apart on a desk. */
const SHORT = 10;

function alertTable(alerts: readonly MoneyAlert[]): string {
  const titles = ["alert", "changed", "state", "check", "class", "key"].map((title) => ({ title }));
  const rows = alerts.map((alert) => [
    alert.id.slice(0, SHORT),
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
  return table(columns, rows);
}

/** `50 of 154 open, 67 resolved`, and which options show the others. */
function footer(shown: number, state: AlertState | "all", known: AlertCounts): string {
  if (state === "all") return `${grouped(shown)} shown of ${countsText(known)}; --limit shows more or fewer.`;
  const { [state]: wanted = 0, ...others } = known;
  const rest = total(others) === 0 ? "" : `, ${countsText(others)}`;
  return `${grouped(shown)} of ${grouped(wanted)} ${state}${rest}; --limit shows more or fewer, --state all all of them.`;
}

/** `12 open, 3 resolved`, those that there are. */
function countsText(counts: AlertCounts): string {
  const parts = ALERT_STATES.flatMap((state) => (counts[state] ? [`${grouped(counts[state])} ${state}`] : []));
  return parts.join(", ");
}

function total(counts: AlertCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function verdictText({ verdictVersion }: MoneyAlert): string {
  return verdictVersion === 0 ? "no verdict yet" : `verdict ${verdictVersion}`;
}

function stateText({ state, handling }: MoneyAlert): string {
  if (handling === null) return state;
  const until = handling.until === null ? "" : ` until ${shortTime(handling.until)}`;
  return `${state}${until} by ${handling.who}, ${shortTime(handling.at)}`;
}

function part(title: string, lines: readonly (readonly string[])[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((cells) => printable(`  ${cells.join("  ")}`))];
}
