import type { Command } from "commander";
import type { Finding } from "../doctor/finding.ts";
import { EXIT } from "../errors.ts";
import { printable } from "../table.ts";
import { terminal } from "../terminal.ts";

interface DoctorOptions {
  readonly config: string;
  readonly job?: readonly string[];
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  npx countercheck doctor --config .countercheck/demo/config.json --job jobs/payment-settlement
  npx countercheck doctor --config countercheck.json --json

Notes say what is good to know; docs/reference/doctor.md lists what can be found, with what follows and what to do.

Exit codes: 0 nothing stands in the way of a run, 1 something does.`;

/** Adds `countercheck doctor`: whether a run would work, and tell the truth. */
export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description("check configuration, logs, connectors, databases, schemas and a job before it runs; changes nothing")
    .requiredOption("--config <file>", "the configuration")
    .option("--job <jobs...>", "jobs to check against the tables, as one run would have them")
    .option("--json", "JSON on stdout")
    .addHelpText("after", EXAMPLES)
    .action(doctor);
}

async function doctor({ config, job, json }: DoctorOptions): Promise<void> {
  // The clients of databases and brokers take a while to load, which the other commands need not wait for.
  const { examine } = await import("../doctor/doctor.ts");
  const findings = await examine(config, job ?? []);
  if (json) terminal.printJson(findings);
  else terminal.print(findings.map(line).join("\n"));
  process.exitCode = findings.some(({ level }) => level === "problem") ? EXIT.failure : EXIT.ok;
}

function line({ level, about, says, follows, remedy }: Finding): string {
  const { green, blue, yellow, red } = terminal.colors;
  const color = { ok: green, note: blue, warning: yellow, problem: red }[level];
  const rest = follows === undefined ? [] : [`What follows: ${follows}`, `What to do: ${remedy}`];
  return [
    `${color(level.padEnd(7))}  ${printable(`${about}: ${says}`)}`,
    ...rest.map((text) => `${INDENT}${printable(text)}`),
  ].join("\n");
}

const INDENT = " ".repeat(9);
