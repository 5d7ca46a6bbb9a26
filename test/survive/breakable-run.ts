import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// As the command does it: many processes start.
enableCompileCache(fileURLToPath(new URL("../../.countercheck/compile-cache", import.meta.url)));
const { Command } = await import("commander");
const { addRun } = await import("../../cli/commands/run.ts");
const { report } = await import("../../cli/errors.ts");
const { breakable } = await import("./hooks.ts");

const program = new Command();
addRun(program, { ...breakable(), entry: new URL("breakable-worker.ts", import.meta.url) });
process.stderr.write("begun\n");
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error, true);
}
