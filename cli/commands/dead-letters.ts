import type { Command } from "commander";
import { formatTime, systemClock } from "../../base/time.ts";
import { type DeadLetterState, type DeadLetterSummary, MAX_ROWS } from "../../connectors/desk/records.ts";
import { deskToDecideAt, deskToLookAt } from "../desk-of.ts";
import { between, choice, dirOption } from "../options.ts";
import { redecode } from "../redecode.ts";
import { grouped, printable, table } from "../table.ts";
import { terminal } from "../terminal.ts";

interface ListOptions {
  readonly dir: string;
  readonly state: DeadLetterState | "all";
  readonly limit: number;
  readonly json?: true;
}

interface DecideOptions {
  readonly dir: string;
  readonly note?: string;
  readonly config?: string;
  readonly job?: string;
  readonly json?: true;
}

const GROUP_EXAMPLES = `
Examples:
  npx countercheck dead-letters list --dir out
  npx countercheck dead-letters replay maria.shop.payments/0/17 --dir out`;

const LIST_EXAMPLES = `
Examples:
  npx countercheck dead-letters list --dir out
  npx countercheck dead-letters list --state all --json --dir out

A record in state \`read\` was never decided about, but a later run could use it, for instance because a schema was registered.`;

const REPLAY_EXAMPLES = `
Examples:
  npx countercheck dead-letters replay maria.shop.payments/0/17 --dir out
  npx countercheck dead-letters replay maria.shop.payments/0/17 --config countercheck.json --job my-job.ts --dir out

The next run reads the record again. If it still cannot be used, it is open again. With --config it is tried at once, as far
as the table goes; with --job too, as the job's models read it.`;

const DISCARD_EXAMPLES = `
Example:
  npx countercheck dead-letters discard maria.shop.payments/0/17 --note "test row, see OPS-12" --dir out

Runs, also the one that is going on, do without the record: what it hid is judged again.`;

/** Adds `countercheck dead-letters`: records that could not be used, and what becomes of them. */
export function addDeadLetters(program: Command): void {
  const letters = program
    .command("dead-letters")
    .description("decide about records that could not be used")
    .addHelpText("after", GROUP_EXAMPLES);
  letters
    .command("list")
    .description("records that could not be used")
    .addOption(dirOption())
    .addOption(choice("--state <state>", "which", ["open", "replayed", "discarded", "read", "all"]).default("open"))
    .option("--limit <n>", `records wanted, ${grouped(MAX_ROWS)} at most`, between(1, MAX_ROWS), 50)
    .option("--json", "JSON on stdout")
    .addHelpText("after", LIST_EXAMPLES)
    .action(list);
  letters
    .command("replay")
    .description("have a record read again by the next run")
    .argument("<id>", "topic/partition/offset")
    .addOption(dirOption())
    .option("--note <text>", "why")
    .option("--config <file>", "try it at once, with this configuration")
    .option("--job <job>", "and with this job's models")
    .option("--json", "JSON on stdout")
    .addHelpText("after", REPLAY_EXAMPLES)
    .action(replay);
  letters
    .command("discard")
    .description("do without a record")
    .argument("<id>", "topic/partition/offset")
    .addOption(dirOption())
    .requiredOption("--note <text>", "why; it is kept")
    .option("--json", "JSON on stdout")
    .addHelpText("after", DISCARD_EXAMPLES)
    .action(discard);
}

function list({ dir, state, limit, json }: ListOptions): void {
  const desk = deskToLookAt(dir);
  const letters = desk.deadLetters({ limit, ...(state === "all" ? {} : { state }) });
  desk.close();
  if (json) terminal.printJson(letters);
  else terminal.print(lettersText(letters));
}

async function replay(id: string, options: DecideOptions): Promise<void> {
  const { dir, note = "", config, job } = options;
  const desk = deskToDecideAt(dir);
  const letter = desk.get(id);
  const outcome = config === undefined ? null : await redecode(letter, config, job);
  desk.decide(id, "replayed", note, systemClock.now());
  desk.close();
  if (options.json) return terminal.printJson({ id, decision: "replayed", outcome });
  if (outcome !== null)
    terminal.print(outcome.usable ? `${id} can be used now.` : printable(`${id} still fails: ${outcome.reason}`));
  terminal.print(`${id} will be read again by the next run.`);
}

function discard(id: string, { dir, note = "", json }: DecideOptions): void {
  const desk = deskToDecideAt(dir);
  desk.decide(id, "discarded", note, systemClock.now());
  desk.close();
  if (json) terminal.printJson({ id, decision: "discarded", note });
  else terminal.print(`${id} is discarded: what it hid is judged without it.`);
}

function lettersText(letters: readonly DeadLetterSummary[]): string {
  if (letters.length === 0) return "No dead letters.";
  const titles = ["id", "state", "recorded", "table", "row", "code", "what is wrong"];
  return table(
    titles.map((title) => ({ title })),
    letters.map(({ id, state, recordedAt, source, table: name, row, code, message }) => {
      return [id, state, formatTime(recordedAt), `${source}.${name}`, row ?? "", code, message];
    }),
  );
}
