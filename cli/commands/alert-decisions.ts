import { type Command, Option } from "commander";
import { raise } from "../../base/errors.ts";
import { systemClock } from "../../base/time.ts";
import type { AlertChoice } from "../../connectors/desk/records.ts";
import { deskToDecideAt } from "../desk-of.ts";
import { dirOption, duration, instant } from "../options.ts";
import { terminal } from "../terminal.ts";
import { decidedLine } from "../views/alerts.ts";

interface DecideOptions {
  readonly dir: string;
  readonly note?: string;
  readonly json?: true;
}

interface SnoozeOptions extends DecideOptions {
  readonly for?: number;
  readonly until?: number;
}

const DETAILS = {
  acknowledge: {
    says: "say that somebody sees to alerts",
    example: 'acknowledge 3fa9 77c01 --note "asked the bank" --dir out',
    after: "It stays so while its evidence changes, until it is resolved.",
  },
  snooze: {
    says: "leave alerts alone for a while",
    example: "snooze 3fa9 --for 4h --dir out",
    after: "It comes back by itself, and is told again, if it is still open then. That it is resolved is told at once.",
  },
  accept: {
    says: "have alerts stand as they are; with a note",
    example: 'accept 3fa9 --note "written off, see FIN-204" --dir out',
    after: "It opens again when its evidence changes. The same again only counts.",
  },
  reopen: {
    says: "take back what was said of alerts",
    example: 'reopen 3fa9 --note "the bank knows nothing of it" --dir out',
    after: "What is resolved opens by itself when it breaks again.",
  },
} as const;

/** Adds what people say of alerts. */
export function addAlertDecisions(alerts: Command): void {
  decision(alerts, "acknowledge", "acknowledged");
  snooze(alerts);
  decision(alerts, "accept", "accepted");
  decision(alerts, "reopen", "reopened");
}

function decision(alerts: Command, name: "acknowledge" | "accept" | "reopen", decided: AlertChoice["decision"]): void {
  const command = base(alerts, name);
  const note = new Option("--note <text>", "why; it is kept");
  command.addOption(name === "accept" ? note.makeOptionMandatory() : note);
  command.action((ids: string[], options: DecideOptions) => decide(ids, { decision: decided }, options));
}

function snooze(alerts: Command): void {
  base(alerts, "snooze")
    .addOption(new Option("--for <duration>", "such as 30m, 4h or 2d").argParser(duration).conflicts("until"))
    .option("--until <time>", "such as 2026-03-02T10:15:00Z", instant)
    .option("--note <text>", "why; it is kept")
    .action((ids: string[], options: SnoozeOptions) => {
      const now = systemClock.now();
      const until = options.until ?? (options.for === undefined ? undefined : now + options.for);
      if (until === undefined || until <= now) {
        const value = until === undefined ? "nothing" : new Date(until).toISOString();
        raise("OPTION_INVALID", { option: "--until", value, expected: "a time to come, or --for with a duration" });
      }
      decide(ids, { decision: "snoozed", until }, options);
    });
}

function base(alerts: Command, name: keyof typeof DETAILS): Command {
  const { says, example, after } = DETAILS[name];
  return alerts
    .command(name)
    .description(says)
    .argument("<ids...>", "ids of alerts, or how they begin")
    .addOption(dirOption())
    .option("--json", "JSON on stdout")
    .addHelpText("after", `\nExample:\n  npx countercheck alerts ${example}\n\n${after}`);
}

function decide(ids: readonly string[], choice: Omit<AlertChoice, "note">, { dir, note = "", json }: DecideOptions) {
  const desk = deskToDecideAt(dir);
  const alerts = desk.handling.decide(ids, { ...choice, note }, systemClock.now());
  desk.close();
  if (json) terminal.printJson(alerts);
  else terminal.print(alerts.map(decidedLine).join("\n"));
}
