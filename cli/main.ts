import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

endQuietlyWithoutReader();
// Halves the time to start; where the folder cannot be written, there is none.
enableCompileCache(fileURLToPath(new URL("../.countercheck/compile-cache", import.meta.url)));
const { runProgram } = await import("./program.ts");
await runProgram();

/** Whoever reads stdout may have seen enough, as in `| head`. */
function endQuietlyWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
      throw error;
    });
  }
}
