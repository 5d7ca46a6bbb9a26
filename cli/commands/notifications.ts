import type { Command } from "commander";
import { raise } from "../../base/errors.ts";
import { systemClock } from "../../base/time.ts";
import { MAX_ROWS, type NotificationEntry, type NotificationState } from "../../connectors/desk/records.ts";
import { deskToDecideAt, deskToLookAt } from "../desk-of.ts";
import { between, choice, dirOption } from "../options.ts";
import { grouped, shortTime, table } from "../table.ts";
import { terminal } from "../terminal.ts";

interface ListOptions {
  readonly dir: string;
  readonly state: NotificationState | "all";
  readonly sink?: string;
  readonly limit: number;
  readonly json?: true;
}

interface RetryOptions {
  readonly dir: string;
  readonly all?: true;
  readonly json?: true;
}

const LIST_EXAMPLES = `
Examples:
  npx countercheck notifications list --dir out
  npx countercheck notifications list --state given-up --sink ops --json --dir out

  waiting   not told yet; the run that goes on, or the next one, tells it
  sent      the sink has taken it
  held      a storm of alerts of its check is told as one instead
  dropped   its alert was over before the source of truth confirmed it
  given-up  the sink did not take it for as long as \`giveUpAfter\` says`;

const RETRY_EXAMPLES = `
Examples:
  npx countercheck notifications retry 3fa9 --dir out
  npx countercheck notifications retry --all --dir out

The run that is going on, or the next one, tells them.`;

/** Adds `countercheck notifications`: who was told of alerts, and who could not be told. */
export function addNotifications(program: Command): void {
  const notifications = program
    .command("notifications")
    .description("look at who was told of alerts, and who could not be told")
    .addHelpText("after", LIST_EXAMPLES);
  notifications
    .command("list")
    .description("notifications, the newest first")
    .addOption(dirOption())
    .addOption(
      choice("--state <state>", "which", ["waiting", "sent", "held", "dropped", "given-up", "all"]).default("all"),
    )
    .option("--sink <name>", "only those for this sink of the configuration")
    .option("--limit <n>", `notifications wanted, ${grouped(MAX_ROWS)} at most`, between(1, MAX_ROWS), 50)
    .option("--json", "JSON on stdout")
    .addHelpText("after", LIST_EXAMPLES)
    .action(list);
  notifications
    .command("retry")
    .description("have notifications sent that were given up")
    .argument("[ids...]", "ids, or how they begin")
    .addOption(dirOption())
    .option("--all", "all that were given up")
    .option("--json", "JSON on stdout")
    .addHelpText("after", RETRY_EXAMPLES)
    .action(retry);
}

function list({ dir, state, sink, limit, json }: ListOptions): void {
  const desk = deskToLookAt(dir);
  const narrowed = { ...(state === "all" ? {} : { state }), ...(sink === undefined ? {} : { sink }) };
  const entries = desk.notifications.list({ ...narrowed, limit });
  const counts = desk.notifications.counts();
  desk.close();
  if (json) terminal.printJson({ notifications: entries, counts });
  else terminal.print(listText(entries, counts));
}

function retry(ids: readonly string[], { dir, all, json }: RetryOptions): void {
  // An empty one, of a shell's variable that is not set, begins all ids.
  if ((ids.length === 0 || ids.includes("")) && all !== true)
    raise("OPTION_INVALID", { option: "ids", value: "nothing", expected: "ids of notifications, or --all" });
  const desk = deskToDecideAt(dir);
  const now = systemClock.now();
  let count = 0;
  for (const id of all === true ? [""] : ids) {
    const found = desk.notifications.retry(id, now);
    if (found === 0 && all !== true) raise("NOTIFICATION_UNKNOWN", { id });
    count += found;
  }
  desk.close();
  if (json) terminal.printJson({ retried: count });
  else
    terminal.print(
      `${grouped(count)} notifications wait again: the run that is going on, or the next one, tells them.`,
    );
}

function listText(entries: readonly NotificationEntry[], counts: Partial<Record<NotificationState, number>>): string {
  const all = Object.entries(counts).map(([state, count]) => `${grouped(count)} ${state}`);
  if (all.length === 0) return "No notifications.";
  const titles = ["id", "queued", "sink", "state", "tries", "check", "what", "alert", "note"];
  const rows = entries.map(({ id, queuedAt, sink, state, attempts, check, action, alert, note }) => {
    const short = [id.slice(0, 12), shortTime(queuedAt), sink, state, String(attempts)];
    return [...short, check ?? "engine", action, alert.slice(0, 12), note ?? ""];
  });
  const columns = titles.map((title) => ({ title, ...(title === "tries" && { align: "right" as const }) }));
  return `${entries.length === 0 ? "None match." : table(columns, rows)}\n\nIn all: ${all.join(", ")}.`;
}
