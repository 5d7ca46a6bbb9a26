import type { ErrorCode } from "../base/error-catalogue.ts";
import { CountercheckError, isError, messageOf } from "../base/errors.ts";
import { fullStack } from "../base/stacks.ts";
import { masked } from "./secrets.ts";
import { printableLines } from "./table.ts";
import { noteColors } from "./terminal.ts";

/** How a command ends. */
export const EXIT = { ok: 0, failure: 1, usage: 2, discrepancies: 3, interrupted: 130 } as const;

/** Errors of how the command was called: the user mends the call, not the data. */
const USAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "CLUSTER_ADDRESS_MISSING",
  "CLUSTER_SAVEPOINT_UNUSABLE",
  "CONFIG_INVALID",
  "CONFIG_NOT_FOUND",
  "CONFIG_SECRET_MISSING",
  "JOB_INVALID",
  "JOB_NAME_INVALID",
  "JOB_NOT_FOR_CLUSTER",
  "JOB_NOT_FOUND",
  "OPTION_INVALID",
  "OUTPUT_OVERLAPS_INPUT",
  "SAVEPOINT_MISPLACED",
  "SAVEPOINT_NOT_FOUND",
]);

/** Prints an error for people, as one message without secrets, and gives the exit code that goes with it. */
export function report(error: unknown, verbose: boolean): number {
  const code = isError(error) ? error.code : "UNEXPECTED";
  process.stderr.write(`${noteColors.red(`error ${code}:`)} ${printableLines(masked(messageOf(error)))}\n`);
  if (verbose && error instanceof Error) process.stderr.write(`${printableLines(masked(fullStack(error)))}\n`);
  return isError(error) && USAGE.has(error.code) ? EXIT.usage : EXIT.failure;
}

/** Prints that something could not be written, and gives the exit code. */
export function reportUnwritten(path: string, error: Error): number {
  return report(new CountercheckError("FILE_NOT_WRITTEN", { path, reason: error.message }, { cause: error }), false);
}
