import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { raise } from "../../base/errors.ts";
import { formatTime } from "../../base/time.ts";
import { readConfig } from "../config.ts";
import { appendToList } from "../json-edit.ts";
import { instant } from "../options.ts";
import { terminal } from "../terminal.ts";
import { writeText } from "../write-text.ts";

interface EpochOptions {
  readonly config: string;
  readonly at: number;
  readonly json?: true;
}

const EXAMPLES = `
Example:
  npx countercheck source new-epoch shop --at 2026-03-05T10:15:00Z --config countercheck.json

The engine alert POSITION_WENT_BACK says at which event time the positions of a source began anew.`;

/** Adds `countercheck source`: what happens to a database and must be known here. */
export function addSource(program: Command): void {
  program
    .command("source")
    .description("tell what happened to a source's database")
    .addHelpText("after", EXAMPLES)
    .command("new-epoch")
    .description("say that a database was failed over or restored, so that its positions began anew")
    .argument("<source>", "the source's name in the configuration")
    .requiredOption("--at <time>", "event time of the first change after it", instant)
    .requiredOption("--config <file>", "the configuration, which is edited in place")
    .option("--json", "JSON on stdout")
    .addHelpText("after", EXAMPLES)
    .action(newEpoch);
}

function newEpoch(name: string, { config: file, at, json }: EpochOptions): void {
  const config = readConfig(file);
  const source = config.sources.find((candidate) => candidate.name === name);
  if (source === undefined) {
    const known = config.sources.map((candidate) => candidate.name).join(", ");
    raise("OPTION_INVALID", { option: "SOURCE", value: name, expected: `one of the sources of ${file}: ${known}` });
  }
  const time = formatTime(at);
  const isKnown = source.epochs?.includes(at) === true;
  if (!isKnown)
    writeText(config.file, appendToList(readFileSync(config.file, "utf8"), ["sources", name, "epochs"], time));
  const epochs = [...(source.epochs ?? []), ...(isKnown ? [] : [at])].sort((a, b) => a - b);
  if (json) return terminal.printJson({ source: name, epochs: epochs.map(formatTime), changed: !isKnown });
  terminal.print(
    isKnown
      ? `${name} has an epoch from ${time} already; ${file} is as it was.`
      : `${name} begins a new epoch at ${time}, number ${epochs.indexOf(at) + 1}; ${file} says so now.`,
  );
  terminal.print("Positions before and after that time are not compared. Run the job again for it to take effect.");
}
