import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { raise } from "../base/errors.ts";
import type { Account } from "./account.ts";
import { logOf, tailOf } from "./process.ts";

/** Runs a program that sets up a service to its end. Raises STACK_START_FAILED with what it said when it fails. */
export async function runToEnd(
  service: string,
  stackFolder: string,
  command: string,
  args: readonly string[],
  options: { readonly account?: Account | undefined; readonly input?: string; readonly cwd?: string } = {},
): Promise<void> {
  const child = spawn(command, args, {
    cwd: options.cwd ?? stackFolder,
    ...(options.account ?? {}),
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  if (status === 0) return;
  const log = logOf(stackFolder, `${service}-setup`);
  appendFileSync(log, output);
  raise("STACK_START_FAILED", { service, reason: `${command} ended with ${status}`, log, tail: tailOf(output) });
}
