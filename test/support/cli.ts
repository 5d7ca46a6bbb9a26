import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The project's folder. */
export const root = join(import.meta.dirname, "../..");

/** How a command ended. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and how a command is run. */
export interface CliPlace {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `countercheck` with these arguments as a process of its own. */
export function countercheck(args: readonly string[], place: CliPlace = {}): Promise<CliResult> {
  return ended(startCountercheck(args, place));
}

/** Starts `countercheck` and leaves it running. */
export function startCountercheck(args: readonly string[], { cwd = root, env = {} }: CliPlace = {}): ChildProcess {
  const node = ["--disable-warning=ExperimentalWarning", join(root, "cli/main.ts")];
  const { NO_COLOR: _, FORCE_COLOR: __, DEBUG: ___, ...inherited } = process.env;
  return spawn(process.execPath, [...node, ...args], { cwd, env: { ...inherited, ...env } });
}

/** Waits for the end of a process. */
export function ended(child: ChildProcess): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    child.stdout?.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** A folder of its own, that is gone when it is disposed of. */
export class TemporaryFolder {
  readonly path = mkdtempSync(join(tmpdir(), "countercheck-cli-"));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
