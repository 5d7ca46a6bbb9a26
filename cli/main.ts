import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

watchStandardOutput();
// Halves the time to start; where the folder cannot be written, there is none.
enableCompileCache(fileURLToPath(new URL("../.countercheck/compile-cache", import.meta.url)));
const { runProgram } = await import("./program.ts");
await runProgram();

/** Whoever reads stdout may have seen enough, as in `| head`; any other trouble with it is an error like others. */
function watchStandardOutput(): void {
  process.stderr.on("error", () => process.exit(1));
  process.stdout.on("error", async (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
    const { reportUnwritten } = await import("./errors.ts");
    process.exit(reportUnwritten("standard output", error));
  });
}
